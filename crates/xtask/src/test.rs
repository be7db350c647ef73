//! `test`: the checks, then the tests from outside on both databases, then a short fuzz.

use anyhow::{Result, bail};

use crate::{
    check,
    client::{self, Build},
    fuzz,
    install::{self, Mode},
    needs,
    paths::Paths,
    postgres::Postgres,
};

/// Requests for each operation in the short fuzz.
const FUZZ_EXAMPLES: u16 = 5;

/// Runs everything and ends with one line that counts.
///
/// # Errors
/// When anything is missing, broken or failed, or on Ctrl-C.
pub fn run(paths: &Paths, mode: Mode) -> Result<()> {
    let needs = [needs::SERVER, needs::CLIENT, needs::CONTRACT, needs::BROWSER, needs::SERVICES, needs::FUZZER];
    install::all(paths, mode, &needs.concat())?;
    let postgres = Postgres::start()?;
    // First, so that a broken client is known before the long tests begin.
    client::build(paths, mode, Build::Release)?;
    let mut outcome = check::run(paths, mode)?;

    // The browser walks the journey once; what differs between the databases lies behind the API.
    let without_browser: &[&str] = &["--", "--skip", "browser::"];
    for (name, database, filter) in [("SQLite", "sqlite", &[] as &[&str]), ("PostgreSQL", &postgres.url(), without_browser)] {
        let mut cargo = paths.cargo();
        cargo
            .args(["test", "--package", "parlour-tests", "--no-fail-fast"])
            .args(filter)
            .env("PARLOUR_TEST_DATABASE", database)
            .env("PARLOUR_CHROMEDRIVER", "/usr/bin/chromedriver")
            .env("PARLOUR_AXE", needs::AXE.npm_files(paths).join("axe.min.js"))
            .envs(paths.client_env());
        outcome.tests(&format!("Tests on {name}"), &mut cargo)?;
    }
    outcome.step("Fuzz", || fuzz::run(paths, mode, FUZZ_EXAMPLES))?;
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
