//! Writing of evenings: inserts a new one or changes an existing one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::{
    evening::Mode,
    id::{ClassId, EveningId},
};

use super::{
    NewEvening, Resting, record,
    resting::resting,
    settings::{classes_taking_part, left_out},
    states,
    stranded::{classes_gone, with_stranded},
};
use crate::{
    context::Context,
    evening_spec::Lack,
    schema::{evening_classes, evening_left_out, evenings},
    store::{
        Db, Error, Result,
        events::Actor,
        locks::{LockRank, lock_row},
        sql_types::{At, Key, at, key},
    },
    with_conn,
};

/// The result of writing an evening.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Saved {
    /// A new evening was inserted.
    Added(EveningId),
    /// An existing evening was changed.
    Changed(EveningId),
    /// The existing evening already has these settings.
    Unchanged(EveningId),
    /// Live bookings rest on settings that would change; nothing was written.
    Refused(Vec<Resting>),
    /// The evening would have ended already, at this time; nothing was written.
    Past(DateTime<Utc>),
    /// The existing evening ended at this time; nothing was written.
    TookPlace(DateTime<Utc>),
}

/// Maximum number of rows that one statement inserts.
const ROWS: usize = 500;

#[derive(Insertable, Queryable, Selectable, AsChangeset, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = evenings)]
struct EveningRow {
    id: Key,
    school_id: Key,
    name: String,
    title: String,
    starts_at: At,
    ends_at: At,
    time_zone: String,
    slot_minutes: i32,
    gap_seconds: i32,
    booking_opens_at: At,
    booking_closes_at: At,
    mode: String,
    capacity: i32,
    created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = evening_classes)]
struct ClassRow {
    evening_id: Key,
    class_id: Key,
    video: bool,
}

#[derive(Insertable)]
#[diesel(table_name = evening_left_out)]
struct LeftOutRow {
    evening_id: Key,
    class_id: Key,
    lacks: &'static str,
}

/// Creates and publishes the evening of a file, or changes the evening of the same name to match
/// and publishes it if it was a draft. Files are loaded by operators of the server, so the audit
/// log names the school itself as the actor.
///
/// # Errors
/// Fails if the database fails; [`Error::UniqueViolation`] when another transaction creates an
/// evening of the same name at the same time.
pub fn save(db: &mut Db, ctx: &Context, new: &NewEvening) -> Result<Saved> {
    let actor = Actor::school();
    let known = evenings::table
        .filter(evenings::school_id.eq(key(new.school)).and(evenings::name.eq(&new.name)));
    let known: Option<Key> = known.select(evenings::id).first(db).optional()?;
    let Some(known) = known else { return add(db, ctx, new, &actor, Some(ctx.now)) };
    let saved = change(db, ctx, known.into(), new, &actor)?;
    let stands =
        matches!(saved, Saved::Changed(_) | Saved::Unchanged(_)) && new.timing.ends_at() > ctx.now;
    if stands && states::publish_draft(db, ctx, new.school, known, &actor)? {
        Ok(Saved::Changed(known.into()))
    } else {
        Ok(saved)
    }
}

/// Creates an evening and records it in the audit log. It is a draft when `published_at` is `None`.
///
/// # Errors
/// [`Error::UniqueViolation`] when the school has an evening of this name.
pub fn add(
    db: &mut Db,
    ctx: &Context,
    new: &NewEvening,
    actor: &Actor,
    published_at: Option<DateTime<Utc>>,
) -> Result<Saved> {
    if new.timing.ends_at() <= ctx.now {
        return Ok(Saved::Past(new.timing.ends_at()));
    }
    let id: EveningId = ctx.new_id();
    let values = (row(key(id), at(ctx.now), new)?, evenings::published_at.eq(published_at.map(at)));
    with_conn!(db, conn => diesel::insert_into(evenings::table).values(values).execute(conn))
        .map_err(Error::on_unique_violation)?;
    insert_classes(db, key(id), new.classes.iter())?;
    insert_left_out(db, key(id), &new.left_out)?;
    record(
        db,
        ctx,
        new.school,
        id,
        actor,
        "evening_added",
        format!("Added {}.", described(new, new.classes.len())),
    )?;
    Ok(Saved::Added(id))
}

/// Changes an evening to match `new` and records it in the audit log. An evening that is over is
/// not changed.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::UniqueViolation`] when another evening has the new name.
pub fn change(
    db: &mut Db,
    ctx: &Context,
    evening: EveningId,
    new: &NewEvening,
    actor: &Actor,
) -> Result<Saved> {
    lock_row(db, LockRank::Evening, evening)?;
    let known: EveningRow =
        evenings::table.find(key(evening)).select(EveningRow::as_select()).first(db)?;
    let wanted = row(known.id, known.created_at, new)?;
    let there = classes_taking_part(db, known.id)?;
    let gone = classes_gone(db, known.id)?;
    let new = &with_stranded(db, known.id, new, &there, &gone)?;
    if wanted == known && there == new.classes {
        replace_left_out(db, known.id, &new.left_out)?;
        return Ok(Saved::Unchanged(evening));
    }
    if *known.ends_at <= ctx.now {
        return Ok(Saved::TookPlace(*known.ends_at));
    }
    if new.timing.ends_at() <= ctx.now {
        return Ok(Saved::Past(new.timing.ends_at()));
    }
    let resting = resting(db, known.id, new)?;
    if !resting.is_empty() {
        return Ok(Saved::Refused(resting));
    }
    diesel::update(evenings::table.find(known.id))
        .set(&wanted)
        .execute(db)
        .map_err(Error::on_unique_violation)?;
    let differing: Vec<Key> = there
        .iter()
        .filter(|(class, video)| new.classes.get(class) != Some(video))
        .map(|(class, _)| key(*class))
        .collect();
    let taken_out = evening_classes::table.filter(
        evening_classes::evening_id.eq(known.id).and(evening_classes::class_id.eq_any(differing)),
    );
    diesel::delete(taken_out).execute(db)?;
    insert_classes(
        db,
        known.id,
        new.classes.iter().filter(|(class, video)| there.get(class) != Some(video)),
    )?;
    replace_left_out(db, known.id, &new.left_out)?;
    let taking_part = new.classes.keys().filter(|class| !gone.contains(class)).count();
    let summary = format!(
        "Changed {}: {}.",
        described(new, taking_part),
        differences(&known, &wanted, &there, &new.classes).join(", ")
    );
    record(db, ctx, new.school, evening, actor, "evening_changed", summary)?;
    Ok(Saved::Changed(evening))
}

/// Describes an evening as "Year 9 Parents’ Evening, 26 November 2026 16:00 to 19:00, 12 classes".
fn described(new: &NewEvening, classes: usize) -> String {
    let clock = |at: DateTime<Utc>, format| at.with_timezone(&new.zone).format(format).to_string();
    let (starts, ends) =
        (clock(new.timing.starts_at(), "%-d %B %Y %H:%M"), clock(new.timing.ends_at(), "%H:%M"));
    format!("{}, {starts} to {ends}, {classes} classes", new.title)
}

/// Names the settings that a change touches, for the audit log.
fn differences(
    known: &EveningRow,
    wanted: &EveningRow,
    there: &BTreeMap<ClassId, bool>,
    classes: &BTreeMap<ClassId, bool>,
) -> Vec<String> {
    let parts = [
        ("name", known.name != wanted.name),
        ("title", known.title != wanted.title),
        (
            "times",
            (known.starts_at, known.ends_at, &known.time_zone)
                != (wanted.starts_at, wanted.ends_at, &wanted.time_zone),
        ),
        (
            "slots",
            (known.slot_minutes, known.gap_seconds) != (wanted.slot_minutes, wanted.gap_seconds),
        ),
        (
            "booking window",
            (known.booking_opens_at, known.booking_closes_at)
                != (wanted.booking_opens_at, wanted.booking_closes_at),
        ),
        ("mode", known.mode != wanted.mode),
        ("capacity", known.capacity != wanted.capacity),
    ];
    let mut all: Vec<String> = parts
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(part, _)| part.to_owned())
        .collect();
    let (added, gone) = (
        classes.keys().filter(|class| !there.contains_key(class)).count(),
        there.keys().filter(|class| !classes.contains_key(class)).count(),
    );
    let meets = classes
        .iter()
        .filter(|(class, video)| there.get(class).is_some_and(|was| was != *video))
        .count();
    for (count, what) in [(added, "added"), (gone, "taken out"), (meets, "meeting in another way")]
    {
        if count > 0 {
            all.push(format!("{count} {} {what}", if count == 1 { "class" } else { "classes" }));
        }
    }
    all
}

fn row(id: Key, created_at: At, new: &NewEvening) -> Result<EveningRow> {
    let number = |value: u32| {
        i32::try_from(value).map_err(|error| {
            Error::Database(diesel::result::Error::SerializationError(error.into()))
        })
    };
    let mode = match new.mode {
        Mode::Video => "video",
        Mode::InPerson => "in_person",
        Mode::Hybrid => "hybrid",
    };
    Ok(EveningRow {
        id,
        school_id: key(new.school),
        name: new.name.clone(),
        title: new.title.clone(),
        starts_at: at(new.timing.starts_at()),
        ends_at: at(new.timing.ends_at()),
        time_zone: new.zone.name().to_owned(),
        slot_minutes: number(new.slot_minutes)?,
        gap_seconds: number(new.gap_seconds)?,
        booking_opens_at: at(new.window.opens_at),
        booking_closes_at: at(new.window.closes_at),
        mode: mode.to_owned(),
        capacity: number(new.capacity)?,
        created_at,
    })
}

fn insert_classes<'c>(
    db: &mut Db,
    evening: Key,
    classes: impl Iterator<Item = (&'c ClassId, &'c bool)>,
) -> QueryResult<()> {
    let rows: Vec<ClassRow> = classes
        .map(|(class, video)| ClassRow {
            evening_id: evening,
            class_id: key(*class),
            video: *video,
        })
        .collect();
    for chunk in rows.chunks(ROWS) {
        with_conn!(db, conn =>
            diesel::insert_into(evening_classes::table).values(chunk).execute(conn)
        )?;
    }
    Ok(())
}

fn replace_left_out(
    db: &mut Db,
    evening: Key,
    wanted: &BTreeMap<ClassId, Lack>,
) -> QueryResult<()> {
    if left_out(db, evening)? != *wanted {
        diesel::delete(evening_left_out::table.filter(evening_left_out::evening_id.eq(evening)))
            .execute(db)?;
        insert_left_out(db, evening, wanted)?;
    }
    Ok(())
}

fn insert_left_out(
    db: &mut Db,
    evening: Key,
    classes: &BTreeMap<ClassId, Lack>,
) -> QueryResult<()> {
    let rows: Vec<LeftOutRow> = classes
        .iter()
        .map(|(class, lack)| LeftOutRow {
            evening_id: evening,
            class_id: key(*class),
            lacks: lack.as_str(),
        })
        .collect();
    for chunk in rows.chunks(ROWS) {
        with_conn!(db, conn =>
            diesel::insert_into(evening_left_out::table).values(chunk).execute(conn)
        )?;
    }
    Ok(())
}
