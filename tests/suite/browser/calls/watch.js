// Runs in the page before anything of it: keeps the connections and sockets that the page makes, so that a test can look at them and cut them.
(() => {
  globalThis.__connections = [];
  globalThis.__sockets = [];
  const keep = (name, kept) => {
    const Native = globalThis[name];
    globalThis[name] = class extends Native {
      constructor(...given) {
        super(...given);
        kept.push(this);
      }
    };
  };
  keep("RTCPeerConnection", globalThis.__connections);
  keep("WebSocket", globalThis.__sockets);
})();
