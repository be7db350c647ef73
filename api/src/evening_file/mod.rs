//! Evening files: reads and loads evenings that are written in TOML (docs/evening-file.md). Knows
//! no command line and no HTTP.

mod file;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono_tz::Tz;
use parlour_domain::id::EveningId;

pub use self::file::{Entry, EveningFile, FileMeet, FileMode, FileWindow, OneOrMore};
use crate::{
    context::Context,
    evening_spec::{LeftOut, SpecError, in_words},
    store::{
        Db, Result, Store,
        evening_setup::{self, Planned, Resting, Saved},
    },
};

/// Maximum number of bookings that a refusal names.
const NAMED: usize = 5;

/// Effect of loading a file on the evening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadOutcome {
    /// The evening is new.
    Added,
    /// The evening existed and was changed.
    Changed,
    /// The evening already had these settings.
    Unchanged,
}

/// The outcome of loading a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The evening's id.
    pub evening: EveningId,
    /// Its title.
    pub title: String,
    /// Effect on the evening.
    pub outcome: LoadOutcome,
    /// Number of slots it has.
    pub slots: usize,
    /// Number of classes take part.
    pub classes: usize,
    /// Classes that were chosen but can't take part.
    pub left_out: Vec<LeftOut>,
}

/// Loads the evening of a file's text.
///
/// # Errors
/// [`SpecError`] when the file can't be loaded; then nothing is written. Also when the database
/// fails.
pub async fn load(store: &Store, ctx: &Context, text: &str) -> anyhow::Result<Loaded> {
    let file = EveningFile::parse(text)?;
    let ctx = ctx.clone();
    Ok(store.write(move |db| apply(db, &ctx, &file)).await??)
}

/// Loads an evening inside a transaction; an evening that is over is refused. The inner
/// [`SpecError`] means that nothing was written.
///
/// # Errors
/// Errors of the database.
pub fn apply(
    db: &mut Db,
    ctx: &Context,
    file: &EveningFile,
) -> Result<std::result::Result<Loaded, SpecError>> {
    let Some(school) = evening_setup::find_school(db, &file.school)? else {
        return Ok(Err(SpecError::new(
            "school",
            "unknown",
            format!(
                "no school {:?} is known; give its slug or its id in the roster, or import its \
                 roster first",
                file.school
            ),
        )));
    };
    let spec = match file.clone().spec(&school.time_zone) {
        Ok(spec) => spec,
        Err(error) => return Ok(Err(error)),
    };
    let Planned { evening: new, left_out } = match evening_setup::plan(db, &spec, &school)? {
        Ok(planned) => planned,
        Err(error) => return Ok(Err(error)),
    };
    let zone = new.zone;
    let (evening, outcome) = match evening_setup::save(db, ctx, &new)? {
        Saved::Added(id) => (id, LoadOutcome::Added),
        Saved::Changed(id) => (id, LoadOutcome::Changed),
        Saved::Unchanged(id) => (id, LoadOutcome::Unchanged),
        Saved::Refused(bookings) => return Ok(Err(resting(&bookings, zone))),
        Saved::Past(ended_at) => return Ok(Err(SpecError::past(ended_at, zone))),
        Saved::TookPlace(ended_at) => {
            let what = format!(
                "the evening of this name took place and was over on {}; give the next one a name \
                 of its own",
                in_words(ended_at, zone)
            );
            return Ok(Err(SpecError::new("name", "past", what)));
        }
    };
    let slots = new.timing.slots().count();
    Ok(Ok(Loaded {
        evening,
        title: new.title,
        outcome,
        slots,
        classes: new.classes.len(),
        left_out,
    }))
}

/// Counts and names the bookings that a change would break.
fn resting(bookings: &[Resting], zone: Tz) -> SpecError {
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
    SpecError::whole(format!(
        "{count} on what the file changes, so nothing was changed: {named}{more}. Cancel or move \
         them first, or leave that part of the file as it was"
    ))
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            LoadOutcome::Added => "is added",
            LoadOutcome::Changed => "is changed",
            LoadOutcome::Unchanged => "is as it was",
        };
        write!(
            f,
            "{} {outcome}: {} slots, {} classes take part.",
            self.title, self.slots, self.classes
        )?;
        for class in &self.left_out {
            write!(f, "\nLeft out: {class}.")?;
        }
        Ok(())
    }
}
