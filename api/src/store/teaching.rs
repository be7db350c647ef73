//! Records that a teacher keeps during the evening: a note and a no-show mark for each appointment,
//! and the teacher's lateness.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::{prelude::*, upsert::excluded};
use parlour_domain::{
    call::CallRole,
    id::{BookingId, EveningId, PersonId, SchoolId},
};

use super::{
    Db, Error, Result,
    bookings::{self as booking_store, Booking, BookingRow},
    evenings::{self, EveningRow, EveningVisibility},
    events::{self, Actor, NewEvent},
    locks::{LockRank, lock_row},
    people::PersonRow,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    schema::{
        booking_teachers, bookings, call_queue, call_seats, calls, invite_students, invites,
        teacher_lateness, teacher_records,
    },
    with_conn,
};

/// A teacher's record of an appointment. Each teacher of a joint appointment keeps their own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TeacherRecord {
    /// True if nobody came. Attendance is based on this mark.
    pub no_show: bool,
    /// A note that only the teacher sees.
    pub note: String,
}

/// The presence of a participant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// In a seat of the call.
    InCall,
    /// In a seat, but the connection was lost a moment ago.
    Reconnecting,
    /// In the queue of the call.
    Waiting,
    /// Neither in a seat nor in the queue.
    Missing,
}

/// A person who belongs to an appointment's call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedParticipant {
    /// The id of the person, or of a guest's invite.
    pub id: Key,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: CallRole,
    /// Their presence.
    pub presence: Presence,
}

/// One appointment as its teacher sees it during the evening.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// The booking.
    pub booking: Booking,
    /// The parent who booked.
    pub parent: PersonRow,
    /// The people who belong to the call; empty if the appointment is not by video.
    pub people: Vec<ExpectedParticipant>,
    /// The teacher's record.
    pub record: TeacherRecord,
}

#[derive(Insertable)]
#[diesel(table_name = teacher_records)]
struct RecordRow<'a> {
    booking_id: Key,
    teacher_id: Key,
    no_show: bool,
    note: &'a str,
    changed_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = teacher_lateness)]
struct LatenessRow {
    evening_id: Key,
    teacher_id: Key,
    minutes: i32,
    changed_at: At,
}

/// Returns a teacher's live appointments of an evening, by time.
///
/// # Errors
/// Errors of the database.
pub fn appointments(
    db: &mut Db,
    evening: EveningId,
    teacher: PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<Appointment>> {
    let mut booked = booking_store::of_teacher(db, evening, teacher)?;
    booking_store::mark_stranded(db, now, booked.iter_mut().map(|(booking, _)| booking))?;
    let ids: Vec<Key> = booked.iter().map(|(booking, _)| booking.row.id).collect();
    let mut records = records(db, &ids, teacher)?;
    let guests = guests(db, evening, booked.iter().map(|(booking, _)| &booking.row))?;
    let present = presences(db, &ids, now)?;
    let appointments = booked.into_iter().map(|(booking, parent)| {
        let id = booking.row.id;
        let presence = |who: Key| present.get(&(id, who)).copied().unwrap_or(Presence::Missing);
        let of_school = booking
            .teachers
            .iter()
            .map(|teacher| (teacher.id, teacher.formal_name(), CallRole::Teacher));
        let of_family = guests
            .get(&(booking.row.parent_id, booking.row.student_id))
            .map(|(invite, name)| (*invite, name.clone(), CallRole::Guest));
        let everybody =
            of_school.chain([(parent.id, parent.name(), CallRole::Parent)]).chain(of_family);
        let people = if booking.row.video {
            everybody
                .map(|(id, name, role)| ExpectedParticipant {
                    id,
                    name,
                    role,
                    presence: presence(id),
                })
                .collect()
        } else {
            Vec::new()
        };
        Appointment { people, record: records.remove(&id).unwrap_or_default(), booking, parent }
    });
    Ok(appointments.collect())
}

fn records(db: &mut Db, ids: &[Key], teacher: PersonId) -> Result<BTreeMap<Key, TeacherRecord>> {
    let rows: Vec<(Key, bool, String)> = teacher_records::table
        .filter(
            teacher_records::booking_id
                .eq_any(ids)
                .and(teacher_records::teacher_id.eq(key(teacher))),
        )
        .select((teacher_records::booking_id, teacher_records::no_show, teacher_records::note))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(booking, no_show, note)| (booking, TeacherRecord { no_show, note }))
        .collect())
}

/// Returns the live invites of an evening, by parent and student.
fn guests<'a>(
    db: &mut Db,
    evening: EveningId,
    rows: impl Iterator<Item = &'a BookingRow>,
) -> Result<BTreeMap<(Key, Key), (Key, String)>> {
    let parents: Vec<Key> = rows.map(|row| row.parent_id).collect();
    let live: Vec<(Key, Key, Key, String)> = invite_students::table
        .inner_join(invites::table)
        .filter(
            invite_students::evening_id
                .eq(key(evening))
                .and(invite_students::parent_id.eq_any(parents)),
        )
        .filter(invite_students::ended_at.is_null().and(invites::ended_at.is_null()))
        .select((
            invite_students::parent_id,
            invite_students::student_id,
            invites::id,
            invites::name,
        ))
        .load(db)?;
    Ok(live
        .into_iter()
        .map(|(parent, student, invite, name)| ((parent, student), (invite, name)))
        .collect())
}

/// Returns the presence of the participants of each call. A participant whose lease has run out has
/// left, even if the row still exists.
fn presences(
    db: &mut Db,
    ids: &[Key],
    now: DateTime<Utc>,
) -> Result<BTreeMap<(Key, Key), Presence>> {
    let seated: Vec<(Key, Key, bool)> = call_seats::table
        .filter(call_seats::booking_id.eq_any(ids).and(call_seats::lease_ends_at.gt(at(now))))
        .select((call_seats::booking_id, call_seats::participant_id, call_seats::is_present))
        .load(db)?;
    let queued: Vec<(Key, Key)> = call_queue::table
        .filter(
            call_queue::booking_id
                .eq_any(ids)
                .and(call_queue::is_present.eq(true))
                .and(call_queue::lease_ends_at.gt(at(now))),
        )
        .select((call_queue::booking_id, call_queue::participant_id))
        .load(db)?;
    let waiting = queued.into_iter().map(|(booking, who)| ((booking, who), Presence::Waiting));
    let sitting = seated.into_iter().map(|(booking, who, present)| {
        ((booking, who), if present { Presence::InCall } else { Presence::Reconnecting })
    });
    Ok(waiting.chain(sitting).collect())
}

/// Replaces a teacher's record of their appointment.
///
/// # Errors
/// [`Error::NotFound`] when the appointment is cancelled, or belongs to another teacher or school.
pub fn set_record(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    teacher: &PersonRow,
    booking: BookingId,
    record: &TeacherRecord,
) -> Result<()> {
    // The lock waits for a concurrent move of the booking. A move that comes second sees the
    // record.
    lock_row(db, LockRank::Booking, booking)?;
    let row: BookingRow = bookings::table
        .inner_join(booking_teachers::table)
        .filter(
            bookings::id
                .eq(key(booking))
                .and(bookings::school_id.eq(key(school)))
                .and(bookings::cancelled_at.is_null()),
        )
        .filter(booking_teachers::teacher_id.eq(teacher.id))
        .select(BookingRow::as_select())
        .first(db)?;
    let before = records(db, &[row.id], teacher.id())?.remove(&row.id).unwrap_or_default();
    let new = RecordRow {
        booking_id: row.id,
        teacher_id: teacher.id,
        no_show: record.no_show,
        note: &record.note,
        changed_at: at(ctx.now),
    };
    with_conn!(db, conn => diesel::insert_into(teacher_records::table)
        .values(&new)
        .on_conflict((teacher_records::booking_id, teacher_records::teacher_id))
        .do_update()
        .set((
            teacher_records::no_show.eq(excluded(teacher_records::no_show)),
            teacher_records::note.eq(excluded(teacher_records::note)),
            teacher_records::changed_at.eq(excluded(teacher_records::changed_at)),
        ))
        .execute(conn))?;
    if before.no_show == record.no_show {
        Ok(())
    } else {
        record_attendance_event(db, ctx, teacher, row, record.no_show)
    }
}

/// Records the mark in the audit log, with the teacher's name. The parent's history does not show
/// it.
fn record_attendance_event(
    db: &mut Db,
    ctx: &Context,
    teacher: &PersonRow,
    row: BookingRow,
    no_show: bool,
) -> Result<()> {
    let (school, evening): (SchoolId, EveningId) = (row.school_id.into(), row.evening_id.into());
    let at_time = booking_store::when(&evenings::find(db, school, evening)?, *row.starts_at);
    let of = booking_store::with_names(db, vec![row])?.pop().ok_or(Error::NotFound)?;
    let (action, what) =
        if no_show { ("no_show_marked", "Marked") } else { ("no_show_lifted", "No longer marked") };
    let summary =
        format!("{what} that nobody came: {}, {} at {at_time}.", of.student.name(), of.subject);
    let actor = Actor { person: Some(teacher.id()), name: teacher.name() };
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening: Some(evening),
            parent: None,
            student: None,
            action,
            summary,
            actor: &actor,
        },
    )
}

/// Returns by how many minutes these teachers run late. The largest value counts, because a joint
/// appointment begins when the last teacher comes.
///
/// # Errors
/// Errors of the database.
pub fn late_minutes(db: &mut Db, evening: EveningId, teachers: &[PersonId]) -> Result<u32> {
    let ids: Vec<Key> = teachers.iter().map(|teacher| key(*teacher)).collect();
    let all: Vec<i32> = teacher_lateness::table
        .filter(
            teacher_lateness::evening_id
                .eq(key(evening))
                .and(teacher_lateness::teacher_id.eq_any(ids)),
        )
        .select(teacher_lateness::minutes)
        .load(db)?;
    Ok(all.into_iter().max().and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or_default())
}

/// Sets by how many minutes a teacher runs late. It increments the versions of the teacher's calls,
/// so that their participants see it within a second.
///
/// # Errors
/// [`Error::NotFound`] for an evening that the teacher may not see.
pub fn set_lateness(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    teacher: PersonId,
    minutes: u32,
) -> Result<()> {
    evenings::find_for(db, school, EveningVisibility::Teacher(teacher), evening)?;
    if late_minutes(db, evening, &[teacher])? == minutes {
        return Ok(());
    }
    let row = LatenessRow {
        evening_id: key(evening),
        teacher_id: key(teacher),
        minutes: i32::try_from(minutes).unwrap_or(i32::MAX),
        changed_at: at(ctx.now),
    };
    with_conn!(db, conn => diesel::insert_into(teacher_lateness::table)
        .values(&row)
        .on_conflict((teacher_lateness::evening_id, teacher_lateness::teacher_id))
        .do_update()
        .set((
            teacher_lateness::minutes.eq(excluded(teacher_lateness::minutes)),
            teacher_lateness::changed_at.eq(excluded(teacher_lateness::changed_at)),
        ))
        .execute(conn))?;
    let own: Vec<Key> = bookings::table
        .inner_join(booking_teachers::table)
        .filter(
            bookings::evening_id
                .eq(key(evening))
                .and(booking_teachers::teacher_id.eq(key(teacher))),
        )
        .select(bookings::id)
        .load(db)?;
    diesel::update(calls::table.filter(calls::booking_id.eq_any(own)))
        .set(calls::version.eq(calls::version + 1))
        .execute(db)?;
    Ok(())
}

/// A teacher's appointments of an evening.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The evening.
    pub evening: EveningRow,
    /// By how many minutes the teacher runs late.
    pub late_minutes: u32,
    /// The appointments, by time.
    pub appointments: Vec<Appointment>,
}

/// Returns a teacher's appointments of an evening, with the presence of each participant.
///
/// # Errors
/// [`Error::NotFound`] for an evening that the teacher may not see.
pub fn get_schedule(
    db: &mut Db,
    school: SchoolId,
    teacher: PersonId,
    evening: EveningId,
    now: DateTime<Utc>,
) -> Result<Schedule> {
    let row = evenings::find_for(db, school, EveningVisibility::Teacher(teacher), evening)?;
    let late_minutes = late_minutes(db, evening, &[teacher])?;
    let appointments = appointments(db, evening, teacher, now)?;
    Ok(Schedule { evening: row, late_minutes, appointments })
}
