//! `run` and `dev`: the demo school on this machine.

use std::{fs, path::Path, thread, time::Duration};

use anyhow::Result;

use crate::{
    api,
    client::{self, Build},
    install::Mode,
    paths::Paths,
    shell::{self, Running},
};

/// What the demo school is made of: when it changes, the demo database is filled anew.
const DEMO_SOURCES: &[&str] = &["api/demo", "api/src/demo", "api/src/demo.rs", "migrations/sqlite"];
/// What `dev` looks at for changes.
const WATCHED: &[&str] = &["api", "web", "crates", "migrations", "Cargo.toml", "Cargo.lock"];

/// Builds everything and serves it until Ctrl-C; a quick build is made anew after each change.
///
/// # Errors
/// When something is missing, does not compile, or the server ends.
pub fn run(paths: &Paths, mode: Mode, build: Build, port: u16) -> Result<()> {
    loop {
        let sources = || WATCHED.iter().map(|source| paths.root.join(source));
        let seen = client::content_hash(sources())?;
        let mut running = match start(paths, mode, build, port) {
            Ok(running) => Some(running),
            Err(error) if build == Build::Dev => {
                shell::go_on()?;
                eprintln!("error: {error:#}\nWaiting for a change.");
                None
            }
            Err(error) => return Err(error),
        };
        if build == Build::Release {
            return wait(running.as_mut());
        }
        while client::content_hash(sources())? == seen {
            shell::go_on()?;
            thread::sleep(Duration::from_millis(500));
        }
        println!("Something changed.");
    }
}

fn start(paths: &Paths, mode: Mode, build: Build, port: u16) -> Result<Running> {
    client::build(paths, mode, build)?;
    let profile = if build == Build::Release { "release" } else { "dev" };
    let server = api::build(paths, mode, profile)?;
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
    let hash = format!("{:016x}", client::content_hash(sources)?);
    let stamp = database.with_extension("stamp");
    if database.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == hash) {
        return Ok(());
    }
    println!("Loading the demo school.");
    api::load_demo(paths, server, database)?;
    Ok(fs::write(stamp, hash)?)
}
