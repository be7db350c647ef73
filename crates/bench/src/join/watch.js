// Runs before the page's own scripts: clicks Join, and records when the video of other participants moves.
(() => {
  const remote = new Set();
  const counted = new WeakSet();
  let first = null;
  let shown = 0;
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => track.kind === "video" && remote.add(track));
    }
  };
  const look = () => {
    for (const video of document.querySelectorAll("video")) {
      const tracks = video.srcObject?.getVideoTracks() ?? [];
      if (counted.has(video) || !tracks.some((track) => remote.has(track))) continue;
      counted.add(video);
      video.requestVideoFrameCallback((now) => {
        first ??= now;
        shown += 1;
      });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  const button = (name = "Join the call") => [...document.querySelectorAll("button")].find((one) => one.textContent.trim() === name);
  const until = async (holds, what) => {
    const end = performance.now() + 25000;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`it did not come: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  };
  globalThis.until = until;
  globalThis.watched = {
    // Whether the camera runs and the Join button exists.
    ready: () => button() && [...document.querySelectorAll("video")].some((one) => one.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA),
    // The number of other participants whose video is shown.
    shown: () => shown,
    // Clicks Join, waits until all `others` are shown, and returns the milliseconds until the first one was.
    join: async (others) => {
      const pressed = performance.now();
      button().click();
      await until(() => shown === others, "the others");
      return others > 0 ? first - pressed : null;
    },
    // Leaves the call; the baseline page has no Leave button and is left by closing it.
    leave: async () => {
      button("Leave")?.click();
      return until(() => !button("Leave"), "the end");
    },
  };
})();
