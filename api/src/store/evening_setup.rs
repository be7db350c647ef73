//! Sets an evening up: what its file is checked against, and the writing of it. What live bookings rest on is never changed under them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::{
    evening::{BookingWindow, Mode, Timing},
    id::{ClassId, EveningId, SchoolId},
};

use super::{
    Db, Error, Result,
    events::{self, Actor, NewEvent},
    people::full_name,
    schools::SchoolRow,
    sql_types::{At, Key, at, key},
    webhooks::{self, News},
};
use crate::{
    context::Context,
    each,
    schema::{bookings, classes, enrolments, evening_classes, evenings, people, schools},
};

/// A class of the school as an evening's rules see it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct SchoolClass {
    pub id: ClassId,
    pub sourced_id: String,
    pub title: String,
    pub subject: String,
    /// Those who teach it now.
    pub teachers: BTreeSet<Key>,
    /// How many learn in it now.
    pub students: usize,
}

/// An evening as it is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct NewEvening {
    pub school: SchoolId,
    pub name: String,
    pub title: String,
    pub timing: Timing,
    pub slot_minutes: u32,
    pub gap_seconds: u32,
    pub window: BookingWindow,
    pub zone: Tz,
    pub mode: Mode,
    pub capacity: u32,
    /// The classes that take part, with whether they meet by video.
    pub classes: BTreeMap<ClassId, bool>,
}

/// What became of an evening.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Saved {
    /// It is new.
    Added(EveningId),
    /// It was there and is changed.
    Changed(EveningId),
    /// It was there just so.
    Unchanged(EveningId),
    /// Live bookings rest on what would change; nothing was written.
    Refused(Vec<Resting>),
    /// It would be over already, since this time; nothing was written.
    Past(DateTime<Utc>),
    /// One of the same name took place, and was over at this time; nothing was written.
    TookPlace(DateTime<Utc>),
}

/// A live booking that a change would break.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resting {
    /// When.
    pub starts_at: DateTime<Utc>,
    /// The class's subject.
    pub subject: String,
    /// About whom.
    pub student: String,
    /// Whose.
    pub parent: String,
    /// What it rests on.
    pub why: RestsOn,
}

/// What a booking rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestsOn {
    /// The class takes part.
    Class,
    /// Its time is a slot.
    Slot,
    /// The slot's length.
    Length,
    /// The class meets by video, or in person.
    Meeting,
}

impl fmt::Display for RestsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Class => "the class would no more take part",
            Self::Slot => "its time would be no slot",
            Self::Length => "its slot would have another length",
            Self::Meeting => "video would become in person, or the other way round",
        })
    }
}

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

/// The school with this slug, else with this id in the roster.
///
/// # Errors
/// When the database fails.
pub fn find_school(db: &mut Db, named: &str) -> Result<Option<SchoolRow>> {
    let by_slug = schools::table.filter(schools::slug.eq(named)).select(SchoolRow::as_select()).first(db).optional()?;
    match by_slug {
        Some(school) => Ok(Some(school)),
        None => Ok(schools::table.filter(schools::sourced_id.eq(named)).select(SchoolRow::as_select()).first(db).optional()?),
    }
}

/// The school's classes by title, with those who teach and learn in them now.
///
/// # Errors
/// When the database fails.
pub fn classes_of(db: &mut Db, school: SchoolId) -> Result<Vec<SchoolClass>> {
    let members: Vec<(Key, Key, String)> = enrolments::table
        .inner_join(people::table)
        .filter(enrolments::school_id.eq(key(school)).and(enrolments::removed_at.is_null()).and(people::removed_at.is_null()))
        .select((enrolments::class_id, enrolments::person_id, enrolments::role))
        .load(db)?;
    let (mut teachers, mut students): (BTreeMap<Key, BTreeSet<Key>>, BTreeMap<Key, usize>) = Default::default();
    for (class, person, role) in members {
        match role.as_str() {
            "teacher" => _ = teachers.entry(class).or_default().insert(person),
            _ => *students.entry(class).or_default() += 1,
        }
    }
    let rows: Vec<(Key, String, String, String)> = classes::table
        .filter(classes::school_id.eq(key(school)).and(classes::removed_at.is_null()))
        .order((classes::title, classes::id))
        .select((classes::id, classes::sourced_id, classes::title, classes::subject))
        .load(db)?;
    let class = |(id, sourced_id, title, subject): (Key, String, String, String)| SchoolClass {
        id: id.into(),
        sourced_id,
        title,
        subject,
        teachers: teachers.remove(&id).unwrap_or_default(),
        students: students.remove(&id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(class).collect())
}

/// Makes the evening, or brings the one of the same name to what is wanted; the audit log says so. An evening that is over stays as it was.
///
/// # Errors
/// When the database fails, also when another transaction makes an evening of the same name at the same time ([`Error::Raced`]).
pub fn save(db: &mut Db, ctx: &Context, new: &NewEvening) -> Result<Saved> {
    let known = evenings::table.filter(evenings::school_id.eq(key(new.school)).and(evenings::name.eq(&new.name)));
    let known: Option<EveningRow> = known.select(EveningRow::as_select()).first(db).optional()?;
    let Some(known) = known else {
        if new.timing.ends_at() <= ctx.now {
            return Ok(Saved::Past(new.timing.ends_at()));
        }
        let id: EveningId = ctx.new_id();
        diesel::insert_into(evenings::table).values(row(key(id), at(ctx.now), new)?).execute(db).map_err(Error::raced)?;
        insert_classes(db, key(id), new.classes.iter())?;
        record(db, ctx, new, id, "evening_added", format!("Added {}.", described(new)))?;
        return Ok(Saved::Added(id));
    };
    hold(db, known.id)?;
    let wanted = row(known.id, known.created_at, new)?;
    let there: BTreeMap<ClassId, bool> = classes_taking_part(db, known.id)?;
    if wanted == known && there == new.classes {
        return Ok(Saved::Unchanged(known.id.into()));
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
    diesel::update(evenings::table.find(known.id)).set(&wanted).execute(db)?;
    let differing: Vec<Key> = there.iter().filter(|(class, video)| new.classes.get(class) != Some(video)).map(|(class, _)| key(*class)).collect();
    let gone = evening_classes::table.filter(evening_classes::evening_id.eq(known.id).and(evening_classes::class_id.eq_any(differing)));
    diesel::delete(gone).execute(db)?;
    insert_classes(db, known.id, new.classes.iter().filter(|(class, video)| there.get(class) != Some(video)))?;
    let summary = format!("Changed {}: {}.", described(new), differences(&known, &wanted, &there, &new.classes).join(", "));
    record(db, ctx, new, known.id.into(), "evening_changed", summary)?;
    Ok(Saved::Changed(known.id.into()))
}

/// Writes what was done into the audit log and tells the school's endpoints. Files are loaded by whoever may run the server, so the school as such is named
/// as the actor.
fn record(db: &mut Db, ctx: &Context, new: &NewEvening, evening: EveningId, action: &'static str, summary: String) -> Result<()> {
    webhooks::tell(db, ctx, new.school, &[News::evening(evening)])?;
    events::record(db, ctx, &NewEvent { school: new.school, evening: Some(evening), parent: None, action, summary, actor: &Actor::school() })
}

/// "Year 9 Parents’ Evening, 26 November 2026 16:00 to 19:00, 12 classes".
fn described(new: &NewEvening) -> String {
    let clock = |at: DateTime<Utc>, format| at.with_timezone(&new.zone).format(format).to_string();
    let (starts, ends) = (clock(new.timing.starts_at(), "%-d %B %Y %H:%M"), clock(new.timing.ends_at(), "%H:%M"));
    format!("{}, {starts} to {ends}, {} classes", new.title, new.classes.len())
}

/// What a change touches, in words.
fn differences(known: &EveningRow, wanted: &EveningRow, there: &BTreeMap<ClassId, bool>, classes: &BTreeMap<ClassId, bool>) -> Vec<String> {
    let parts = [
        ("title", known.title != wanted.title),
        ("times", (known.starts_at, known.ends_at, &known.time_zone) != (wanted.starts_at, wanted.ends_at, &wanted.time_zone)),
        ("slots", (known.slot_minutes, known.gap_seconds) != (wanted.slot_minutes, wanted.gap_seconds)),
        ("booking window", (known.booking_opens_at, known.booking_closes_at) != (wanted.booking_opens_at, wanted.booking_closes_at)),
        ("mode", known.mode != wanted.mode),
        ("capacity", known.capacity != wanted.capacity),
    ];
    let mut all: Vec<String> = parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part.to_owned()).collect();
    let (added, gone) = (classes.keys().filter(|class| !there.contains_key(class)).count(), there.keys().filter(|class| !classes.contains_key(class)).count());
    let meets = classes.iter().filter(|(class, video)| there.get(class).is_some_and(|was| was != *video)).count();
    for (count, what) in [(added, "added"), (gone, "taken out"), (meets, "meeting in another way")] {
        if count > 0 {
            all.push(format!("{count} {} {what}", if count == 1 { "class" } else { "classes" }));
        }
    }
    all
}

/// Makes bookings of other transactions wait until this one ends: their foreign key needs the evening's row. SQLite writes one at a time anyway.
fn hold(db: &mut Db, evening: Key) -> QueryResult<()> {
    match db {
        Db::Pg(conn) => evenings::table.find(evening).select(evenings::id).for_update().first::<Key>(conn).map(|_| ()),
        Db::Sqlite(_) => Ok(()),
    }
}

fn classes_taking_part(db: &mut Db, evening: Key) -> QueryResult<BTreeMap<ClassId, bool>> {
    let rows: Vec<(Key, bool)> =
        evening_classes::table.filter(evening_classes::evening_id.eq(evening)).select((evening_classes::class_id, evening_classes::video)).load(db)?;
    Ok(rows.into_iter().map(|(class, video)| (class.into(), video)).collect())
}

/// The live bookings that would not fit the new evening, by time.
fn resting(db: &mut Db, evening: Key, new: &NewEvening) -> Result<Vec<Resting>> {
    let (students, parents) = diesel::alias!(people as students, people as parents);
    type Found = (Key, At, At, bool, String, (String, String), (String, String));
    let rows: Vec<Found> = bookings::table
        .inner_join(classes::table.on(classes::id.eq(bookings::class_id)))
        .inner_join(students.on(students.field(people::id).eq(bookings::student_id)))
        .inner_join(parents.on(parents.field(people::id).eq(bookings::parent_id)))
        .filter(bookings::evening_id.eq(evening).and(bookings::cancelled_at.is_null()))
        .order((bookings::starts_at, bookings::id))
        .select((
            bookings::class_id,
            bookings::starts_at,
            bookings::ends_at,
            bookings::video,
            classes::subject,
            students.fields((people::given_name, people::family_name)),
            parents.fields((people::given_name, people::family_name)),
        ))
        .load(db)?;
    let why = |class: ClassId, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, video: bool| match new.classes.get(&class) {
        None => Some(RestsOn::Class),
        Some(_) if new.timing.check_slot(starts_at).is_err() => Some(RestsOn::Slot),
        Some(_) if starts_at + new.timing.slot_length() != ends_at => Some(RestsOn::Length),
        Some(meets) => (*meets != video).then_some(RestsOn::Meeting),
    };
    let resting = rows.into_iter().filter_map(|(class, starts_at, ends_at, video, subject, student, parent)| {
        let why = why(class.into(), *starts_at, *ends_at, video)?;
        Some(Resting { starts_at: *starts_at, subject, student: full_name(&student.0, &student.1), parent: full_name(&parent.0, &parent.1), why })
    });
    Ok(resting.collect())
}

fn row(id: Key, created_at: At, new: &NewEvening) -> Result<EveningRow> {
    let number = |value: u32| i32::try_from(value).map_err(|error| Error::Database(diesel::result::Error::SerializationError(error.into())));
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

fn insert_classes<'c>(db: &mut Db, evening: Key, classes: impl Iterator<Item = (&'c ClassId, &'c bool)>) -> QueryResult<()> {
    const ROWS: usize = 500;
    let rows: Vec<ClassRow> = classes.map(|(class, video)| ClassRow { evening_id: evening, class_id: key(*class), video: *video }).collect();
    for chunk in rows.chunks(ROWS) {
        each!(db, conn => diesel::insert_into(evening_classes::table).values(chunk).execute(conn))?;
    }
    Ok(())
}
