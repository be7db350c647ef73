//! The demo school's people and classes: OneRoster 1.1 files compiled into the program and imported
//! like any school's.

use std::fs;

use anyhow::Context as _;
use diesel::prelude::*;
use tempfile::TempDir;

use super::SCHOOL;
use crate::{
    context::Context,
    roster::{ImportOptions, ImportReport},
    schema::schools,
    store::{
        Db, Result, Store,
        sql_types::{At, Key, at},
    },
    with_conn,
};

/// The time zone of the demo school.
const TIME_ZONE: &str = "Europe/London";

macro_rules! files {
    ($($name:literal),+) => { [$(($name, include_str!(concat!("../../demo/", $name)))),+] };
}

const FILES: [(&str, &str); 7] = files!(
    "manifest.csv",
    "orgs.csv",
    "academicSessions.csv",
    "courses.csv",
    "classes.csv",
    "users.csv",
    "enrollments.csv"
);

#[derive(Insertable)]
#[diesel(table_name = schools)]
struct SchoolRow {
    id: Key,
    sourced_id: &'static str,
    name: &'static str,
    slug: &'static str,
    time_zone: &'static str,
    created_at: At,
}

/// Imports the files.
pub(super) async fn import(store: &Store, ctx: &Context) -> anyhow::Result<ImportReport> {
    let folder = TempDir::new().context("no temporary folder for the demo's roster")?;
    // The folder's name is shown to staff as the source of the values.
    let files = folder.path().join("demo");
    fs::create_dir(&files).context("no folder for the demo's roster")?;
    for (name, text) in FILES {
        fs::write(files.join(name), text)
            .with_context(|| format!("can't write the demo's {name}"))?;
    }
    let row_ctx = ctx.clone();
    store.write(move |db| ensure_school(db, &row_ctx)).await?;
    let options =
        ImportOptions { time_zone: TIME_ZONE.to_owned(), limit: None, ..ImportOptions::default() };
    crate::roster::import(store, ctx, &files, options).await
}

/// Creates the school before the import, so that it gets the slug that links and docs use.
fn ensure_school(db: &mut Db, ctx: &Context) -> Result<()> {
    let row = SchoolRow {
        id: ctx.new_id(),
        sourced_id: SCHOOL,
        name: "Hillcrest School",
        slug: SCHOOL,
        time_zone: TIME_ZONE,
        created_at: at(ctx.now),
    };
    with_conn!(db, conn =>
        diesel::insert_into(schools::table).values(&row).on_conflict_do_nothing().execute(conn)
    )?;
    Ok(())
}
