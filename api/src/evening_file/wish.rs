//! An evening as a request asks for it: a new one, or what one is to be, by the rules of the file.
//! Knows no HTTP.

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use parlour_domain::{Refusal, evening::Mode, id::EveningId};

use super::{
    Problem, check, choose,
    file::{Entry, EveningFile, FileMode, FileWindow},
    past, plan,
};
use crate::{
    context::Context,
    store::{
        Db, Error, Result,
        error::WrongField,
        evening_setup::{self, Held, NewEvening, Saved, Stored},
        events::Actor,
        schools::SchoolRow,
    },
};

/// What is to be otherwise; the rest stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "told in the evening's file")]
pub struct EveningChange {
    pub name: Option<String>,
    pub title: Option<String>,
    pub date: Option<String>,
    pub starts: Option<String>,
    pub ends: Option<String>,
    /// None in it: the school's.
    pub time_zone: Option<Option<String>>,
    pub slot_minutes: Option<i64>,
    pub gap_seconds: Option<i64>,
    pub mode: Option<FileMode>,
    pub capacity: Option<i64>,
    pub opens: Option<String>,
    pub closes: Option<String>,
    /// Without, the classes that were chosen stay as they are; they meet as the mode wants it.
    pub classes: Option<Vec<Entry>>,
}

/// Makes a draft.
///
/// # Errors
/// [`Error::Field`], [`Refusal::EveningNameTaken`].
pub fn create(
    db: &mut Db,
    ctx: &Context,
    school: &SchoolRow,
    file: &EveningFile,
    actor: &Actor,
) -> Result<EveningId> {
    let (new, _) = plan(db, file, school)?.map_err(wrong)?;
    saved(evening_setup::add(db, ctx, &new, actor, None), &new)
}

/// Brings an evening to what is wanted, all of it or nothing.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Field`], [`Error::BookingsRest`], [`Refusal::EveningNameTaken`],
/// [`Refusal::EveningOver`].
pub fn change(
    db: &mut Db,
    ctx: &Context,
    school: &SchoolRow,
    evening: EveningId,
    change: &EveningChange,
    actor: &Actor,
) -> Result<EveningId> {
    let Held { stored, classes, left_out } = evening_setup::held(db, school.id(), evening)?;
    let file = changed(written(&stored, school), change);
    let new = if change.classes.is_some() {
        plan(db, &file, school)?.map_err(wrong)?.0
    } else {
        let checked = check::check(&file, &school.time_zone).map_err(wrong)?;
        let classes = classes
            .into_iter()
            .map(|(class, video)| (class, evening_setup::meets(checked.mode, video)))
            .collect();
        let fewer_seats = i64::from(checked.capacity) < i64::from(stored.row.capacity);
        let new = super::evening(checked, school, classes, left_out);
        if fewer_seats {
            check_sizes(db, &new)?;
        }
        new
    };
    saved(evening_setup::change(db, ctx, evening, &new, actor), &new)
}

/// An evening as its file would have it, but for the classes: times on the clocks that they were
/// given in.
#[must_use]
pub fn written(stored: &Stored, school: &SchoolRow) -> EveningFile {
    let row = &stored.row;
    let (starts, ends) = (local(*row.starts_at, stored.zone()), local(*row.ends_at, stored.zone()));
    let moment = |at: DateTime<Utc>| {
        let local = local(at, school.zone());
        format!("{}T{}", local.format("%Y-%m-%d"), clock(local))
    };
    EveningFile {
        school: school.slug.clone(),
        name: stored.name.clone(),
        title: row.title.clone(),
        date: starts.format("%Y-%m-%d").to_string(),
        starts: clock(starts),
        ends: clock(ends),
        time_zone: Some(row.time_zone.clone()),
        slot_minutes: row.slot_minutes.into(),
        gap_seconds: row.gap_seconds.into(),
        mode: match stored.mode() {
            Mode::Video => FileMode::Video,
            Mode::InPerson => FileMode::InPerson,
            Mode::Hybrid => FileMode::Hybrid,
        },
        capacity: row.capacity.into(),
        booking: FileWindow {
            opens: moment(*row.booking_opens_at),
            closes: moment(*row.booking_closes_at),
        },
        classes: Vec::new(),
    }
}

fn local(at: DateTime<Utc>, zone: chrono_tz::Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// `16:00`, with the seconds where there are some.
fn clock(local: NaiveDateTime) -> String {
    local.format(if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn changed(file: EveningFile, change: &EveningChange) -> EveningFile {
    let text = |new: &Option<String>, old: String| new.clone().unwrap_or(old);
    EveningFile {
        name: text(&change.name, file.name),
        title: text(&change.title, file.title),
        date: text(&change.date, file.date),
        starts: text(&change.starts, file.starts),
        ends: text(&change.ends, file.ends),
        time_zone: change.time_zone.clone().unwrap_or(file.time_zone),
        slot_minutes: change.slot_minutes.unwrap_or(file.slot_minutes),
        gap_seconds: change.gap_seconds.unwrap_or(file.gap_seconds),
        mode: change.mode.unwrap_or(file.mode),
        capacity: change.capacity.unwrap_or(file.capacity),
        booking: FileWindow {
            opens: text(&change.opens, file.booking.opens),
            closes: text(&change.closes, file.booking.closes),
        },
        classes: change.classes.clone().unwrap_or_default(),
        school: file.school,
    }
}

/// Refuses seats that are too few for a class that stays.
fn check_sizes(db: &mut Db, new: &NewEvening) -> Result<()> {
    let all = evening_setup::classes_of(db, new.school)?;
    all.iter()
        .filter(|class| new.classes.contains_key(&class.id))
        .try_for_each(|class| choose::check_size(class, new.capacity))
        .map_err(wrong)
}

fn saved(saved: Result<Saved>, new: &NewEvening) -> Result<EveningId> {
    match saved {
        Ok(Saved::Added(id) | Saved::Changed(id) | Saved::Unchanged(id)) => Ok(id),
        Ok(Saved::Refused(bookings)) => Err(Error::BookingsRest(bookings)),
        Ok(Saved::Past(ended_at)) => Err(wrong(past(ended_at, new.zone))),
        Ok(Saved::TookPlace(_)) => Err(Refusal::EveningOver.into()),
        // The unique index of names is the only one that these writes can break.
        Err(Error::Raced) => Err(Refusal::EveningNameTaken.into()),
        Err(error) => Err(error),
    }
}

/// A problem of the file as a problem of a request; its sentence begins with a capital.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn wrong(problem: Problem) -> Error {
    let field = problem.field();
    let mut letters = problem.what.chars();
    let detail = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).chain(['.']).collect())
        .unwrap_or_default();
    Error::Field(WrongField { field, code: problem.code, detail })
}
