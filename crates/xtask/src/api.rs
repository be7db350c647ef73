//! The server binary: building it, and running it on a database of its own.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    dependencies,
    install::{self, Mode},
    paths::Paths,
    shell::{self, Running},
};

/// The time limit for the server's start.
const START: Duration = Duration::from_secs(30);

/// Builds the server with a cargo profile and returns the path of the binary.
///
/// # Errors
/// If a dependency is missing or the build fails.
pub fn build(paths: &Paths, mode: Mode, profile: &str) -> Result<PathBuf> {
    install::all(paths, mode, dependencies::SERVER)?;
    let mut cargo = paths.cargo();
    cargo.args(["build", "--profile", profile, "--package", "parlour-api"]);
    shell::run(cargo.args(["--bin", "parlour"]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(paths.target.join(folder).join("parlour"))
}

/// A command that runs the server binary in demo mode on `database`.
pub fn demo(paths: &Paths, server: &Path, database: &Path) -> Command {
    let mut command = paths.command(server);
    command
        .env("PARLOUR_MODE", "demo")
        .env("DATABASE_URL", format!("sqlite://{}", database.display()))
        .envs(paths.web_app_env());
    command
}

/// Resets `database` to the demo school.
///
/// # Errors
/// If the server binary fails.
pub fn load_demo(paths: &Paths, server: &Path, database: &Path) -> Result<()> {
    let folder = database.parent().context("a database without a folder")?;
    fs::create_dir_all(folder)?;
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", database.display());
        if Path::new(&file).exists() {
            fs::remove_file(&file).with_context(|| format!("cannot replace {file}"))?;
        }
    }
    shell::run(demo(paths, server, database).args(["demo", "load"]))
}

/// Resets `database` to the demo school and serves it on a free port.
///
/// # Errors
/// If the demo school can't be loaded, or the server does not start.
pub fn serve_demo(paths: &Paths, server: &Path, database: &Path) -> Result<(Running, u16)> {
    load_demo(paths, server, database)?;
    let port = free_port()?;
    let mut serve = demo(paths, server, database);
    // A log line for each of many thousand requests would bury the output of the checks.
    serve
        .arg("serve")
        .env("PARLOUR_LISTEN", format!("127.0.0.1:{port}"))
        .env("PARLOUR_LOG", "warn");
    let mut running = Running::start(&mut serve)?;
    wait_for_port(port, &mut running).context("the server did not start")?;
    Ok((running, port))
}

/// A free port of this machine.
///
/// # Errors
/// If no port is free.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Waits until something listens on `port`.
///
/// # Errors
/// If `running` exits first, or takes too long.
pub fn wait_for_port(port: u16, running: &mut Running) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let started_at = Instant::now();
    while TcpStream::connect(address).is_err() {
        shell::check_interrupted()?;
        if let Some(status) = running.try_wait()? {
            bail!("it ended before it answered ({status}); what it printed above says why");
        }
        if started_at.elapsed() > START {
            bail!("it did not answer on {address} within {} s", START.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
