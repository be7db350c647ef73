//! `bench`: builds the server, starts it with generated data, and runs `parlour-bench`, which
//! measures it from another process.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    api, dependencies,
    install::{self, Mode},
    paths::Paths,
    postgres::{Durability, Postgres, TempFolder},
    shell::{self, Running},
    web_app::{self, Build},
};

/// Measures the API under load, on both databases.
///
/// # Errors
/// If a dependency is missing, the build fails, or a response is not as expected.
pub fn api(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, &[dependencies::SERVER, dependencies::SERVICES].concat())?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    let postgres = Postgres::start(Durability::AsInProduction)?;
    let school = folder.0.join("school");
    shell::run(bench.measure().arg("school").arg(&school))?;

    let file = |name: &str| folder.0.join(format!("{name}.db"));
    let sqlite = |name: &str| format!("sqlite://{}", file(name).display());
    // The direct calls of the store use a copy of each database, made before any load.
    bench.fill(&sqlite("served"), &school)?;
    copy_sqlite(&file("served"), &file("copy"))?;
    postgres.create("served", None)?;
    bench.fill(&postgres.url_of("served"), &school)?;
    postgres.create("copy", Some("served"))?;

    let web_app = folder.0.join("client");
    let (running, port) = bench.serve(&sqlite("served"), None)?;
    let mut answer = bench.measure();
    answer.args([
        "answer",
        "--server",
        &address(port),
        "--database",
        &sqlite("served"),
        "--folder",
    ]);
    shell::run(answer.arg(&web_app))?;
    drop(running);

    let (_on_sqlite, sqlite_port) = bench.serve(&sqlite("served"), Some(&web_app))?;
    let (_on_postgres, postgres_port) = bench.serve(&postgres.url_of("served"), Some(&web_app))?;
    let mut load = bench.measure();
    load.args([
        "api",
        "--sqlite-server",
        &address(sqlite_port),
        "--sqlite",
        &sqlite("served"),
        "--sqlite-copy",
        &sqlite("copy"),
    ]);
    load.args([
        "--postgres-server",
        &address(postgres_port),
        "--postgres",
        &postgres.url_of("served"),
        "--postgres-copy",
        &postgres.url_of("copy"),
    ]);
    shell::run(&mut load)
}

/// Measures calls of four that begin on one node while more and more others continue.
///
/// # Errors
/// If a dependency is missing, the build fails, or a call does not come together.
pub fn calls(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, dependencies::SERVER)?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    let school = folder.0.join("school");
    shell::run(bench.measure().arg("school").arg(&school))?;
    let database = format!("sqlite://{}", folder.0.join("calls.db").display());
    bench.fill(&database, &school)?;
    let (_running, port) = bench.serve(&database, None)?;
    shell::run(bench.measure().args(["calls", "--server", &address(port), "--database", &database]))
}

/// Measures four browsers that join a call, and four bare pages that connect to each other.
///
/// # Errors
/// If a dependency is missing, the build fails, or a participant does not see the others.
pub fn join(paths: &Paths, mode: Mode) -> Result<()> {
    /// The secret of the TURN server, which runs only during this measurement.
    const SECRET: &str = "a secret of this measurement alone";
    install::all(
        paths,
        mode,
        &[
            dependencies::SERVER,
            dependencies::WEB_APP,
            dependencies::BROWSER,
            &[dependencies::TURN],
        ]
        .concat(),
    )?;
    web_app::build(paths, mode, Build::Release)?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    let school = folder.0.join("school");
    shell::run(bench.measure().arg("school").arg(&school))?;
    let database = format!("sqlite://{}", folder.0.join("join.db").display());
    bench.fill(&database, &school)?;
    let turn_port = api::free_port()?;
    let relay = [
        ("PARLOUR_TURN_URLS", &*format!("turn:127.0.0.1:{turn_port}?transport=udp")),
        ("PARLOUR_TURN_SECRET", SECRET),
        ("PARLOUR_TURN_POLICY", "relay"),
    ];
    let (_running, port) = bench.serve_with(&database, Some(&paths.web_app()), &relay)?;
    let mut join = bench.measure();
    join.args([
        "join",
        "--server",
        &address(port),
        "--database",
        &database,
        "--turn-port",
        &turn_port.to_string(),
        "--turn-secret",
        SECRET,
    ]);
    shell::run(&mut join)
}

/// Measures the import of a school of 10,000 people from files and over REST.
///
/// # Errors
/// If a dependency is missing, the build fails, or a report is not as expected.
pub fn sync(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, dependencies::SERVER)?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    shell::run(
        bench
            .measure()
            .arg("sync")
            .arg("--server")
            .arg(&bench.server)
            .arg("--folder")
            .arg(&folder.0),
    )
}

/// Measures the web app's pages in a browser.
///
/// # Errors
/// If a dependency is missing, the build fails, or a page does not become usable.
pub fn web(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(
        paths,
        mode,
        &[dependencies::SERVER, dependencies::WEB_APP, dependencies::BROWSER].concat(),
    )?;
    web_app::build(paths, mode, Build::Release)?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    let database = folder.0.join("parlour.db");
    api::load_demo(paths, &bench.server, &database)?;
    let (_running, port) =
        bench.serve(&format!("sqlite://{}", database.display()), Some(&paths.web_app()))?;
    shell::run(bench.measure().args(["web", &address(port)]))
}

/// The release builds of the server and of `parlour-bench`.
struct Bench<'a> {
    paths: &'a Paths,
    server: PathBuf,
    program: PathBuf,
}

impl<'a> Bench<'a> {
    fn build(paths: &'a Paths, mode: Mode) -> Result<Self> {
        let server = api::build(paths, mode, "release")?;
        shell::run(paths.cargo().args(["build", "--release", "--package", "parlour-bench"]))?;
        let program = server.with_file_name("parlour-bench");
        Ok(Self { paths, server, program })
    }

    fn measure(&self) -> Command {
        self.paths.command(&self.program)
    }

    /// A command of the server binary. Its log level excludes one line per mail, which would
    /// distort the figures.
    fn call(&self, database: &str) -> Command {
        let mut command = self.paths.command(&self.server);
        command
            .env("PARLOUR_MODE", "demo")
            .env("PARLOUR_LOG", "warn")
            .env("DATABASE_URL", database);
        command
    }

    /// Imports the generated school in the usual way.
    fn fill(&self, database: &str, school: &Path) -> Result<()> {
        shell::run(self.call(database).args(["roster", "import"]).arg(school.join("roster")))?;
        let mut evenings: Vec<PathBuf> =
            fs::read_dir(school.join("evenings"))?.flatten().map(|entry| entry.path()).collect();
        evenings.sort();
        evenings.iter().try_for_each(|file| {
            shell::run(self.call(database).args(["evening", "load"]).arg(file))
        })?;
        shell::run(self.measure().args(["seed", database]))
    }

    fn serve(&self, database: &str, web_app: Option<&Path>) -> Result<(Running, u16)> {
        self.serve_with(database, web_app, &[])
    }

    /// Serves the database with additional settings.
    fn serve_with(
        &self,
        database: &str,
        web_app: Option<&Path>,
        settings: &[(&str, &str)],
    ) -> Result<(Running, u16)> {
        let port = api::free_port()?;
        let mut serve = self.call(database);
        // The messages about logging in, which the server prints, are useless here.
        serve
            .arg("serve")
            .env("PARLOUR_LISTEN", address(port))
            .envs(settings.iter().copied())
            .stdout(Stdio::null());
        if let Some(web_app) = web_app {
            serve.env("PARLOUR_CLIENT_DIR", web_app);
        }
        let mut running = Running::start(&mut serve)?;
        api::wait_for_port(port, &mut running).context("the server did not start")?;
        Ok((running, port))
    }
}

/// Copies a SQLite database with its write-ahead log, which the last process may have left behind.
fn copy_sqlite(from: &Path, to: &Path) -> Result<()> {
    for ending in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if name(from).exists() {
            fs::copy(name(from), name(to))
                .with_context(|| format!("cannot copy {}", name(from).display()))?;
        }
    }
    Ok(())
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
