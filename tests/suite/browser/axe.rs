//! Automated check of a page against WCAG 2.2 AA by axe-core.

use super::driver::Browser;

const RUN: &str = "const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', \
                   'best-practice'] })
  .then(found => done(found.violations.map(one => `${one.id}: ${one.help}: ${one.nodes.map(node => \
                   node.html).join(' | ')}`)))
  .catch(error => done([String(error)]));";

/// Panics with axe-core's findings, if there are any.
pub async fn assert_no_violations(browser: &Browser, page: &str) {
    let file = std::env::var("PARLOUR_AXE")
        .expect("PARLOUR_AXE names axe.min.js; `cargo xtask test` sets it");
    let axe = std::fs::read_to_string(&file).expect("axe.min.js can be read");
    browser.run(&axe).await;
    let found = browser.run_async(RUN).await;
    assert_eq!(found, serde_json::json!([]), "axe-core on {page}");
}
