// A page as Chrome translates it: each text is replaced by a font element, also one that comes later. `stale()` lists the texts that the page then still
// wrote into, or took away from, the nodes that are no longer shown.
(() => {
  const shown = new Map();
  const faults = [];
  const isLeft = (text) => {
    const parent = text.parentElement;
    return !parent || !text.data.trim() || parent.closest("font, script, style, noscript, title, textarea, option, [translate=no]");
  };
  const wrap = (text) => {
    if (isLeft(text)) return;
    const outer = document.createElement("font");
    const inner = document.createElement("font");
    inner.textContent = text.data;
    outer.append(inner);
    text.replaceWith(outer);
    shown.set(text, outer);
  };
  const texts = (root) => {
    const found = [];
    if (root.nodeType === Node.TEXT_NODE) return [root];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === "characterData") wrap(record.target);
      for (const node of record.addedNodes) texts(node).forEach(wrap);
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
  const fault = (text, what) => shown.has(text) && faults.push({ font: shown.get(text), what: `${what} (${text.data})` });
  const { get, set } = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue");
  Object.defineProperty(Node.prototype, "nodeValue", {
    get,
    set(value) {
      if (value !== this.data) fault(this, `changed to ${value}`);
      set.call(this, value);
    },
  });
  const { remove } = CharacterData.prototype;
  CharacterData.prototype.remove = function () {
    fault(this, "taken away");
    remove.call(this);
  };
  window.stale = () => faults.filter(({ font }) => font.isConnected).map(({ what }) => what);
  window.isTranslated = () => document.querySelectorAll("font").length > 0;
})();
