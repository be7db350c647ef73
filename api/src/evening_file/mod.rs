//! An evening as the school's office writes it down: a TOML file, checked against the roster, and loaded (docs/evening-file.md). Knows no command line.

mod check;
mod choose;
mod file;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_domain::id::EveningId;
use thiserror::Error;

pub use self::{choose::LeftOut, file::EveningFile};
use crate::{
    context::Context,
    store::{
        Db, Result, Store,
        evening_setup::{self, NewEvening, Resting, Saved},
    },
};

/// How many bookings that stand against a change are named.
const NAMED: usize = 5;

/// Why a file can't be loaded: names the key and says what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct Problem(String);

impl Problem {
    fn new(key: &str, what: impl fmt::Display) -> Self {
        Self(format!("{key}: {what}"))
    }
}

/// What loading a file did to the evening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is new.
    Added,
    /// It was there and is changed.
    Changed,
    /// It was there just so.
    Unchanged,
}

/// The outcome of loading a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The evening.
    pub evening: EveningId,
    /// Its title.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// How many slots it has.
    pub slots: usize,
    /// How many classes take part.
    pub classes: usize,
    /// Classes that were chosen but can't take part.
    pub left_out: Vec<LeftOut>,
}

/// Loads the evening of a file's text.
///
/// # Errors
/// [`Problem`] when the file can't be loaded; nothing is written then. What the database says.
pub async fn load(store: &Store, ctx: &Context, text: &str) -> anyhow::Result<Loaded> {
    let file = EveningFile::parse(text)?;
    let ctx = ctx.clone();
    Ok(store.write(move |db| apply(db, &ctx, &file)).await??)
}

/// Loads an evening inside a transaction; one that is over is refused. A [`Problem`] means that nothing was written.
///
/// # Errors
/// What the database says.
pub fn apply(db: &mut Db, ctx: &Context, file: &EveningFile) -> Result<std::result::Result<Loaded, Problem>> {
    let Some(school) = evening_setup::find_school(db, &file.school)? else {
        return Ok(Err(Problem::new(
            "school",
            format!("no school {:?} is known; give its slug or its id in the roster, or import its roster first", file.school),
        )));
    };
    let classes = evening_setup::classes_of(db, school.id())?;
    let planned = check::check(file, &school.time_zone).and_then(|checked| {
        let choice = choose::choose(&file.classes, &classes, checked.mode, checked.capacity)?;
        Ok((checked, choice))
    });
    let (checked, choice) = match planned {
        Ok(planned) => planned,
        Err(problem) => return Ok(Err(problem)),
    };
    let (slots, chosen, zone) = (checked.timing.slots().count(), choice.chosen.len(), checked.zone);
    let evening = NewEvening {
        school: school.id(),
        name: checked.name,
        title: checked.title.clone(),
        timing: checked.timing,
        slot_minutes: checked.slot_minutes,
        gap_seconds: checked.gap_seconds,
        window: checked.window,
        zone,
        mode: checked.mode,
        capacity: checked.capacity,
        classes: choice.chosen,
    };
    let (evening, fate) = match evening_setup::save(db, ctx, &evening)? {
        Saved::Added(id) => (id, Fate::Added),
        Saved::Changed(id) => (id, Fate::Changed),
        Saved::Unchanged(id) => (id, Fate::Unchanged),
        Saved::Refused(bookings) => return Ok(Err(resting(&bookings, zone))),
        Saved::Past(ended_at) => {
            let what = format!("the evening was over on {}; load one that is still to come", moment(ended_at, zone));
            return Ok(Err(Problem::new("date", what)));
        }
        Saved::TookPlace(ended_at) => {
            let what = format!("the evening of this name took place and was over on {}; give the next one a name of its own", moment(ended_at, zone));
            return Ok(Err(Problem::new("name", what)));
        }
    };
    Ok(Ok(Loaded { evening, title: checked.title, fate, slots, classes: chosen, left_out: choice.left_out }))
}

/// "26 November 2026 at 19:00".
fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y at %H:%M").to_string()
}

/// Counts and names the bookings that a change would break.
fn resting(bookings: &[Resting], zone: Tz) -> Problem {
    let named = bookings.iter().take(NAMED).map(|booking| {
        let at = booking.starts_at.with_timezone(&zone).format("%-d %B %H:%M");
        format!("{at} {}, {} with {} ({})", booking.subject, booking.student, booking.parent, booking.why)
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let more = bookings.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let count = if bookings.len() == 1 { "1 booking rests".to_owned() } else { format!("{} bookings rest", bookings.len()) };
    Problem(format!(
        "{count} on what the file changes, so nothing was changed: {named}{more}. Cancel or move them first, or leave that part of the file as it was"
    ))
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Added => "is added",
            Fate::Changed => "is changed",
            Fate::Unchanged => "is as it was",
        };
        write!(f, "{} {fate}: {} slots, {} classes take part.", self.title, self.slots, self.classes)?;
        for class in &self.left_out {
            write!(f, "\nLeft out: {class}.")?;
        }
        Ok(())
    }
}
