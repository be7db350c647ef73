//! The demo's evenings, written as files of evenings and loaded like them: the parents' evening this week or next, one whose booking is not open, one that is over.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Europe::London;
use diesel::prelude::*;
use parlour_domain::id::{EveningId, SchoolId};

use super::{
    SCHOOL,
    bookings::{self, Of},
};
use crate::{
    context::Context,
    evening_file::{self, EveningFile, Problem},
    schema::evenings,
    store::{
        Db, Result, evening_setup,
        evenings::find,
        sql_types::{At, Key, key},
    },
};

/// What the names of each kind of evening begin with; the date follows.
const PARENTS: &str = "year-9-parents-";
const OPTIONS: &str = "options-";
const SETTLING_IN: &str = "year-9-settling-in-";

type Made = (Vec<String>, usize);

/// Makes the evenings that are missing and fills those that parents can or could book; says which, and how many bookings they got.
pub(super) fn load(db: &mut Db, ctx: &Context) -> Result<std::result::Result<Made, Problem>> {
    let Some(school) = evening_setup::find_school(db, SCHOOL)? else { return Ok(Ok(Made::default())) };
    let known: Vec<(String, At)> = evenings::table.filter(evenings::school_id.eq(school.id)).select((evenings::name, evenings::ends_at)).load(db)?;
    let is_coming = |kind: &str| known.iter().any(|(name, ends_at)| name.starts_with(kind) && **ends_at > ctx.now);
    let was = |kind: &str| known.iter().any(|(name, _)| name.starts_with(kind));
    let date = thursday(ctx);
    // An evening that is over can't be loaded: the school wrote it down when it was still to come.
    let then = ctx.as_of(ctx.now - TimeDelta::weeks(12));
    let mut made = Made::default();
    // The past comes first, as its bookings would have.
    for (missing, loaded, file) in
        [(!was(SETTLING_IN), &then, settling_in(date)), (!is_coming(PARENTS), ctx, parents_evening(date)), (!is_coming(OPTIONS), ctx, options_evening(date))]
    {
        if !missing {
            continue;
        }
        match make(db, ctx, loaded, school.id(), &file)? {
            Ok((title, count)) => {
                made.0.push(title);
                made.1 += count;
            }
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(made))
}

/// Makes an evening that was loaded at one time and has the bookings that it would have now.
fn make(db: &mut Db, ctx: &Context, loaded: &Context, school: SchoolId, file: &str) -> Result<std::result::Result<(String, usize), Problem>> {
    let loaded = match EveningFile::parse(file) {
        Ok(file) => evening_file::apply(db, loaded, &file)?,
        Err(problem) => Err(problem),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(problem) => return Ok(Err(problem)),
    };
    let count = fill(db, ctx, school, loaded.evening)?;
    Ok(Ok((loaded.title, count)))
}

fn fill(db: &mut Db, ctx: &Context, school: SchoolId, evening: EveningId) -> Result<usize> {
    let evening = find(db, school, evening)?;
    if ctx.now < *evening.booking_opens_at {
        return Ok(0);
    }
    if ctx.now >= *evening.booking_closes_at {
        return bookings::lay_out(db, ctx, &evening, Of::All);
    }
    let rachels = bookings::make_rachels(db, ctx, &evening)?;
    Ok(rachels + bookings::lay_out(db, ctx, &evening, Of::Others)?)
}

/// The first Thursday that is at least two days ahead, at the school.
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

/// The latest parents' evening of the demo school, which its logins are about.
pub(super) fn latest(db: &mut Db, school: SchoolId) -> Result<EveningId> {
    let id: Key = evenings::table
        .filter(evenings::school_id.eq(key(school)).and(evenings::name.like(format!("{PARENTS}%"))))
        .order((evenings::starts_at.desc(), evenings::id.desc()))
        .select(evenings::id)
        .first(db)?;
    Ok(id.into())
}
