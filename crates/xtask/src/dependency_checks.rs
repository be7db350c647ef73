//! Dependencies under `deny.toml` (licences, bans, sources), and those that nothing uses.

use anyhow::Result;

use crate::{
    dependencies::{CARGO_DENY, CARGO_SHEAR, Package},
    paths::Paths,
    shell,
};

/// Checks the graph of crates against `deny.toml`. Advisories are left out: their database is on
/// the internet alone.
///
/// # Errors
/// When a licence, a crate or a registry is not allowed there.
pub fn deny(paths: &Paths) -> Result<()> {
    let mut deny = program(paths, CARGO_DENY, "cargo-deny");
    deny.args(["--log-level", "warn", "--all-features", "check", "--hide-inclusion-graph"]);
    shell::run(deny.args(["licenses", "bans", "sources"]))
}

/// Looks for dependencies that no source file names.
///
/// # Errors
/// When there is one. One that is there for its features alone is named in its `Cargo.toml`, below
/// `package.metadata.cargo-shear`.
pub fn unused(paths: &Paths) -> Result<()> {
    shell::run(program(paths, CARGO_SHEAR, "cargo-shear").arg("--locked"))
}

fn program(paths: &Paths, package: Package, name: &str) -> std::process::Command {
    paths.command(package.folder(paths).join("bin").join(name))
}
