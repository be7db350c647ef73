//! `check`: all checks that need no browser and no second database. A failed check does not stop
//! the others.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    dependencies, dependency_checks, graph, handlers,
    install::{self, Mode},
    layers, locks,
    paths::Paths,
    rules, shell,
    web_app::{self, Build},
    width,
};

/// The results of the steps.
pub struct Outcome {
    /// The number of passed tests of all `cargo test` calls.
    pub passed: u64,
    /// The number of failed tests of all `cargo test` calls.
    pub failed: u64,
    /// The failed steps, each with its reason.
    pub broken: Vec<String>,
    /// The time when the first step began.
    began: Instant,
    /// The duration of each step.
    times: Vec<(String, Duration)>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { passed: 0, failed: 0, broken: Vec::new(), began: Instant::now(), times: Vec::new() }
    }
}

impl Outcome {
    /// Runs one step and records its failure for the summary.
    ///
    /// # Errors
    /// Only on Ctrl-C.
    pub fn step(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        let began = self.begin(name);
        let ended = step();
        self.end(name, began);
        if let Err(error) = ended {
            eprintln!("error: {error:#}");
            self.broken.push(format!("{name}: {error:#}"));
        }
        shell::check_interrupted()
    }

    /// Runs `cargo test …`, adds up its counts, and records a failure of the call itself.
    ///
    /// # Errors
    /// Only on Ctrl-C.
    pub fn tests(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let (mut passed, mut failed) = (0, 0);
        let began = self.begin(name);
        let ended = shell::run_with_lines(command, |line| {
            if let Some((p, f)) = counts(line) {
                passed += p;
                failed += f;
            }
        });
        self.end(name, began);
        self.passed += passed;
        self.failed += failed;
        match ended {
            Ok(status) if status.success() => {}
            Ok(_) if failed > 0 => self.broken.push(format!("{name}: {failed} tests failed")),
            Ok(status) => self.broken.push(format!("{name}: {status}")),
            Err(error) => self.broken.push(format!("{name}: {error:#}")),
        }
        shell::check_interrupted()
    }

    /// Prints that a step begins, with the time since the first one.
    fn begin(&self, name: &str) -> Instant {
        println!("\n== {name} (begins at {})", minutes(self.began.elapsed()));
        Instant::now()
    }

    /// Prints and records the duration of a step.
    fn end(&mut self, name: &str, began: Instant) {
        let took = began.elapsed();
        println!("== {name}: took {}", minutes(took));
        self.times.push((name.to_owned(), took));
    }

    /// Prints the duration of each step, and fails with the list of failed steps.
    ///
    /// # Errors
    /// If any step failed.
    pub fn conclude(&self) -> Result<()> {
        println!("\n== Time of each step");
        for (name, took) in &self.times {
            println!("{:>7}  {name}", minutes(*took));
        }
        println!("{:>7}  all steps", minutes(self.began.elapsed()));
        if self.broken.is_empty() {
            println!("\nAll is well.");
            return Ok(());
        }
        bail!("{} to mend:\n- {}", self.broken.len(), self.broken.join("\n- "))
    }
}

/// Formats a duration as minutes and seconds.
fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// The numbers of passed and failed tests in a `test result:` line.
fn counts(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut parts = rest.split("; ").map(|part| part.split(' ').next()?.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Runs all checks and records their results in `outcome`.
///
/// # Errors
/// If a dependency is missing, or on Ctrl-C.
pub fn run(paths: &Paths, mode: Mode, outcome: &mut Outcome) -> Result<()> {
    let needs = [
        dependencies::SERVER,
        dependencies::WEB_APP,
        dependencies::CONTRACT,
        dependencies::DEPENDENCIES,
    ];
    install::all(paths, mode, &needs.concat())?;
    let cargo = |words: &[&str]| {
        let mut cargo = paths.cargo();
        cargo.args(words);
        cargo
    };
    let native =
        ["--workspace", "--exclude", "parlour-web", "--all-targets", "--", "-D", "warnings"];
    let wasm =
        ["--package", "parlour-web", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
    outcome.step("Format", || shell::run(&mut cargo(&["fmt", "--all", "--check"])))?;
    outcome.step("Width of lines", || width::check(paths))?;
    outcome.step("Leftovers of a merge", || leftovers(paths))?;
    outcome.step("Migrations", || graph::check_migration_names(paths))?;
    outcome.step("Rules", || rules::check_citations(paths))?;
    outcome.step("Handlers", || handlers::one_store_call(paths))?;
    outcome.step("Layers of modules", || layers::check(paths))?;
    outcome.step("Locks", || locks::in_one_module(paths))?;
    outcome.step("Dependencies", || graph::check_forbidden_crates(paths))?;
    outcome.step("Licences and sources", || dependency_checks::deny(paths))?;
    outcome.step("Unused dependencies", || dependency_checks::unused(paths))?;
    outcome.step("Contract", || contract(paths))?;
    outcome.step("Lints", || shell::run(cargo(&["clippy"]).args(native)))?;
    outcome.step("Lints of the web app", || shell::run(cargo(&["clippy"]).args(wasm)))?;
    outcome.step("Docs", || docs(paths, &["--workspace", "--exclude", "parlour-web"]))?;
    let web = ["--package", "parlour-web", "--target", "wasm32-unknown-unknown"];
    outcome.step("Docs of the client", || docs(paths, &web))?;
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.args(["--exclude", "parlour-web", "--exclude", "parlour-tests"]);
    outcome.tests("Unit tests", &mut tests)?;
    outcome.step("Web app", || web_app::build(paths, mode, Build::Release))?;
    outcome.step("Size of the web app", || web_app::check_size(paths))
}

/// Fails if a file contains git's conflict markers: in an HTML page they are ordinary text, which
/// no compiler rejects.
fn leftovers(paths: &Paths) -> Result<()> {
    let found = paths
        .command("git")
        .args(["grep", "--line-number", "--extended-regexp", "^(<{7}|>{7}) "])
        .status()?;
    // `git grep` exits with 1 if it finds nothing.
    if found.code() != Some(1) {
        bail!("resolve these conflicts");
    }
    Ok(())
}

/// Builds the docs of some packages, including private items, and fails on warnings such as broken
/// links.
fn docs(paths: &Paths, packages: &[&str]) -> Result<()> {
    let mut cargo = paths.cargo();
    cargo.args(["doc", "--no-deps", "--document-private-items"]).args(packages);
    shell::run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}

fn contract(paths: &Paths) -> Result<()> {
    let cli = dependencies::REDOCLY.npm_files(paths).join("bin/cli.js");
    let mut redocly = paths.command(install::node(paths)?);
    redocly.arg(cli).args(["lint", "--extends=recommended", "openapi.yaml"]);
    // Redocly checks for updates and sends telemetry by default.
    redocly.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    shell::run(&mut redocly)?;
    // Spectral reads its rules only from a file. It warns about WebSocket doors, whose success
    // status is 101, and about a code that only messages of a call contain.
    let rules = dependencies::SPECTRAL.folder(paths).join("rules.json");
    fs::write(&rules, r#"{"extends":["spectral:oas"]}"#)?;
    let mut spectral = paths.command(install::node(paths)?);
    spectral
        .arg(dependencies::SPECTRAL.npm_files(paths).join("dist/index.js"))
        .arg("lint")
        .arg("--ruleset")
        .arg(&rules);
    shell::run(spectral.args(["--fail-severity=error", "openapi.yaml"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_cargo_test_summary() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered \
                    out; finished in 0.01s";
        assert_eq!(counts(line), Some((12, 3)));
        assert_eq!(counts("test result::reads ... ok"), None);
        assert_eq!(counts("running 3 tests"), None);
    }
}
