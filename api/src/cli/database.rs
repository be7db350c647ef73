//! Opens the database that a command works on, and checks that it belongs to the configured mode
//! and is up to date.

use anyhow::{Context as _, ensure};

use crate::{
    config::Config,
    store::{
        Store,
        metadata::{self, WrongDatabase},
    },
};

/// Opens the database with all migrations applied. In a playground pending migrations are run; in
/// production they are an error.
pub(super) async fn open_ready(config: &Config) -> anyhow::Result<Store> {
    if config.mode.has_dev_tools() {
        return Ok(open_migrated(config).await?.0);
    }
    let store = open(config)?;
    ensure!(
        !store.needs_migration()?,
        "the database waits for migrations; make a backup and run `parlour migrate`"
    );
    let mode = config.mode;
    store.read(move |db| metadata::check_mode(db, mode)).await??;
    Ok(store)
}

/// Opens the database, runs its migrations and marks it with its kind; also returns the names of
/// the migrations that ran.
pub(super) async fn open_migrated(config: &Config) -> anyhow::Result<(Store, Vec<String>)> {
    let store = open(config)?;
    let mode = config.mode;
    // A database of the other kind must not be changed. The mark of a new database can't be read,
    // because it has no tables yet.
    if let Ok(Err(wrong @ WrongDatabase::Other { .. })) =
        store.read(move |db| metadata::check_mode(db, mode)).await
    {
        return Err(wrong.into());
    }
    let names = store.migrate()?;
    store.write(move |db| metadata::claim_for_mode(db, mode)).await??;
    Ok((store, names))
}

fn open(config: &Config) -> anyhow::Result<Store> {
    Store::open(&config.database, config.connections)
        .context("DATABASE_URL: the database can't be opened")
}
