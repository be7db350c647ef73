//! Opens the database a command works on, and makes sure that it is the right one and up to date.

use anyhow::{Context as _, ensure};

use crate::{
    config::Config,
    store::{
        Store,
        metadata::{self, WrongDatabase},
    },
};

/// The database with its tables up to date: brought there by itself in a playground, refused in
/// production.
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

/// The database after its migrations, marked; and the names of those that ran.
pub(super) async fn open_migrated(config: &Config) -> anyhow::Result<(Store, Vec<String>)> {
    let store = open(config)?;
    let mode = config.mode;
    // A database of the other kind must not be touched. A new one has no table to read the mark
    // from.
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
