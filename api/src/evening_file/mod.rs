//! An evening as the school's office writes it down, in a TOML file (docs/evening-file.md) or in a
//! request: checked against the roster, and written. One set of rules for both. Knows no command
//! line and no HTTP.

mod check;
mod choose;
mod file;
#[cfg(test)]
mod tests;
mod wish;

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_domain::id::{ClassId, EveningId};
use thiserror::Error;

pub use self::{
    choose::LeftOut,
    file::{Entry, EveningFile, FileMode, FileWindow, Meet, OneOrMore},
    wish::{EveningChange, change, create, written},
};
use crate::{
    context::Context,
    store::{
        Db, Result, Store,
        evening_setup::{self, Lack, NewEvening, Resting, Saved},
        schools::SchoolRow,
    },
};

/// How many bookings that stand against a change are named.
const NAMED: usize = 5;

/// Why an evening can't be so: names the key and says what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{place}{what}")]
pub struct Problem {
    place: Place,
    code: &'static str,
    what: String,
}

/// What a problem is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The file as a whole, or a line that the text names.
    Whole,
    /// A key.
    Key(&'static str),
    /// An entry of the classes, by its number from 1, or a key in it.
    Entry(usize, Option<&'static str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Key(key) => write!(f, "{key}: "),
            Self::Entry(number, None) => write!(f, "classes entry {number}: "),
            Self::Entry(number, Some(key)) => write!(f, "classes entry {number}, {key}: "),
        }
    }
}

impl Problem {
    fn new(key: &'static str, code: &'static str, what: impl fmt::Display) -> Self {
        Self { place: Place::Key(key), code, what: what.to_string() }
    }

    fn at(place: Place, code: &'static str, what: impl fmt::Display) -> Self {
        Self { place, code, what: what.to_string() }
    }

    const fn whole(what: String) -> Self {
        Self { place: Place::Whole, code: "format", what }
    }

    /// The key as a request has it: `booking.opens`, `classes[0].ids`.
    #[must_use]
    pub fn field(&self) -> String {
        match self.place {
            Place::Whole => "body".to_owned(),
            Place::Key(key) => key.to_owned(),
            Place::Entry(number, None) => format!("classes[{}]", number - 1),
            Place::Entry(number, Some(key)) => format!("classes[{}].{key}", number - 1),
        }
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

/// Loads an evening inside a transaction; one that is over is refused. A [`Problem`] means that
/// nothing was written.
///
/// # Errors
/// What the database says.
pub fn apply(
    db: &mut Db,
    ctx: &Context,
    file: &EveningFile,
) -> Result<std::result::Result<Loaded, Problem>> {
    let Some(school) = evening_setup::find_school(db, &file.school)? else {
        return Ok(Err(Problem::new(
            "school",
            "unknown",
            format!(
                "no school {:?} is known; give its slug or its id in the roster, or import its \
                 roster first",
                file.school
            ),
        )));
    };
    let (new, left_out) = match plan(db, file, &school)? {
        Ok(planned) => planned,
        Err(problem) => return Ok(Err(problem)),
    };
    let zone = new.zone;
    let (evening, fate) = match evening_setup::save(db, ctx, &new)? {
        Saved::Added(id) => (id, Fate::Added),
        Saved::Changed(id) => (id, Fate::Changed),
        Saved::Unchanged(id) => (id, Fate::Unchanged),
        Saved::Refused(bookings) => return Ok(Err(resting(&bookings, zone))),
        Saved::Past(ended_at) => return Ok(Err(past(ended_at, zone))),
        Saved::TookPlace(ended_at) => {
            let what = format!(
                "the evening of this name took place and was over on {}; give the next one a name \
                 of its own",
                moment(ended_at, zone)
            );
            return Ok(Err(Problem::new("name", "past", what)));
        }
    };
    let slots = new.timing.slots().count();
    Ok(Ok(Loaded { evening, title: new.title, fate, slots, classes: new.classes.len(), left_out }))
}

/// What is written, checked against the school's roster, and the classes that were chosen in vain.
fn plan(
    db: &mut Db,
    file: &EveningFile,
    school: &SchoolRow,
) -> Result<std::result::Result<(NewEvening, Vec<LeftOut>), Problem>> {
    let classes = evening_setup::classes_of(db, school.id())?;
    Ok(check::check(file, &school.time_zone).and_then(|checked| {
        let choice = choose::choose(&file.classes, &classes, checked.mode, checked.capacity)?;
        let lacks = choice.left_out.iter().map(|class| (class.id, class.lacks)).collect();
        Ok((evening(checked, school, choice.chosen, lacks), choice.left_out))
    }))
}

fn evening(
    checked: check::Checked,
    school: &SchoolRow,
    classes: BTreeMap<ClassId, bool>,
    left_out: BTreeMap<ClassId, Lack>,
) -> NewEvening {
    NewEvening {
        school: school.id(),
        name: checked.name,
        title: checked.title,
        timing: checked.timing,
        slot_minutes: checked.slot_minutes,
        gap_seconds: checked.gap_seconds,
        window: checked.window,
        zone: checked.zone,
        mode: checked.mode,
        capacity: checked.capacity,
        classes,
        left_out,
    }
}

/// The evening would be over already.
fn past(ended_at: DateTime<Utc>, zone: Tz) -> Problem {
    Problem::new(
        "date",
        "past",
        format!(
            "the evening was over on {}; give one that is still to come",
            moment(ended_at, zone)
        ),
    )
}

/// "26 November 2026 at 19:00".
fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y at %H:%M").to_string()
}

/// Counts and names the bookings that a change would break.
fn resting(bookings: &[Resting], zone: Tz) -> Problem {
    let named = bookings.iter().take(NAMED).map(|booking| {
        let at = booking.starts_at.with_timezone(&zone).format("%-d %B %H:%M");
        format!(
            "{at} {}, {} with {} ({})",
            booking.subject, booking.student, booking.parent, booking.why
        )
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let more = bookings.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let count = if bookings.len() == 1 {
        "1 booking rests".to_owned()
    } else {
        format!("{} bookings rest", bookings.len())
    };
    Problem::whole(format!(
        "{count} on what the file changes, so nothing was changed: {named}{more}. Cancel or move \
         them first, or leave that part of the file as it was"
    ))
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Added => "is added",
            Fate::Changed => "is changed",
            Fate::Unchanged => "is as it was",
        };
        write!(
            f,
            "{} {fate}: {} slots, {} classes take part.",
            self.title, self.slots, self.classes
        )?;
        for class in &self.left_out {
            write!(f, "\nLeft out: {class}.")?;
        }
        Ok(())
    }
}
