//! `bench`: builds the server, starts it on data of its own, and lets `parlour-bench` measure it
//! from a process of its own.

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

/// Puts load on the API, on both databases.
///
/// # Errors
/// When something is missing or does not compile, or an answer is not the one that it must be.
pub fn api(paths: &Paths, mode: Mode) -> Result<()> {
    install::all(paths, mode, &[dependencies::SERVER, dependencies::SERVICES].concat())?;
    let bench = Bench::build(paths, mode)?;
    let folder = TempFolder::new("bench")?;
    let postgres = Postgres::start(Durability::AsInProduction)?;
    let school = folder.0.join("school");
    shell::run(bench.measure().arg("school").arg(&school))?;

    let file = |name: &str| folder.0.join(format!("{name}.db"));
    let sqlite = |name: &str| format!("sqlite://{}", file(name).display());
    // A copy of each, before any load, is for the bare loop.
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

/// Lets calls of four begin on one node, with more and more of them going on.
///
/// # Errors
/// When something is missing or does not compile, or a call does not come together.
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

/// Lets four browsers join a call, and four bare pages each other.
///
/// # Errors
/// When something is missing or does not compile, or somebody does not see the others.
pub fn join(paths: &Paths, mode: Mode) -> Result<()> {
    /// The secret of the TURN server, which lives as long as this.
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

/// Brings a school of 10,000 people in, from files and over REST.
///
/// # Errors
/// When something is missing or does not compile, or a report is not the one that it must be.
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

/// Opens the web app's pages in a browser.
///
/// # Errors
/// When something is missing or does not compile, or a page does not become usable.
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

/// Both programs, built in release.
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

    /// A call of the server's program; a line in the log for each mail would be measured, too.
    fn call(&self, database: &str) -> Command {
        let mut command = self.paths.command(&self.server);
        command
            .env("PARLOUR_MODE", "demo")
            .env("PARLOUR_LOG", "warn")
            .env("DATABASE_URL", database);
        command
    }

    /// Loads the generated school as any school is loaded.
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

    /// Serves with further settings.
    fn serve_with(
        &self,
        database: &str,
        web_app: Option<&Path>,
        settings: &[(&str, &str)],
    ) -> Result<(Running, u16)> {
        let port = api::free_port()?;
        let mut serve = self.call(database);
        // What it tells whoever wants to log in is of no use here.
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

/// With what the last one to use it has left in its log.
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
