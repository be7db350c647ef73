//! Rules for forbidden crates in a package's dependency graph, and for names of migrations.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{paths::Paths, shell};

/// A package, additional arguments of `cargo tree`, and the name families of crates that its graph
/// must not contain.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str]);

const RULES: &[Rule] = &[
    (
        "parlour-web",
        &["--target", "wasm32-unknown-unknown"],
        &[
            "regex",
            "validator",
            "jsonwebtoken",
            "diesel",
            "actix",
            "reqwest",
            "tokio",
            "idna",
            "tld",
        ],
    ),
    ("parlour-domain", &[], &["serde", "diesel", "actix"]),
    ("parlour-web-logic", &[], &["leptos", "web-sys", "js-sys", "wasm-bindgen"]),
    ("parlour-api", &[], &["openssl-sys", "aws-lc-sys"]),
];

/// Crates that depend on forbidden ones but never call them in our build, so that the linker drops
/// the code.
const ALLOWED_TRANSITIVE: &[&str] = &[
    // Its regex reads Cargo.toml on a server; the web app does not call that code.
    "leptos_config",
    // Its idna parses host names in URLs, which the web app leaves to the browser.
    "url",
];

/// Checks the dependency graph of each package that has a rule.
///
/// # Errors
/// If the graph contains a forbidden crate; the error shows the path to it.
pub fn check_forbidden_crates(paths: &Paths) -> Result<()> {
    for (package, words, forbidden) in RULES {
        let tree = |more: &[&str]| {
            let mut cargo = paths.cargo();
            cargo.args([
                "tree",
                "--quiet",
                "--package",
                package,
                "--edges",
                "normal,no-proc-macro",
            ]);
            shell::output(cargo.args(*words).args(more))
        };
        let all = tree(&["--prefix", "none", "--format", "{p}"])?;
        let all: BTreeSet<&str> = all.lines().filter_map(|line| line.split(' ').next()).collect();
        for name in all {
            let Some(family) = forbidden.iter().find(|family| is_in_family(name, family)) else {
                continue;
            };
            let users =
                tree(&["--invert", name, "--depth", "1", "--prefix", "none", "--format", "{p}"])?;
            let mut users = users.lines().skip(1).filter_map(|line| line.split(' ').next());
            if !users.all(|user| ALLOWED_TRANSITIVE.contains(&user) || is_in_family(user, family)) {
                let way = tree(&["--invert", name])?;
                bail!("{package} may not depend on {family}, and does:\n{way}");
            }
        }
    }
    Ok(())
}

/// Returns whether a crate belongs to a family: `regex-lite` and `regex` belong to `regex`,
/// `regexless` does not.
fn is_in_family(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// Compares the names of migrations between the databases.
///
/// # Errors
/// If one database lacks a migration of the other.
pub fn check_migration_names(paths: &Paths) -> Result<()> {
    let sqlite = names(&paths.root.join("migrations/sqlite"))?;
    let postgres = names(&paths.root.join("migrations/postgres"))?;
    let differing: Vec<_> = sqlite.symmetric_difference(&postgres).cloned().collect();
    if !differing.is_empty() {
        bail!("only in one of migrations/sqlite and migrations/postgres: {}", differing.join(", "));
    }
    Ok(())
}

fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_family_matches_name_with_or_without_suffix() {
        assert!(is_in_family("actix-web", "actix"));
        assert!(is_in_family("serde_core", "serde"));
        assert!(is_in_family("tokio", "tokio"));
        assert!(!is_in_family("tokioless", "tokio"));
    }
}
