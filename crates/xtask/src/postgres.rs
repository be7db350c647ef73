//! Temporary PostgreSQL server for a test run or a benchmark.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::{
    api, install,
    shell::{self, Running},
};

/// True if committed data survives a crash of the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does not, which makes the server faster.
    None,
    /// It does: PostgreSQL's default settings.
    AsInProduction,
}

/// A running server; dropping it stops it and removes its folder.
pub struct Postgres {
    // The fields are dropped in this order: the server stops before its folder is removed.
    _running: Running,
    _folder: TempFolder,
    port: u16,
    programs: PathBuf,
}

/// A temporary folder that is removed on drop.
pub struct TempFolder(pub PathBuf);

impl TempFolder {
    /// Creates a folder in the system's temporary folder.
    ///
    /// # Errors
    /// If it can't be created.
    pub fn new(name: &str) -> Result<Self> {
        let path = env::temp_dir().join(format!("parlour-{name}-{}", process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The user and group that PostgreSQL runs as, since it refuses to run as root.
type Owner = Option<(u32, u32)>;

impl Postgres {
    /// Starts a new server on a free port.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub fn start(durability: Durability) -> Result<Self> {
        let server = install::find_path("/usr/lib/postgresql/*/bin/postgres");
        let server = server.context("PostgreSQL is missing: apt-get install postgresql")?;
        let owner = owner()?;
        let folder = TempFolder::new("postgres")?;
        if let Some((user, group)) = owner {
            chown(&folder.0, Some(user), Some(group))?;
        }
        let data = folder.0.join("data");
        let port = api::free_port()?;

        let mut initdb = command(&server.with_file_name("initdb"), owner, &folder.0);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
        initdb.args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"]);
        shell::run(initdb.arg("--pgdata").arg(&data))?;

        let mut postgres = command(&server, owner, &folder.0);
        postgres.arg("-D").arg(&data).arg("-k").arg(&folder.0);
        postgres.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        let quick = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
        let quick = quick.iter().filter(|_| durability == Durability::None);
        for setting in quick.chain(&[
            "max_connections=300",
            "log_min_messages=fatal",
            "log_min_error_statement=fatal",
        ]) {
            postgres.args(["-c", setting]);
        }
        // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for the clients.
        let mut running = Running::start(&mut postgres)?.end_with(Signal::SIGINT);
        api::wait_for_port(port, &mut running).context("PostgreSQL did not start")?;
        let programs = server.parent().context("PostgreSQL lies nowhere")?.to_owned();
        Ok(Self { _running: running, _folder: folder, port, programs })
    }

    /// Creates a database: an empty one, or a copy of a database that has no connections.
    ///
    /// # Errors
    /// If PostgreSQL refuses.
    pub fn create(&self, name: &str, like: Option<&str>) -> Result<()> {
        let mut createdb = Command::new(self.programs.join("createdb"));
        createdb.args([
            "--host=127.0.0.1",
            "--username=postgres",
            &format!("--port={}", self.port),
        ]);
        if let Some(like) = like {
            createdb.arg(format!("--template={like}"));
        }
        shell::run(createdb.arg(name))
    }

    /// The URL of the default database.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of the database with this name.
    pub fn url_of(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

fn command(program: &Path, owner: Owner, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// For root, the user `postgres` that the Debian package creates; otherwise `None`.
fn owner() -> Result<Owner> {
    if !nix::unistd::Uid::effective().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let line = line.context("there is no user postgres: apt-get install postgresql")?;
    let mut fields = line.split(':').skip(2).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => anyhow::bail!("cannot read the user postgres from /etc/passwd"),
    }
}
