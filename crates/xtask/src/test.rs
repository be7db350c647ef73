//! `test`: the checks, then the API tests on both databases and the browser tests, then a short
//! fuzz.

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

/// The number of requests for each operation in the short fuzz.
const FUZZ_EXAMPLES: u16 = 5;
/// The tests of calls.
const CALLS: &str = "browser::calls::";

/// Runs the browser tests on SQLite, with mail through a real SMTP server, and with calls between
/// browsers.
///
/// # Errors
/// If a dependency is missing or a test fails.
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

/// The call tests, run one at a time and with no other load: up to five browsers send and show
/// video at once.
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

/// Runs everything and prints one line with the counts at the end.
///
/// # Errors
/// If a dependency is missing, a step or a test fails, or on Ctrl-C.
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
    // The web app is built first, so that a broken one is known before the long tests begin.
    outcome.step("Client, before all else", || web_app::build(paths, mode, Build::Release))?;
    if !outcome.broken.is_empty() {
        return outcome.conclude();
    }
    check::run(paths, mode, &mut outcome)?;

    for (name, database) in [("SQLite", "sqlite"), ("PostgreSQL", &postgres.url())] {
        let mut cargo = paths.cargo();
        cargo
            .args(["test", "--package", "parlour-tests", "--no-fail-fast"])
            // Browser tests do not depend on the database, so one run is enough.
            .args(["--", "--skip", "browser::"])
            .env("PARLOUR_TEST_DATABASE", database);
        outcome.tests(&format!("Tests on {name}"), &mut cargo)?;
    }
    outcome.tests("Journeys in a browser", &mut browser_tests(paths))?;
    outcome.step("A generated client", || generated::run(paths, mode))?;
    outcome.step("Fuzz", || fuzz::run(paths, mode, FUZZ_EXAMPLES))?;
    // The call tests come last, with no other load.
    outcome.tests("Calls in browsers", &mut call_tests(paths))?;
    drop(postgres);

    let verdict = outcome.conclude();
    if let Err(error) = &verdict {
        eprintln!("\nerror: {error:#}");
    }
    // A failed step without tests counts as one failed test, so that the line never hides it.
    let failed = outcome.failed.max(outcome.broken.len() as u64);
    println!("\n{} passed, {failed} failed", outcome.passed);
    if verdict.is_err() {
        bail!("see above");
    }
    Ok(())
}
