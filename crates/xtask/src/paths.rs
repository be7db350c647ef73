//! Paths of a checkout and of its build output: the only module that knows `CARGO_TARGET_DIR`.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// The folders of one checkout.
pub struct Paths {
    /// The root of the checkout.
    pub root: PathBuf,
    /// cargo's target folder for this machine.
    pub target: PathBuf,
}

impl Paths {
    /// Finds the checkout from which this tool was started.
    ///
    /// # Errors
    /// If cargo did not start this tool.
    pub fn find() -> Result<Self> {
        let own = env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask …`")?;
        let root = Path::new(&own).join("../..");
        let root = root.canonicalize().with_context(|| format!("{} is gone", root.display()))?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => root.join(target),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// cargo's target folder for WASM, which has linker flags of its own.
    pub fn wasm_target(&self) -> PathBuf {
        let mut name = self.target.file_name().map_or_else(OsString::new, Into::into);
        name.push("-wasm");
        self.target.with_file_name(name)
    }

    /// The web app's files for serving.
    pub fn web_app(&self) -> PathBuf {
        self.target.join("client")
    }

    /// The tools that this program installs from npm and PyPI, in one folder each.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The demo school's database.
    pub fn demo_database(&self) -> PathBuf {
        self.target.join("demo/parlour.db")
    }

    /// The environment variable that tells tests and benchmarks the path of the web app.
    pub fn web_app_env(&self) -> [(&'static str, PathBuf); 1] {
        [("PARLOUR_CLIENT_DIR", self.web_app())]
    }

    /// A cargo command in the checkout, with the same target folder.
    pub fn cargo(&self) -> Command {
        let mut cargo = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.env("CARGO_TARGET_DIR", &self.target);
        cargo
    }

    /// Any other command in the checkout.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }
}
