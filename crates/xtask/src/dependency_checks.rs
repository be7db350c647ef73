//! Checks of dependencies: licences, bans and sources by `deny.toml`, and unused ones.

use anyhow::Result;

use crate::{
    dependencies::{CARGO_DENY, CARGO_SHEAR, Package},
    paths::Paths,
    shell,
};

/// Checks the crate graph against `deny.toml`. Advisories are excluded because their database is
/// only on the internet.
///
/// # Errors
/// If `deny.toml` does not allow a licence, a crate or a registry.
pub fn deny(paths: &Paths) -> Result<()> {
    let mut deny = program(paths, CARGO_DENY, "cargo-deny");
    deny.args(["--log-level", "warn", "--all-features", "check", "--hide-inclusion-graph"]);
    shell::run(deny.args(["licenses", "bans", "sources"]))
}

/// Finds dependencies that no source file uses.
///
/// # Errors
/// If there is one. A dependency that only enables features is listed in its `Cargo.toml`, under
/// `package.metadata.cargo-shear`.
pub fn unused(paths: &Paths) -> Result<()> {
    shell::run(program(paths, CARGO_SHEAR, "cargo-shear").arg("--locked"))
}

fn program(paths: &Paths, package: Package, name: &str) -> std::process::Command {
    paths.command(package.folder(paths).join("bin").join(name))
}
