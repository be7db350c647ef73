// Answers once so many others are seen and heard: so many more frames of each living connection are decoded, as many are shown in the page, its sound is played there and is no silence.
const [others, frames, done] = arguments;
const living = () => globalThis.__connections.filter((one) => one.connectionState === "connected");
const stats = async (one) => {
  const seen = { decoded: 0 };
  for (const entry of (await one.getStats()).values()) {
    if (entry.type === "inbound-rtp" && entry.kind === "video") seen.decoded += entry.framesDecoded ?? 0;
  }
  return seen;
};
// The elements of the page that play something from another.
const incoming = () => new Set(living().flatMap((one) => one.getReceivers()).map((one) => one.track));
const playing = (selector) => {
  const tracks = incoming();
  return [...document.querySelectorAll(selector)].filter((one) => !one.paused && one.srcObject?.getTracks().some((track) => tracks.has(track)));
};
const videos = () => playing("video");
const voices = () => playing("audio");
const heard = async (connection) => {
  const tracks = connection.getReceivers().map((one) => one.track).filter((track) => track.kind === "audio");
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream(tracks)).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return new Promise((resolve) => {
    const listen = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > 0.01)) {
        clearInterval(listen);
        context.close();
        resolve(true);
      }
    }, 20);
  });
};
const shown = (video) =>
  new Promise((resolve) => {
    let count = 0;
    const next = () => (++count >= frames ? resolve(count) : video.requestVideoFrameCallback(next));
    video.requestVideoFrameCallback(next);
  });
const rising = async (connection) => {
  const before = (await stats(connection)).decoded;
  for (;;) {
    const now = (await stats(connection)).decoded;
    if (now - before >= frames) return now - before;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const until = async (look) => {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 50));
};
(async () => {
  await until(() => living().length === others && videos().length === others && voices().length === others);
  const decoded = await Promise.all(living().map(rising));
  const frames_shown = await Promise.all(videos().map(shown));
  const audible = await Promise.all(living().map(heard));
  done({ decoded, frames_shown, audible });
})();
