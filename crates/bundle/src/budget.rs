//! What the client weighs, from its `sizes.json`, held against a limit.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Prints the weight of each file and compares the first load after brotli with `limit` bytes.
///
/// # Errors
/// When it is over the limit, or there is no shipped client in `out`.
pub fn hold(out: &Path, limit: u64) -> Result<()> {
    let path = out.join("sizes.json");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}: run `cargo xtask client`", path.display()))?;
    let sizes: Value = serde_json::from_str(&text)?;
    if sizes["profile"] != "release" {
        bail!("this client was built to work on: run `cargo xtask client` without --dev");
    }
    println!("{:>9} {:>9}  file (* not in the first load)", "raw", "brotli");
    for row in sizes["files"].as_array().into_iter().flatten() {
        let mark = if row["first_load"] == true { ' ' } else { '*' };
        let name = row["name"].as_str().unwrap_or_default();
        println!("{:>9} {:>9} {mark}{name}", number(row, "raw"), number(row, "br"));
    }
    let first = &sizes["first_load"];
    println!("{:>9} {:>9}  first load, limit {limit}", number(first, "raw"), number(first, "br"));
    let weight = first["br"].as_u64().context("sizes.json has no first load")?;
    if weight >= limit {
        bail!("the first load is {} bytes over its limit: make a page lazy or drop a dependency", weight - limit);
    }
    Ok(())
}

fn number(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or_default()
}
