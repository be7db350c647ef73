//! Size check of the web app, from its `sizes.json`, against a limit.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Prints the size of each file and compares the brotli size of each page with `limit` bytes.
///
/// # Errors
/// If a page exceeds the limit, or `out` contains no release build of the web app.
pub fn check(out: &Path, limit: u64) -> Result<()> {
    let path = out.join("sizes.json");
    let text = fs::read_to_string(&path)
        .with_context(|| format!("no {}: run `cargo xtask client`", path.display()))?;
    let sizes: Value = serde_json::from_str(&text)?;
    if sizes["profile"] != "release" {
        bail!("this web app was built to work on: run `cargo xtask client` without --dev");
    }
    println!("{:>9} {:>9}  file (* not in the first load)", "raw", "brotli");
    for row in sizes["files"].as_array().into_iter().flatten() {
        let mark = if row["first_load"] == true { ' ' } else { '*' };
        let name = row["name"].as_str().unwrap_or_default();
        println!("{:>9} {:>9} {mark}{name}", number(row, "raw"), number(row, "br"));
    }
    let pages = sizes["pages"]
        .as_array()
        .filter(|pages| !pages.is_empty())
        .context("sizes.json has no pages")?;
    let mut heavy = Vec::new();
    for page in pages {
        let (name, weight) = (page["name"].as_str().unwrap_or_default(), number(page, "br"));
        let parts: Vec<&Value> = page["parts"].as_array().into_iter().flatten().collect();
        println!(
            "{:>9} {weight:>9}  {name}: the first load and {} lazy parts, limit {limit}",
            number(page, "raw"),
            parts.len()
        );
        if weight == 0 || weight >= limit {
            heavy.push(format!("{name} weighs {weight} bytes, the limit is {limit}"));
        }
    }
    if !heavy.is_empty() {
        bail!("{}: make a piece lazy or drop a dependency", heavy.join("; "));
    }
    Ok(())
}

fn number(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or_default()
}
