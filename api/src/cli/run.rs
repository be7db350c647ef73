//! Runs one command with the settings of the environment.

use std::fs;

use anyhow::{Context as _, ensure};

use super::{
    Command, DemoCommand, EveningCommand, FeedCommand, RosterCommand, SandboxArguments, database,
    finish, restore, sandbox::Sandbox, sync,
};
use crate::{
    config::{Config, Mode},
    context::{Clock, Context, Random, SystemClock},
    demo, evening_file,
    roster::{self, ImportOptions},
    serve,
    store::{Store, changes, schools},
};

/// Runs a command.
///
/// # Errors
/// Has a message for the person who ran the command.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let settings = Config::from_environment;
    match command {
        Command::Serve => serve(settings()?).await,
        Command::Migrate => migrate(&settings()?).await,
        Command::Roster(command) => run_roster(&settings()?, command).await,
        Command::Evening(command) => load_evening(&settings()?, command).await,
        Command::Feed(FeedCommand::Renew) => renew_feeds(&settings()?).await,
        Command::Demo(DemoCommand::Load) => load_demo(&settings()?).await,
        Command::Sandbox(arguments) => run_sandbox(arguments).await,
    }
}

/// A sandbox ignores the configured settings, so it never empties the database of another server.
async fn run_sandbox(arguments: SandboxArguments) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(arguments)?;
    let store = database::open_ready(&sandbox.config).await?;
    if sandbox.reset {
        // A reset must not empty a demo database that is not a sandbox's.
        let may_be_emptied =
            store.read(|db| Ok(!demo::is_loaded(db)? || demo::is_sandbox(db)?)).await?;
        ensure!(
            may_be_emptied,
            "--reset: the file holds a demonstration that is no sandbox's; give another file"
        );
        demo::reset(&store, &context(), sandbox.config.mode).await?;
    }
    serve_from(sandbox.config.clone(), store).await
}

async fn serve(config: Config) -> anyhow::Result<()> {
    config.check_serving()?;
    let store = database::open_ready(&config).await?;
    let (without_host, count) = store.read(schools::without_host).await?;
    config.check_school_urls(&without_host, count)?;
    serve_from(config, store).await
}

async fn serve_from(config: Config, store: Store) -> anyhow::Result<()> {
    if config.mode == Mode::Sandbox
        || (config.mode == Mode::Demo && store.read(demo::is_loaded).await?)
    {
        // The demo's evening may be over since it was loaded.
        let loaded = demo::load_for_mode(&store, &context(), config.mode).await?;
        tracing::info!("{loaded}");
    }
    serve::run(config, store).await
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let (_, names) = database::open_migrated(config).await?;
    match names.as_slice() {
        [] => println!("The tables are up to date."),
        names => println!("Migrated: {}.", names.join(", ")),
    }
    Ok(())
}

async fn run_roster(config: &Config, command: RosterCommand) -> anyhow::Result<()> {
    let (path, dry_run, json, school, time_zone, removals) = match command {
        RosterCommand::Import { path, dry_run, json, school, time_zone, removals } => {
            (path, dry_run, json, school, time_zone, removals)
        }
        RosterCommand::Sync(arguments) => return sync::sync(config, arguments).await,
        RosterCommand::Restore { import, dry_run, json } => {
            return restore::restore(config, import, dry_run, json).await;
        }
    };
    let store = database::open_ready(config).await?;
    let limit = removals.limit();
    let options = ImportOptions {
        school,
        schools: Vec::new(),
        dry_run,
        time_zone: time_zone.name().to_owned(),
        limit,
    };
    let report = roster::import(&store, &context(), &path, options).await;
    finish(report.with_context(|| format!("{} was not imported", path.display())), json)
}

async fn load_evening(config: &Config, command: EveningCommand) -> anyhow::Result<()> {
    let EveningCommand::Load { file } = command;
    let text =
        fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
    let store = database::open_ready(config).await?;
    let loaded = evening_file::load(&store, &context(), &text)
        .await
        .with_context(|| format!("{} was not loaded", file.display()))?;
    println!("{loaded}");
    Ok(())
}

async fn renew_feeds(config: &Config) -> anyhow::Result<()> {
    let (store, ctx) = (database::open_ready(config).await?, context());
    let count = store.write(move |db| changes::renew(db, &ctx)).await?;
    println!("Programs that follow a school begin anew ({count} schools).");
    Ok(())
}

async fn load_demo(config: &Config) -> anyhow::Result<()> {
    ensure!(
        config.mode.has_dev_tools(),
        "demo load: is for demo, development and sandbox modes; set PARLOUR_MODE=demo and a \
         DATABASE_URL of its own"
    );
    let store = database::open_ready(config).await?;
    println!("{}", demo::load(&store, &context()).await?);
    Ok(())
}

/// The context of a command: the system's time and random numbers.
fn context() -> Context {
    Context::new(SystemClock::default().now(), Random::from_os())
}
