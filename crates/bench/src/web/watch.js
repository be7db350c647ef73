// Runs before the page's own scripts: records when the page becomes usable, and each task that blocks the main thread for more than 50 ms.
(() => {
  const seen = (globalThis.__bench = { usable: null, tasks: [] });
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.tasks.push(task.startTime + task.duration);
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (seen.usable === null && NEEDED.every((selector) => document.querySelector(selector))) seen.usable = performance.now();
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
})();
