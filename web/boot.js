// Starts the web app, and says so on the page and to the server when it does not start.
// Old browsers run this too: no syntax or function that came after ECMAScript 5.
(function () {
  "use strict";
  var boot = document.getElementById("boot");
  var reported = false;

  function report(kind) {
    if (reported) return;
    reported = true;
    try {
      if (sessionStorage.getItem("parlour.reported")) return;
      sessionStorage.setItem("parlour.reported", kind);
    } catch (error) {
      // Where the browser keeps nothing, each load of the page reports once.
    }
    var request = new XMLHttpRequest();
    request.open("POST", boot.getAttribute("data-report"));
    request.setRequestHeader("content-type", "application/json");
    request.send("{\"kind\":\"" + kind + "\"}");
  }

  function fail(kind) {
    // The web app takes the frame away when it starts: then its own notices hold.
    var frame = document.getElementById("frame");
    if (!frame) return;
    if (kind !== "too_slow") frame.className = "failed";
    report(kind);
  }

  if (!("noModule" in document.createElement("script"))) return fail("old_browser");
  if (typeof WebAssembly !== "object" || typeof WebAssembly.instantiate !== "function") return fail("no_webassembly");
  window.addEventListener("parlour:failed", function () { fail("webassembly_failed"); });
  // A script that was fetched and can't be read.
  window.addEventListener("error", function () { fail("script_failed"); });
  setTimeout(function () { fail("too_slow"); }, 30000);
  var start = document.createElement("script");
  start.type = "module";
  start.src = boot.getAttribute("data-start");
  start.onerror = function () { fail("script_failed"); };
  document.head.appendChild(start);
})();
