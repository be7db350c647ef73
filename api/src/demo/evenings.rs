//! The demo's evenings, written as evening files and loaded like them: the next parents' evening,
//! one whose booking is not open yet, and one that is over.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Europe::London;
use diesel::prelude::*;
use parlour_domain::id::{EveningId, SchoolId};

use super::{
    SCHOOL,
    bookings::{self, ParentFilter},
};
use crate::{
    context::Context,
    evening_file::{self, EveningFile},
    evening_spec::SpecError,
    schema::evenings,
    store::{
        Db, Error, Result, evening_setup,
        evenings::find,
        metadata,
        sql_types::{At, Key, key},
    },
};

/// The prefix of the name of each kind of evening; the date follows. An evening may be renamed
/// later, so a metadata row keeps its id.
const PARENTS: &str = "year-9-parents-";
const OPTIONS: &str = "options-";
const SETTLING_IN: &str = "year-9-settling-in-";

type Made = (Vec<String>, usize);

/// Creates the missing evenings and adds bookings to those whose booking has opened; returns their
/// titles and the number of bookings.
pub(super) fn load(db: &mut Db, ctx: &Context) -> Result<std::result::Result<Made, SpecError>> {
    let Some(school) = evening_setup::find_school(db, SCHOOL)? else {
        return Ok(Ok(Made::default()));
    };
    let mut known =
        |kind: &str| Ok::<_, Error>(newest(db, school.id(), kind)?.map(|(_, ends_at)| ends_at));
    let (settled_in, parents, options) = (known(SETTLING_IN)?, known(PARENTS)?, known(OPTIONS)?);
    let is_coming = |ends_at: Option<At>| ends_at.is_some_and(|ends_at| *ends_at > ctx.now);
    let date = thursday(ctx);
    // An evening in the past can't be loaded, so it is loaded with a clock that is set back 12
    // weeks.
    let then = ctx.as_of(ctx.now - TimeDelta::weeks(12));
    let mut made = Made::default();
    // The past evening comes first, because its bookings are older.
    for (kind, missing, loaded, file) in [
        (SETTLING_IN, settled_in.is_none(), &then, settling_in(date)),
        (PARENTS, !is_coming(parents), ctx, parents_evening(date)),
        (OPTIONS, !is_coming(options), ctx, options_evening(date)),
    ] {
        if !missing {
            continue;
        }
        match make(db, ctx, loaded, school.id(), &file)? {
            Ok((evening, title, count)) => {
                metadata::set(db, &metadata_key(kind), &evening.0.to_string())?;
                made.0.push(title);
                made.1 += count;
            }
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(made))
}

/// Creates an evening with the context `loaded`, and adds the bookings that it would have now.
fn make(
    db: &mut Db,
    ctx: &Context,
    loaded: &Context,
    school: SchoolId,
    file: &str,
) -> Result<std::result::Result<(EveningId, String, usize), SpecError>> {
    let loaded = match EveningFile::parse(file) {
        Ok(file) => evening_file::apply(db, loaded, &file)?,
        Err(problem) => Err(problem),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(problem) => return Ok(Err(problem)),
    };
    let count = fill(db, ctx, school, loaded.evening)?;
    Ok(Ok((loaded.evening, loaded.title, count)))
}

fn fill(db: &mut Db, ctx: &Context, school: SchoolId, evening: EveningId) -> Result<usize> {
    let evening = find(db, school, evening)?;
    if ctx.now < *evening.booking_opens_at {
        return Ok(0);
    }
    if ctx.now >= *evening.booking_closes_at {
        return bookings::fill_slots(db, ctx, &evening, ParentFilter::All);
    }
    let rachels = bookings::book_for_rachel(db, ctx, &evening)?;
    Ok(rachels + bookings::fill_slots(db, ctx, &evening, ParentFilter::Others)?)
}

/// The first Thursday that is at least two days ahead, in the school's time zone.
fn thursday(ctx: &Context) -> NaiveDate {
    let mut date = ctx.now.with_timezone(&London).date_naive() + Days::new(2);
    while date.weekday() != Weekday::Thu {
        date = date + Days::new(1);
    }
    date
}

fn parents_evening(date: NaiveDate) -> String {
    let opens = date - Days::new(21);
    format!(
        r#"
        school = "{SCHOOL}"
        name = "{PARENTS}{date}"
        title = "Year 9 Parents’ Evening"
        date = {date}
        starts = "16:00"
        ends = "19:00"
        slot_minutes = 5
        gap_seconds = 0
        mode = "video"
        capacity = 4
        booking = {{ opens = "{opens}T08:00", closes = "{date}T15:00" }}
        [[classes]]
        titles = "Year 9 *"
        "#
    )
}

fn options_evening(date: NaiveDate) -> String {
    let (date, opens) = (date + Days::new(28), date + Days::new(14));
    format!(
        r#"
        school = "{SCHOOL}"
        name = "{OPTIONS}{date}"
        title = "Year 10 & 11 Options Evening"
        date = {date}
        starts = "17:00"
        ends = "19:30"
        slot_minutes = 10
        gap_seconds = 60
        mode = "hybrid"
        booking = {{ opens = "{opens}T08:00", closes = "{date}T12:00" }}
        [[classes]]
        titles = "Year 10 *"
        meet = "video"
        [[classes]]
        titles = "Year 11 *"
        meet = "in_person"
        "#
    )
}

fn settling_in(date: NaiveDate) -> String {
    let date = date - Days::new(56);
    let opens = date - Days::new(21);
    format!(
        r#"
        school = "{SCHOOL}"
        name = "{SETTLING_IN}{date}"
        title = "Year 9 Settling-in Evening"
        date = {date}
        starts = "16:30"
        ends = "18:30"
        slot_minutes = 5
        gap_seconds = 30
        mode = "video"
        booking = {{ opens = "{opens}T08:00", closes = "{date}T12:00" }}
        [[classes]]
        titles = "Year 9 *"
        subjects = ["English", "Maths", "Science"]
        "#
    )
}

/// The latest parents' evening of the demo school, which the one-click logins use.
pub(super) fn latest(db: &mut Db, school: SchoolId) -> Result<EveningId> {
    newest(db, school, PARENTS)?.map(|(evening, _)| evening).ok_or(Error::NotFound)
}

/// The most recently created evening of a kind, and when it ends.
fn newest(db: &mut Db, school: SchoolId, kind: &str) -> Result<Option<(EveningId, At)>> {
    let of_school = evenings::table.filter(evenings::school_id.eq(key(school)));
    if let Some(id) = metadata::get(db, &metadata_key(kind))?.and_then(|id| id.parse().ok()) {
        let found: Option<(Key, At)> = of_school
            .filter(evenings::id.eq(key(EveningId(id))))
            .select((evenings::id, evenings::ends_at))
            .first(db)
            .optional()?;
        if let Some((id, ends_at)) = found {
            return Ok(Some((id.into(), ends_at)));
        }
    }
    // The evening was created before metadata rows existed, or the recorded one is gone.
    let named = of_school
        .filter(evenings::name.like(format!("{kind}%")))
        .order((evenings::starts_at.desc(), evenings::id.desc()));
    let found: Option<(Key, At)> =
        named.select((evenings::id, evenings::ends_at)).first(db).optional()?;
    Ok(found.map(|(id, ends_at)| (id.into(), ends_at)))
}

/// The key of the metadata row that holds the id of the newest evening of a kind.
fn metadata_key(kind: &str) -> String {
    format!("{}{kind}", metadata::DEMO)
}
