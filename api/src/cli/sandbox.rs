//! `parlour sandbox`: serves a new school for vendors to test against, with one command and no
//! settings.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::config::Config;

/// Arguments of `parlour sandbox`.
#[derive(clap::Args, Debug)]
pub struct SandboxArguments {
    /// The port on this machine.
    #[arg(long, default_value_t = 8090)]
    pub port: u16,
    /// Keep the school in this file; without one it is gone when the sandbox ends.
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Begin anew with what is in the file.
    #[arg(long, requires = "database")]
    pub reset: bool,
}

/// The settings of a sandbox, and its temporary folder, which is deleted when this value is
/// dropped.
pub(super) struct Sandbox {
    pub(super) config: Config,
    pub(super) reset: bool,
    _folder: Option<TempDir>,
}

impl Sandbox {
    /// Of the environment it reads only `PARLOUR_CLIENT_DIR`.
    ///
    /// # Errors
    /// Fails if the folder of the database can't be created, or the settings are invalid.
    pub(super) fn new(arguments: SandboxArguments) -> anyhow::Result<Self> {
        let (folder, database) = match arguments.database {
            Some(file) => {
                if let Some(parent) = file.parent().filter(|parent| !parent.as_os_str().is_empty())
                {
                    fs::create_dir_all(parent)
                        .with_context(|| format!("--database: can't make {}", parent.display()))?;
                }
                (None, file)
            }
            None => {
                let folder = TempDir::new().context("no temporary folder for the sandbox")?;
                let file = folder.path().join("sandbox.db");
                (Some(folder), file)
            }
        };
        let mut values: BTreeMap<String, String> = [
            ("PARLOUR_MODE", "sandbox".to_owned()),
            ("PARLOUR_LISTEN", format!("127.0.0.1:{}", arguments.port)),
            ("DATABASE_URL", format!("sqlite://{}", database.display())),
            // Vendors who try out webhooks receive them on the same machine.
            ("PARLOUR_WEBHOOKS_PRIVATE", "allow".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Ok(files) = env::var("PARLOUR_CLIENT_DIR") {
            values.insert("PARLOUR_CLIENT_DIR".to_owned(), files);
        }
        Ok(Self { config: Config::from_values(&values)?, reset: arguments.reset, _folder: folder })
    }
}
