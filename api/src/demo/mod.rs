//! The demo school: its roster (api/demo, imported like any other), three evenings, bookings and an
//! invite. For playgrounds only.

mod actors;
mod api_client;
mod bookings;
mod evenings;
mod logins;
mod people;
mod roster;
#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::Context as _;
use diesel::prelude::*;

pub use self::{
    actors::{Actors, actors},
    api_client::{Credentials, credentials, is_sandbox},
    logins::{first_appointment, log_guest_in, log_in},
};
use crate::{
    config::Mode,
    context::Context,
    roster::ImportReport,
    schema::schools,
    store::{Db, Result, Store, metadata, reset},
};

/// The demo school's id in its roster, and its slug.
pub const SCHOOL: &str = "hillcrest";

/// The result of loading the demo.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The report of the roster import.
    pub roster: ImportReport,
    /// The titles of the evenings that were created; empty when the last ones are not over yet.
    pub evenings: Vec<String>,
    /// Number of bookings that were made.
    pub bookings: usize,
}

/// Loads the demo school. Loading it again changes nothing until its parents' evening is over; then
/// the next one is created.
///
/// # Errors
/// On a database that is not a playground's, and when the database fails.
pub async fn load(store: &Store, ctx: &Context) -> anyhow::Result<Loaded> {
    store
        .read(|db| metadata::check_mode(db, Mode::Demo))
        .await?
        .context("the demo school is for playgrounds alone")?;
    let roster = roster::import(store, ctx).await?;
    let ctx = ctx.clone();
    let (evenings, bookings) = store
        .write(move |db| evenings::load(db, &ctx))
        .await?
        .context("the demo's evenings don't fit its roster")?;
    Ok(Loaded { roster, evenings, bookings })
}

/// Loads the initial data of a playground of this mode: the demo school, and in a sandbox its API
/// client.
///
/// # Errors
/// As [`load`].
pub async fn load_for_mode(store: &Store, ctx: &Context, mode: Mode) -> anyhow::Result<Loaded> {
    let loaded = load(store, ctx).await?;
    if mode == Mode::Sandbox {
        let ctx = ctx.clone();
        store.write(move |db| api_client::create(db, &ctx)).await?;
    }
    Ok(loaded)
}

/// Resets a playground to its initial state. People, evenings and bookings get new ids; the school
/// and the API client keep theirs.
///
/// # Errors
/// As [`load`].
pub async fn reset(store: &Store, ctx: &Context, mode: Mode) -> anyhow::Result<Loaded> {
    store.write(|db| reset::wipe(db, SCHOOL)).await?;
    load_for_mode(store, ctx, mode).await
}

/// Returns whether the demo school exists.
///
/// # Errors
/// Errors of the database.
pub fn is_loaded(db: &mut Db) -> Result<bool> {
    Ok(schools::table.filter(schools::slug.eq(SCHOOL)).count().get_result::<i64>(db)? > 0)
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = self.roster.changes.people;
        write!(
            f,
            "The demo school is loaded: {} people",
            people.added + people.changed + people.unchanged
        )?;
        match self.evenings.as_slice() {
            [] => write!(f, ", evenings and bookings as they were."),
            titles => write!(f, ", {} bookings; {}.", self.bookings, titles.join(", ")),
        }
    }
}
