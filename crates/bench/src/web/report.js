// Returns the page's figures once it has been usable and idle for a second; null before that.
const seen = globalThis.__bench;
const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
const paint = performance.getEntriesByName("first-contentful-paint")[0];
if (!seen || seen.usable === null || !paint) return null;
const tti = Math.max(seen.usable, ...seen.tasks);
if (performance.now() - Math.max(tti, ...files.map((file) => file.responseEnd)) < 1000) return null;
return { bytes: files.reduce((sum, file) => sum + file.transferSize, 0), requests: files.length, fcp_ms: paint.startTime, tti_ms: tti };
