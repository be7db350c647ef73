//! `test`: the checks, then the tests from outside on both databases, then a short fuzz.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    check::{self, Outcome},
    dependencies, fuzz, generated,
    install::{self, Mode},
    paths::Paths,
    postgres::{Durability, Postgres},
    shell,
    web_app::{self, Build},
};

/// Requests for each operation in the short fuzz.
const FUZZ_EXAMPLES: u16 = 5;
/// The tests of calls.
const CALLS: &str = "browser::calls::";

/// Walks the journeys in a browser, on SQLite, with mail through a real SMTP server, and holds
/// calls between browsers.
///
/// # Errors
/// When anything is missing or a step of a journey fails.
pub fn browser(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(
        paths,
        mode,
        &[
            dependencies::SERVER,
            dependencies::WEB_APP,
            dependencies::BROWSER,
            dependencies::SERVICES,
        ]
        .concat(),
    )?;
    web_app::build(paths, mode, Build::Release)?;
    shell::run(&mut browser_tests(paths))?;
    shell::run(&mut call_tests(paths))
}

fn browser_tests(paths: &Paths) -> Command {
    let mut cargo = browser_test_command(paths);
    cargo.args(["browser::", "--", "--skip", CALLS]);
    cargo
}

/// Calls, one at a time and with nothing beside them: up to five browsers send and show each other
/// pictures.
fn call_tests(paths: &Paths) -> Command {
    let mut cargo = browser_test_command(paths);
    cargo.args([CALLS, "--", "--test-threads=1"]);
    cargo
}

fn browser_test_command(paths: &Paths) -> Command {
    let mut cargo = paths.cargo();
    cargo
        .args(["test", "--package", "parlour-tests", "--no-fail-fast"])
        .env("PARLOUR_CHROMEDRIVER", "/usr/bin/chromedriver")
        .env("PARLOUR_AXE", dependencies::AXE.npm_files(paths).join("axe.min.js"))
        .envs(paths.web_app_env());
    cargo
}

/// Runs everything and ends with one line that counts.
///
/// # Errors
/// When anything is missing, broken or failed, or on Ctrl-C.
pub fn run(paths: &Paths, mode: Mode) -> Result<()> {
    let needs = [
        dependencies::SERVER,
        dependencies::WEB_APP,
        dependencies::CONTRACT,
        dependencies::BROWSER,
        dependencies::SERVICES,
        dependencies::FUZZER,
        dependencies::GENERATOR,
    ];
    install::all(paths, mode, &needs.concat())?;
    let postgres = Postgres::start(Durability::None)?;
    let mut outcome = Outcome::default();
    // First, so that a broken client is known before the long tests begin.
    outcome.step("Client, before all else", || web_app::build(paths, mode, Build::Release))?;
    if !outcome.broken.is_empty() {
        return outcome.conclude();
    }
    check::run(paths, mode, &mut outcome)?;

    for (name, database) in [("SQLite", "sqlite"), ("PostgreSQL", &postgres.url())] {
        let mut cargo = paths.cargo();
        cargo
            .args(["test", "--package", "parlour-tests", "--no-fail-fast"])
            // What a browser shows does not depend on the database: once is enough.
            .args(["--", "--skip", "browser::"])
            .env("PARLOUR_TEST_DATABASE", database);
        outcome.tests(&format!("Tests on {name}"), &mut cargo)?;
    }
    outcome.tests("Journeys in a browser", &mut browser_tests(paths))?;
    outcome.step("A generated client", || generated::run(paths, mode))?;
    outcome.step("Fuzz", || fuzz::run(paths, mode, FUZZ_EXAMPLES))?;
    // Last, with nothing beside them.
    outcome.tests("Calls in browsers", &mut call_tests(paths))?;
    drop(postgres);

    let verdict = outcome.conclude();
    if let Err(error) = &verdict {
        eprintln!("\nerror: {error:#}");
    }
    // A broken step that is no test counts as one, so that the line never looks better than it is.
    let failed = outcome.failed.max(outcome.broken.len() as u64);
    println!("\n{} passed, {failed} failed", outcome.passed);
    if verdict.is_err() {
        bail!("see above");
    }
    Ok(())
}
