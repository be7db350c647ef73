//! `run` and `dev`: serve the demo school on this machine.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    api, dependencies,
    install::{self, Mode},
    paths::Paths,
    shell::{self, Running},
    web_app::{self, Build},
};

/// The sources of the demo school; a change of them resets the demo database.
const DEMO_SOURCES: &[&str] = &["api/demo", "api/src/demo", "api/src/demo.rs", "migrations/sqlite"];
/// The paths that `dev` watches for changes.
const WATCHED: &[&str] = &["api", "web", "crates", "migrations", "Cargo.toml", "Cargo.lock"];

/// The reaction to changes of the sources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// The running server stays unchanged.
    Ignore,
    /// Everything is built and started again.
    Follow,
}

/// Builds everything and serves it until Ctrl-C.
///
/// Server and web app are built without optimisation, since they serve one person
/// (docs/benchmarks.md, "From a clean clone").
///
/// # Errors
/// If a dependency is missing or the server exits; when changes are ignored, also if the build
/// fails.
pub fn run(paths: &Paths, mode: Mode, changes: Changes, port: u16) -> Result<()> {
    loop {
        let sources = || WATCHED.iter().map(|source| paths.root.join(source));
        let seen = web_app::content_hash(sources())?;
        let mut running = match start(paths, mode, port) {
            Ok(running) => Some(running),
            Err(error) if changes == Changes::Follow => {
                shell::check_interrupted()?;
                eprintln!("error: {error:#}\nWaiting for a change.");
                None
            }
            Err(error) => return Err(error),
        };
        if changes == Changes::Ignore {
            return wait(running.as_mut());
        }
        while web_app::content_hash(sources())? == seen {
            shell::check_interrupted()?;
            thread::sleep(Duration::from_millis(500));
        }
        println!("Something changed.");
    }
}

/// Builds and starts the server with the demo school. Dependencies are installed first, so that a
/// missing one is reported before the build.
fn start(paths: &Paths, mode: Mode, port: u16) -> Result<Running> {
    install::all(paths, mode, &[dependencies::SERVER, dependencies::QUICK_CLIENT].concat())?;
    let began = Instant::now();
    let tell = |step: &str| {
        let seconds = began.elapsed().as_secs();
        println!("\n== {step} (after {}:{:02})", seconds / 60, seconds % 60);
    };
    tell("1 of 3: the web app");
    web_app::build(paths, mode, Build::Dev)?;
    tell("2 of 3: the server");
    let server = api::build(paths, mode, "dev")?;
    tell("3 of 3: the demo school");
    let database = paths.demo_database();
    load_demo_if_old(paths, &server, &database)?;
    let mut serve = api::demo(paths, &server, &database);
    serve.arg("serve").env("PARLOUR_LISTEN", format!("127.0.0.1:{port}"));
    Running::start(&mut serve)
}

fn wait(running: Option<&mut Running>) -> Result<()> {
    match running.map(Running::wait).transpose()? {
        Some(status) if !status.success() => anyhow::bail!(
            "the server ended ({status}); if its port is taken, choose another: cargo xtask run \
             --port 8081"
        ),
        _ => Ok(()),
    }
}

fn load_demo_if_old(paths: &Paths, server: &Path, database: &Path) -> Result<()> {
    let sources = DEMO_SOURCES.iter().map(|source| paths.root.join(source));
    let hash = format!("{:016x}", web_app::content_hash(sources)?);
    let stamp = database.with_extension("stamp");
    if database.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == hash) {
        return Ok(());
    }
    println!("Loading the demo school.");
    api::load_demo(paths, server, database)?;
    Ok(fs::write(stamp, hash)?)
}
