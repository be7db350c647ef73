//! `cargo xtask`: the commands for developers of Parlour and for CI.

mod api;
mod bench;
mod check;
mod dependencies;
mod dependency_checks;
mod fuzz;
mod generated;
mod graph;
mod handlers;
mod install;
mod layers;
mod locks;
mod paths;
mod postgres;
mod rules;
mod serve;
mod shell;
mod test;
mod web_app;
mod width;

use std::{env, process::ExitCode};

use anyhow::{Context, Result, bail};
use paths::Paths;

const HELP: &str = "cargo xtask COMMAND [OPTIONS]

  run [--port N]         build everything and serve the demo school on 127.0.0.1:8080
  dev [--port N]         the same, built and started again after each change
  client [--dev]         only the web app (--dev: quick to build, big)
  build [--dist]         the web app and the server, optimised (--dist: smaller, slower to build)
  check                  format, lints, unit tests, contract, dependencies, size of the web app
  test                   check, then all tests on SQLite and PostgreSQL, the journeys in a \
                    browser, and a short fuzz
  browser                walk the journeys in a real browser, with mail through a real SMTP server
  fuzz [--examples N]    send made-up requests to the whole API (default 20 for each operation)
  generated              let a client that is generated from the contract walk through a demo \
                    school, and follow the guide
  bench api|calls|join|sync|web
                         measure the server under load on both databases, its calls, how soon one \
                    sees the others, a roster from files and
                         over REST, or its pages in a browser

  --no-install           say what is missing and how to install it, and install nothing";

/// The parsed command line.
struct Options {
    install: install::Mode,
    rest: Vec<String>,
}

impl Options {
    /// Removes `--name` from the arguments and returns whether it was present.
    fn flag(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|word| word != name);
        self.rest.len() != before
    }

    /// Removes `--name N` from the arguments and returns the number.
    fn number(&mut self, name: &str, default: u16) -> Result<u16> {
        let Some(at) = self.rest.iter().position(|word| word == name) else {
            return Ok(default);
        };
        let value = self.rest.get(at + 1).cloned();
        let value = value.with_context(|| format!("{name} needs a number"))?;
        self.rest.drain(at..=at + 1);
        value.parse().with_context(|| format!("{name} needs a number up to 65535, not {value}"))
    }

    /// Fails if any argument is left.
    fn done(&self) -> Result<()> {
        match self.rest.first() {
            Some(word) => bail!("unknown argument {word}\n\n{HELP}"),
            None => Ok(()),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    shell::end_children_on_ctrl_c()?;
    let mut rest: Vec<String> = env::args().skip(1).collect();
    if rest.is_empty() || rest.iter().any(|word| word == "--help" || word == "help") {
        println!("{HELP}");
        return Ok(());
    }
    let command = rest.remove(0);
    let mut options = Options { install: install::Mode::Install, rest };
    if options.flag("--no-install") {
        options.install = install::Mode::DryRun;
    }
    dispatch(&command, &Paths::find()?, options)
}

fn dispatch(command: &str, paths: &Paths, mut options: Options) -> Result<()> {
    match command {
        "run" | "dev" => {
            let port = options.number("--port", 8080)?;
            options.done()?;
            let changes =
                if command == "run" { serve::Changes::Ignore } else { serve::Changes::Follow };
            serve::run(paths, options.install, changes, port)
        }
        "client" => {
            let build =
                if options.flag("--dev") { web_app::Build::Dev } else { web_app::Build::Release };
            options.done()?;
            web_app::build(paths, options.install, build)
        }
        "build" => {
            let profile = if options.flag("--dist") { "dist" } else { "release" };
            options.done()?;
            web_app::build(paths, options.install, web_app::Build::Release)?;
            let server = api::build(paths, options.install, profile)?;
            println!("server: {}\nweb app: {}", server.display(), paths.web_app().display());
            Ok(())
        }
        "check" => {
            options.done()?;
            let mut outcome = check::Outcome::default();
            check::run(paths, options.install, &mut outcome)?;
            outcome.conclude()
        }
        "test" => {
            options.done()?;
            test::run(paths, options.install)
        }
        "browser" => {
            options.done()?;
            test::browser(paths, options.install)
        }
        "fuzz" => {
            let examples = options.number("--examples", 20)?;
            options.done()?;
            fuzz::run(paths, options.install, examples)
        }
        "generated" => {
            options.done()?;
            generated::run(paths, options.install)
        }
        "bench" => {
            let what = (!options.rest.is_empty()).then(|| options.rest.remove(0));
            options.done()?;
            match what.as_deref() {
                Some("api") => bench::api(paths, options.install),
                Some("calls") => bench::calls(paths, options.install),
                Some("join") => bench::join(paths, options.install),
                Some("sync") => bench::sync(paths, options.install),
                Some("web") => bench::web(paths, options.install),
                _ => bail!("bench what? api, calls, join, sync or web\n\n{HELP}"),
            }
        }
        other => bail!("unknown command {other}\n\n{HELP}"),
    }
}
