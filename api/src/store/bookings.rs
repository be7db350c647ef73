//! Bookings: made together or not at all, moved, cancelled, listed. The claims' primary key decides every race.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    booking::claimed_minutes,
    id::{BookingId, ClassId, EveningId, PersonId, SchoolId},
};

use super::{
    Db, Error, Result, access,
    evenings::{self, EveningRow},
    events::{self, Actor, NewEvent},
    invites, login,
    outbox::{self, NewMail, Template},
    people::{self as people_store, PersonRow},
    slots::{self, OfferedClass},
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    each,
    schema::{booking_teachers, bookings, claims, classes, people},
};

/// A booking.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = bookings)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct BookingRow {
    pub id: Key,
    pub school_id: Key,
    pub evening_id: Key,
    pub parent_id: Key,
    pub student_id: Key,
    pub class_id: Key,
    pub starts_at: At,
    pub ends_at: At,
    pub video: bool,
    pub sequence: i32,
    pub cancelled_at: Option<At>,
}

/// A booking with the names that belong to it.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The booking.
    pub row: BookingRow,
    /// About whom.
    pub student: PersonRow,
    /// With whom.
    pub teachers: Vec<PersonRow>,
    /// The subject.
    pub subject: String,
    /// Guests whom the parent invited for the student.
    pub guests: Vec<String>,
}

/// An appointment that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewBooking {
    /// About whom.
    pub student: PersonId,
    /// With whose teachers.
    pub class: ClassId,
    /// A slot's start.
    pub starts_at: DateTime<Utc>,
}

/// An appointment that could not be made, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Which.
    pub booking: NewBooking,
    /// Why.
    pub refusal: Refusal,
}

/// For whom and by whom bookings are changed.
#[derive(Clone, Debug)]
pub struct Acting {
    /// The parent whose bookings these are.
    pub parent: PersonId,
    /// Who does it.
    pub actor: Actor,
    /// Staff are not held by the booking window.
    pub is_staff: bool,
}

impl Acting {
    fn check_window(&self, evening: &EveningRow, now: DateTime<Utc>) -> Result<()> {
        if now >= *evening.ends_at {
            return Err(Refusal::EveningOver.into());
        }
        if self.is_staff { Ok(()) } else { evening.window().check(now).map_err(Error::from) }
    }
}

/// Why a booking ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Somebody cancelled it.
    Cancelled,
    /// The parent lost access (rule 13).
    AccessLost,
}

#[derive(Insertable)]
#[diesel(table_name = bookings)]
struct NewRow {
    id: Key,
    school_id: Key,
    evening_id: Key,
    parent_id: Key,
    student_id: Key,
    class_id: Key,
    starts_at: At,
    ends_at: At,
    video: bool,
    sequence: i32,
    created_by: Key,
    created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = claims)]
struct Claim {
    person_id: Key,
    minute: i32,
    booking_id: Key,
}

#[derive(Insertable)]
#[diesel(table_name = booking_teachers)]
struct TeacherOf {
    booking_id: Key,
    teacher_id: Key,
    position: i32,
}

/// Makes appointments, all or none.
///
/// # Errors
/// [`Error::Lost`] with every one that can't be had; the refusals of the window and of what is offered.
pub fn make(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, wanted: &[NewBooking]) -> Result<Vec<BookingId>> {
    let evening = &evenings::held(db, evening.id())?;
    acting.check_window(evening, ctx.now)?;
    if wanted.is_empty() {
        return Err(Refusal::NothingChosen.into());
    }
    people_store::lock(db, &[acting.parent])?;
    let timing = evening.timing()?;
    let students = access::students_of(db, acting.parent)?;
    let offered = slots::offered_classes(db, evening, &students.iter().map(|student| student.id).collect::<Vec<_>>())?;
    let mut chosen = Vec::with_capacity(wanted.len());
    for booking in wanted {
        let classes = offered.get(&key(booking.student)).ok_or(Refusal::ClassNotOffered)?;
        let class = classes.iter().find(|class| class.id == booking.class).ok_or(Refusal::ClassNotOffered)?;
        timing.check_slot(booking.starts_at)?;
        chosen.push((*booking, class));
    }
    let lost = lost(db, evening, acting.parent, &chosen, timing.slot_length(), None)?;
    if !lost.is_empty() {
        return Err(Error::Lost(lost));
    }
    let mut made = Vec::with_capacity(chosen.len());
    let mut all_claims = Vec::new();
    for (booking, class) in &chosen {
        let id: BookingId = ctx.new_id();
        insert(db, ctx, evening, acting, id, *booking, class, timing.slot_length())?;
        all_claims.extend(claims_of(id, acting.parent, *booking, class, timing.slot_length()));
        made.push(id);
    }
    insert_claims(db, all_claims)?;
    let names: BTreeMap<Key, &PersonRow> = students.iter().map(|student| (student.id, student)).collect();
    for (booking, class) in &chosen {
        let student = names.get(&key(booking.student)).map(|student| student.name()).unwrap_or_default();
        let summary = format!("Booked {} with {} about {student}.", when(evening, booking.starts_at), teacher_names(&class.teachers));
        record(db, ctx, evening, acting, "booking_made", summary)?;
    }
    let mail = NewMail { person: Some(acting.parent), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::BookingsMade) };
    let login_link = login::standing(db, ctx, evening.school(), acting.parent, evening.id())?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    tell_guests(db, ctx, evening, acting.parent, &chosen.iter().map(|(booking, _)| booking.student).collect())?;
    Ok(made)
}

/// Moves an appointment to another slot; the same slot changes nothing.
///
/// # Errors
/// [`Error::Lost`] when the new time is taken, [`Refusal::BookingCancelled`], [`Refusal::NotASlot`], the refusals of the window.
pub fn change(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, row: &BookingRow, starts_at: DateTime<Utc>) -> Result<()> {
    let evening = &evenings::held(db, evening.id())?;
    acting.check_window(evening, ctx.now)?;
    if row.cancelled_at.is_some() {
        return Err(Refusal::BookingCancelled.into());
    }
    let timing = evening.timing()?;
    timing.check_slot(starts_at)?;
    people_store::lock(db, &[acting.parent])?;
    if *row.starts_at == starts_at {
        return Ok(());
    }
    let booking = NewBooking { student: row.student_id.into(), class: row.class_id.into(), starts_at };
    let offered = slots::offered_classes(db, evening, &[row.student_id])?;
    let class = offered.get(&row.student_id).and_then(|classes| classes.iter().find(|class| key(class.id) == row.class_id)).ok_or(Refusal::ClassNotOffered)?;
    let lost = lost(db, evening, acting.parent, &[(booking, class)], timing.slot_length(), Some(row.id))?;
    if !lost.is_empty() {
        return Err(Error::Lost(lost));
    }
    let untouched = bookings::table.filter(bookings::id.eq(row.id).and(bookings::sequence.eq(row.sequence)).and(bookings::cancelled_at.is_null()));
    let changes = (bookings::starts_at.eq(at(starts_at)), bookings::ends_at.eq(at(starts_at + timing.slot_length())), bookings::sequence.eq(row.sequence + 1));
    if diesel::update(untouched).set(changes).execute(db)? != 1 {
        return Err(Error::Raced);
    }
    diesel::delete(claims::table.filter(claims::booking_id.eq(row.id))).execute(db)?;
    insert_claims(db, claims_of(row.id.into(), acting.parent, booking, class, timing.slot_length()))?;
    set_teachers(db, row.id, &class.teachers)?;
    let summary = format!("Moved {} from {} to {}.", class.subject, when(evening, *row.starts_at), when(evening, starts_at));
    record(db, ctx, evening, acting, "booking_changed", summary)?;
    let mail = NewMail {
        person: Some(acting.parent),
        evening: Some(evening.id()),
        booking: Some(row.id.into()),
        ..NewMail::new(evening.school(), Template::BookingChanged)
    };
    let login_link = login::standing(db, ctx, evening.school(), acting.parent, evening.id())?;
    outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
    tell_guests(db, ctx, evening, acting.parent, &BTreeSet::from([booking.student]))
}

/// Cancels an appointment; one cancelled before stays so.
///
/// # Errors
/// The refusals of the window.
pub fn cancel(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, row: &BookingRow) -> Result<()> {
    if row.cancelled_at.is_some() {
        return Ok(());
    }
    acting.check_window(evening, ctx.now)?;
    end(db, ctx, row.id.into(), &acting.actor, Ending::Cancelled)
}

/// Ends a booking: its claims are free at once, and those concerned are told.
///
/// # Errors
/// When the database fails.
pub fn end(db: &mut Db, ctx: &Context, booking: BookingId, actor: &Actor, ending: Ending) -> Result<()> {
    let live = bookings::table.filter(bookings::id.eq(key(booking)).and(bookings::cancelled_at.is_null()));
    if diesel::update(live).set((bookings::cancelled_at.eq(Some(at(ctx.now))), bookings::sequence.eq(bookings::sequence + 1))).execute(db)? != 1 {
        return Ok(());
    }
    diesel::delete(claims::table.filter(claims::booking_id.eq(key(booking)))).execute(db)?;
    let row: BookingRow = bookings::table.find(key(booking)).select(BookingRow::as_select()).first(db)?;
    let evening = evenings::find(db, row.school_id.into(), row.evening_id.into())?;
    let subject: String = classes::table.find(row.class_id).select(classes::subject).first(db)?;
    let (action, template) = match ending {
        Ending::Cancelled => ("booking_cancelled", Template::BookingCancelled),
        Ending::AccessLost => ("access_ended", Template::AccessEnded),
    };
    let acting = Acting { parent: row.parent_id.into(), actor: actor.clone(), is_staff: false };
    record(db, ctx, &evening, &acting, action, format!("Cancelled {subject} at {}.", when(&evening, *row.starts_at)))?;
    if ending == Ending::Cancelled {
        let mail = NewMail { person: Some(acting.parent), evening: Some(evening.id()), booking: Some(booking), ..NewMail::new(evening.school(), template) };
        let login_link = login::standing(db, ctx, evening.school(), acting.parent, evening.id())?;
        outbox::enqueue(db, ctx, NewMail { login_link, ..mail })?;
        tell_guests(db, ctx, &evening, acting.parent, &BTreeSet::from([row.student_id.into()]))?;
    }
    Ok(())
}

/// A parent's live bookings of an evening, by time. Only of students whom the parent may (still) act for.
///
/// # Errors
/// When the database fails.
pub fn of_parent(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<Booking>> {
    let rows: Vec<BookingRow> = bookings::table
        .filter(bookings::evening_id.eq(key(evening)).and(bookings::parent_id.eq(key(parent))).and(bookings::cancelled_at.is_null()))
        .order((bookings::starts_at, bookings::id))
        .select(BookingRow::as_select())
        .load(db)?;
    with_names(db, rows)
}

/// A teacher's live bookings of an evening with the parents, by time.
///
/// # Errors
/// When the database fails.
pub fn of_teacher(db: &mut Db, evening: EveningId, teacher: PersonId) -> Result<Vec<(Booking, PersonRow)>> {
    let rows: Vec<BookingRow> = bookings::table
        .inner_join(booking_teachers::table)
        .filter(bookings::evening_id.eq(key(evening)).and(booking_teachers::teacher_id.eq(key(teacher))).and(bookings::cancelled_at.is_null()))
        .order((bookings::starts_at, bookings::id))
        .select(BookingRow::as_select())
        .load(db)?;
    let parents = persons(db, rows.iter().map(|row| row.parent_id))?;
    let named = with_names(db, rows)?;
    Ok(named.into_iter().filter_map(|booking| parents.get(&booking.row.parent_id).cloned().map(|parent| (booking, parent))).collect())
}

/// One booking of the school, live or cancelled; of a certain parent's if `parent` is given.
///
/// # Errors
/// [`Error::NotFound`] for anyone else's.
pub fn find(db: &mut Db, school: SchoolId, parent: Option<PersonId>, booking: BookingId) -> Result<Booking> {
    let row: BookingRow =
        bookings::table.filter(bookings::id.eq(key(booking)).and(bookings::school_id.eq(key(school)))).select(BookingRow::as_select()).first(db)?;
    if parent.is_some_and(|parent| key(parent) != row.parent_id) {
        return Err(Error::NotFound);
    }
    with_names(db, vec![row])?.pop().ok_or(Error::NotFound)
}

/// How many live bookings a parent has in an evening, and how many of them by video.
///
/// # Errors
/// When the database fails.
pub fn count(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<(i64, i64)> {
    let video: Vec<bool> = bookings::table
        .filter(bookings::evening_id.eq(key(evening)).and(bookings::parent_id.eq(key(parent))).and(bookings::cancelled_at.is_null()))
        .select(bookings::video)
        .load(db)?;
    let by_video = video.iter().filter(|video| **video).count();
    Ok((i64::try_from(video.len()).unwrap_or(i64::MAX), i64::try_from(by_video).unwrap_or(i64::MAX)))
}

/// Gives rows their names: students, teachers, subjects, guests.
///
/// # Errors
/// When the database fails.
pub fn with_names(db: &mut Db, rows: Vec<BookingRow>) -> Result<Vec<Booking>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Key> = rows.iter().map(|row| row.id).collect();
    let students = persons(db, rows.iter().map(|row| row.student_id))?;
    let subjects: BTreeMap<Key, String> = {
        let class_ids: Vec<Key> = rows.iter().map(|row| row.class_id).collect::<BTreeSet<_>>().into_iter().collect();
        let pairs: Vec<(Key, String)> = classes::table.filter(classes::id.eq_any(class_ids)).select((classes::id, classes::subject)).load(db)?;
        pairs.into_iter().collect()
    };
    let teachers: Vec<(Key, PersonRow)> = booking_teachers::table
        .inner_join(people::table)
        .filter(booking_teachers::booking_id.eq_any(ids))
        .order((booking_teachers::booking_id, booking_teachers::position))
        .select((booking_teachers::booking_id, PersonRow::as_select()))
        .load(db)?;
    let mut of_booking: BTreeMap<Key, Vec<PersonRow>> = BTreeMap::new();
    for (booking, teacher) in teachers {
        of_booking.entry(booking).or_default().push(teacher);
    }
    let guests = invites::guest_names(db, &rows)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let student = students.get(&row.student_id)?.clone();
            let guests = guests.get(&(row.evening_id, row.parent_id, row.student_id)).cloned().unwrap_or_default();
            Some(Booking {
                student,
                teachers: of_booking.remove(&row.id).unwrap_or_default(),
                subject: subjects.get(&row.class_id).cloned().unwrap_or_default(),
                guests,
                row,
            })
        })
        .collect())
}

/// `16:05` on the evening's clock.
#[must_use]
pub fn when(evening: &EveningRow, at: DateTime<Utc>) -> String {
    at.with_timezone(&evening.zone()).format("%H:%M").to_string()
}

fn persons(db: &mut Db, ids: impl Iterator<Item = Key>) -> Result<BTreeMap<Key, PersonRow>> {
    let ids: Vec<Key> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let rows: Vec<PersonRow> = people::table.filter(people::id.eq_any(ids)).select(PersonRow::as_select()).load(db)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Which of the wanted appointments can't be had. What another parent of the student holds looks exactly like a busy teacher.
fn lost(
    db: &mut Db,
    evening: &EveningRow,
    parent: PersonId,
    wanted: &[(NewBooking, &OfferedClass)],
    length: TimeDelta,
    moving: Option<Key>,
) -> Result<Vec<Lost>> {
    let mut concerned = BTreeSet::from([key(parent)]);
    let mut minutes = BTreeSet::new();
    for (booking, class) in wanted {
        concerned.insert(key(booking.student));
        concerned.extend(class.teachers.iter().map(|teacher| teacher.id));
        minutes.extend(claimed_minutes(booking.starts_at, length));
    }
    let rows: Vec<(Key, i32, Key)> = claims::table
        .filter(claims::person_id.eq_any(concerned.into_iter().collect::<Vec<_>>()).and(claims::minute.eq_any(minutes.into_iter().collect::<Vec<_>>())))
        .select((claims::person_id, claims::minute, claims::booking_id))
        .load(db)?;
    let mut claimed: BTreeSet<(Key, i32)> =
        rows.into_iter().filter(|(.., booking)| Some(*booking) != moving).map(|(person, minute, _)| (person, minute)).collect();
    let booked: Vec<(Key, Key, Key)> = bookings::table
        .filter(bookings::evening_id.eq(evening.id).and(bookings::parent_id.eq(key(parent))).and(bookings::cancelled_at.is_null()))
        .select((bookings::id, bookings::student_id, bookings::class_id))
        .load(db)?;
    let mut booked: BTreeSet<(Key, Key)> = booked.into_iter().filter(|(id, ..)| Some(*id) != moving).map(|(_, student, class)| (student, class)).collect();
    let mut lost = Vec::new();
    for (booking, class) in wanted {
        let is_claimed = |person: Key| claimed_minutes(booking.starts_at, length).any(|minute| claimed.contains(&(person, minute)));
        let refusal = if booked.contains(&(key(booking.student), key(class.id))) {
            Some(Refusal::AlreadyBooked)
        } else if is_claimed(key(parent)) {
            Some(Refusal::PersonBusy)
        } else if is_claimed(key(booking.student)) || class.teachers.iter().any(|teacher| is_claimed(teacher.id)) {
            Some(Refusal::SlotTaken)
        } else {
            None
        };
        match refusal {
            Some(refusal) => lost.push(Lost { booking: *booking, refusal }),
            None => {
                // The ones taken so far stand in the way of the rest of the same request.
                booked.insert((key(booking.student), key(class.id)));
                let persons = class.teachers.iter().map(|teacher| teacher.id).chain([key(parent), key(booking.student)]);
                claimed.extend(persons.flat_map(|person| claimed_minutes(booking.starts_at, length).map(move |minute| (person, minute))));
            }
        }
    }
    Ok(lost)
}

#[expect(clippy::too_many_arguments, reason = "a row of many columns, written in one place")]
fn insert(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &Acting,
    id: BookingId,
    booking: NewBooking,
    class: &OfferedClass,
    length: TimeDelta,
) -> Result<()> {
    let row = NewRow {
        id: key(id),
        school_id: evening.school_id,
        evening_id: evening.id,
        parent_id: key(acting.parent),
        student_id: key(booking.student),
        class_id: key(class.id),
        starts_at: at(booking.starts_at),
        ends_at: at(booking.starts_at + length),
        video: class.video,
        sequence: 0,
        created_by: key(acting.actor.person.unwrap_or(acting.parent)),
        created_at: at(ctx.now),
    };
    diesel::insert_into(bookings::table).values(&row).execute(db).map_err(Error::raced)?;
    set_teachers(db, row.id, &class.teachers)
}

fn set_teachers(db: &mut Db, booking: Key, teachers: &[PersonRow]) -> Result<()> {
    diesel::delete(booking_teachers::table.filter(booking_teachers::booking_id.eq(booking))).execute(db)?;
    let rows: Vec<TeacherOf> = (0..).zip(teachers).map(|(position, teacher)| TeacherOf { booking_id: booking, teacher_id: teacher.id, position }).collect();
    each!(db, conn => diesel::insert_into(booking_teachers::table).values(&rows).execute(conn))?;
    Ok(())
}

fn claims_of(id: BookingId, parent: PersonId, booking: NewBooking, class: &OfferedClass, length: TimeDelta) -> Vec<Claim> {
    // A teacher who is the parent, too, is one person in one place.
    let persons: BTreeSet<Key> = class.teachers.iter().map(|teacher| teacher.id).chain([key(parent), key(booking.student)]).collect();
    let rows = persons
        .into_iter()
        .flat_map(|person| claimed_minutes(booking.starts_at, length).map(move |minute| Claim { person_id: person, minute, booking_id: key(id) }));
    rows.collect()
}

/// Claims people's minutes, in one order for everybody so that two transactions can't wait for each other.
fn insert_claims(db: &mut Db, mut rows: Vec<Claim>) -> Result<()> {
    rows.sort_by_key(|claim| (claim.person_id, claim.minute));
    each!(db, conn => diesel::insert_into(claims::table).values(&rows).execute(conn)).map_err(Error::raced)?;
    Ok(())
}

fn record(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, action: &'static str, summary: String) -> Result<()> {
    events::record(
        db,
        ctx,
        &NewEvent { school: evening.school(), evening: Some(evening.id()), parent: Some(acting.parent), action, summary, actor: &acting.actor },
    )
}

fn tell_guests(db: &mut Db, ctx: &Context, evening: &EveningRow, parent: PersonId, students: &BTreeSet<PersonId>) -> Result<()> {
    for invite in invites::live_covering(db, evening.id(), parent, students)? {
        outbox::enqueue(db, ctx, NewMail { invite: Some(invite), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::GuestUpdate) })?;
    }
    Ok(())
}

/// `Mrs Anita Abell and Mr Geraint Davies`.
fn teacher_names(teachers: &[PersonRow]) -> String {
    teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ")
}
