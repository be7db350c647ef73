//! What mails and calendars tell, read at the moment they are made: the school, the people, the appointments, and whether somebody may have them at all.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::id::{BookingId, EveningId, InviteId, LoginLinkId, PersonId, SchoolId};

use super::{
    Db, Error, Result, access,
    people::PersonRow,
    sql_types::{At, Key, at, key},
};
use crate::{
    calendar::Appointment,
    mail::words::{clean, full_name, list},
    schema::{
        bars, booking_teachers, bookings, classes, evenings, events, guardianships, invite_students, invites, login_links, outbox, people, schools,
        suppressions,
    },
};

/// The school in whose name a mail goes out.
#[derive(Clone, Debug)]
pub struct School {
    /// Its name.
    pub name: String,
    /// Its part of the path where it has no host.
    pub slug: String,
    /// Its own host.
    pub host: Option<String>,
    /// Its clocks.
    pub zone: Tz,
}

/// Reads a school.
///
/// # Errors
/// When the database fails, or there is none.
pub fn school(db: &mut Db, id: SchoolId) -> Result<School> {
    let (name, slug, host, zone): (String, String, Option<String>, String) =
        schools::table.find(key(id)).select((schools::name, schools::slug, schools::host, schools::time_zone)).first(db)?;
    Ok(School { name: clean(&name), slug, host, zone: zone.parse().unwrap_or(Tz::UTC) })
}

/// Somebody of the roster.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The name in full.
    pub name: String,
    /// Where mail goes.
    pub email: Option<String>,
    bar_key: Option<String>,
    /// Has a parent's view.
    pub is_parent: bool,
    /// Has a teacher's view.
    pub is_teacher: bool,
    /// Has a staff's view.
    pub is_staff: bool,
    /// Is no longer in the roster.
    pub is_removed: bool,
}

type PersonColumns = (Key, Option<String>, String, String, Option<String>, Option<String>, bool, bool, bool, Option<At>);

const PERSON: (
    people::id,
    people::honorific,
    people::given_name,
    people::family_name,
    people::email,
    people::bar_key,
    people::is_parent,
    people::is_teacher,
    people::is_staff,
    people::removed_at,
) = (
    people::id,
    people::honorific,
    people::given_name,
    people::family_name,
    people::email,
    people::bar_key,
    people::is_parent,
    people::is_teacher,
    people::is_staff,
    people::removed_at,
);

fn to_person((id, honorific, given, family, email, bar_key, is_parent, is_teacher, is_staff, removed_at): PersonColumns) -> Person {
    Person {
        id: id.into(),
        name: full_name(honorific.as_deref(), &given, &family),
        email,
        bar_key,
        is_parent,
        is_teacher,
        is_staff,
        is_removed: removed_at.is_some(),
    }
}

/// Reads a person.
///
/// # Errors
/// When the database fails, or there is none.
pub fn person(db: &mut Db, id: PersonId) -> Result<Person> {
    Ok(to_person(people::table.find(key(id)).select(PERSON).first(db)?))
}

/// Everybody of a school's roster who has an address with this key.
///
/// # Errors
/// When the database fails.
pub fn people_at(db: &mut Db, school: SchoolId, email_key: &str) -> Result<Vec<Person>> {
    let rows: Vec<PersonColumns> = people::table
        .filter(people::school_id.eq(key(school)).and(people::email_key.eq(email_key)).and(people::removed_at.is_null()))
        .order(people::id)
        .select(PERSON)
        .load(db)?;
    Ok(rows.into_iter().map(to_person).collect())
}

/// What staff are to look at: what was recorded for the whole school, to be told to staff, at this moment.
///
/// # Errors
/// When the database fails.
pub fn alerts(db: &mut Db, school: SchoolId, recorded_at: DateTime<Utc>) -> Result<Vec<String>> {
    let rows: Vec<String> = events::table
        .filter(events::school_id.eq(key(school)).and(events::at.eq(at(recorded_at))))
        .filter(events::evening_id.is_null().and(events::parent_id.is_null()).and(events::action.eq_any(["staff_alerted", "access_ended"])))
        .order(events::id)
        .select(events::summary)
        .load(db)?;
    Ok(rows.iter().map(|summary| clean(summary)).collect())
}

/// A request for a login mail.
pub struct LoginLink {
    /// The key of the address it was asked for.
    pub email_key: String,
    /// The one person it is for.
    pub person: Option<PersonId>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// It was used, and is of no more use.
    pub is_used: bool,
}

/// Reads a request for a login mail.
///
/// # Errors
/// When the database fails, or there is none.
pub fn login_link(db: &mut Db, id: LoginLinkId) -> Result<LoginLink> {
    let (email_key, person, expires_at, used_at): (String, Option<Key>, At, Option<At>) =
        login_links::table.find(key(id)).select((login_links::email_key, login_links::person_id, login_links::expires_at, login_links::used_at)).first(db)?;
    Ok(LoginLink { email_key, person: person.map(Into::into), expires_at: expires_at.0, is_used: used_at.is_some() })
}

/// An evening.
#[derive(Clone, Debug)]
pub struct Evening {
    /// Which.
    pub id: EveningId,
    /// What parents call it.
    pub title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it is over.
    pub ends_at: DateTime<Utc>,
    /// Its clocks.
    pub zone: Tz,
}

/// Reads an evening.
///
/// # Errors
/// When the database fails, or there is none.
pub fn evening(db: &mut Db, id: EveningId) -> Result<Evening> {
    let (title, starts_at, ends_at, zone): (String, At, At, String) =
        evenings::table.find(key(id)).select((evenings::title, evenings::starts_at, evenings::ends_at, evenings::time_zone)).first(db)?;
    Ok(Evening { id, title: clean(&title), starts_at: starts_at.0, ends_at: ends_at.0, zone: zone.parse().unwrap_or(Tz::UTC) })
}

/// An invite, with the students it covers, or covered when it ended.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Which.
    pub id: InviteId,
    /// For which evening.
    pub evening: EveningId,
    /// Who invited.
    pub parent: PersonId,
    /// The guest's name.
    pub name: String,
    /// The guest's address.
    pub email: String,
    email_key: String,
    bar_key: String,
    /// Which of its links is valid.
    pub generation: i32,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// The students, by id, with their names.
    pub students: Vec<(PersonId, String)>,
}

type InviteColumns = (Key, Key, String, String, String, String, i32, Option<At>, Option<String>);

/// Reads an invite.
///
/// # Errors
/// When the database fails, or there is none.
pub fn invite(db: &mut Db, id: InviteId) -> Result<Invite> {
    let (evening, parent, name, email, email_key, bar_key, generation, ended_at, ended_reason): InviteColumns = invites::table
        .find(key(id))
        .select((
            invites::evening_id,
            invites::parent_id,
            invites::name,
            invites::email,
            invites::email_key,
            invites::bar_key,
            invites::generation,
            invites::ended_at,
            invites::ended_reason,
        ))
        .first(db)?;
    let students: Vec<(Key, Option<At>, String, String)> = invite_students::table
        .inner_join(people::table.on(people::id.eq(invite_students::student_id)))
        .filter(invite_students::invite_id.eq(key(id)))
        .order((people::given_name, people::id))
        .select((people::id, invite_students::ended_at, people::given_name, people::family_name))
        .load(db)?;
    let covered = |student_ended_at: Option<At>| student_ended_at.is_none_or(|at| ended_at.is_some_and(|ended_at| at >= ended_at));
    Ok(Invite {
        id,
        evening: evening.into(),
        parent: parent.into(),
        name: clean(&name),
        email,
        email_key,
        bar_key,
        generation,
        ended_at: ended_at.map(Into::into),
        ended_reason,
        students: students.into_iter().filter(|row| covered(row.1)).map(|(id, _, given, family)| (id.into(), full_name(None, &given, &family))).collect(),
    })
}

/// Whether a mail with the invite's link has gone out.
///
/// # Errors
/// When the database fails.
pub fn was_mailed(db: &mut Db, invite: InviteId) -> Result<bool> {
    let sent = outbox::table.filter(outbox::invite_id.eq(key(invite)).and(outbox::template.eq("invite")).and(outbox::state.eq("sent")));
    Ok(sent.count().get_result::<i64>(db)? > 0)
}

/// Whether the invite's address asked for no more mail.
///
/// # Errors
/// When the database fails.
pub fn is_suppressed(db: &mut Db, school: SchoolId, invite: &Invite) -> Result<bool> {
    let rows = suppressions::table.filter(suppressions::school_id.eq(key(school)).and(suppressions::email_key.eq(&invite.email_key)));
    Ok(rows.count().get_result::<i64>(db)? > 0)
}

/// Whether the guest is a contact whom the school has barred from any student covered.
///
/// # Errors
/// When the database fails.
pub fn is_barred_guest(db: &mut Db, school: SchoolId, invite: &Invite) -> Result<bool> {
    let students: Vec<Key> = invite.students.iter().map(|(id, _)| key(*id)).collect();
    Ok(!access::barred_for_address(db, school, &students, &invite.bar_key)?.is_empty())
}

/// The students whom a parent may have appointments about.
///
/// # Errors
/// When the database fails.
pub fn allowed_students(db: &mut Db, parent: PersonId) -> Result<HashSet<PersonId>> {
    Ok(access::students_of(db, parent)?.iter().map(PersonRow::id).collect())
}

/// Whether a parent is a contact whom the school has barred from any student, by id or by address.
///
/// # Errors
/// When the database fails.
pub fn is_barred_parent(db: &mut Db, school: SchoolId, parent: &Person) -> Result<bool> {
    let by_roster = guardianships::table
        .filter(guardianships::parent_id.eq(key(parent.id)))
        .filter(guardianships::court_order.eq(true).or(guardianships::contact_allowed.eq(false)))
        .count()
        .get_result::<i64>(db)?;
    let by_hand = bars::table
        .filter(bars::school_id.eq(key(school)).and(bars::lifted_at.is_null()))
        .filter(bars::person_id.eq(Some(key(parent.id))).or(bars::bar_key.is_not_null().and(bars::bar_key.eq(parent.bar_key.as_deref()))))
        .count()
        .get_result::<i64>(db)?;
    Ok(by_roster + by_hand > 0)
}

/// A booking, as mails tell it.
#[derive(Clone, Debug)]
pub struct Booked {
    /// What is shown.
    pub appointment: Appointment,
    /// Whose it is.
    pub parent: PersonId,
    /// About whom.
    pub student: PersonId,
    /// On which evening.
    pub evening: EveningId,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// All bookings that a parent has or had on an evening, in order of time.
///
/// # Errors
/// When the database fails.
pub fn bookings_of(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<Booked>> {
    booked(db, |query| query.filter(bookings::evening_id.eq(key(evening)).and(bookings::parent_id.eq(key(parent)))))
}

/// One booking.
///
/// # Errors
/// When the database fails, or there is none.
pub fn booking(db: &mut Db, id: BookingId) -> Result<Booked> {
    booked(db, |query| query.filter(bookings::id.eq(key(id))))?.pop().ok_or(Error::NotFound)
}

type BookingQuery = diesel::helper_types::IntoBoxed<
    'static,
    diesel::helper_types::InnerJoinOn<
        diesel::helper_types::InnerJoinOn<bookings::table, classes::table, diesel::helper_types::Eq<classes::id, bookings::class_id>>,
        people::table,
        diesel::helper_types::Eq<people::id, bookings::student_id>,
    >,
    super::db::MultiBackend,
>;

type BookingColumns = (Key, Key, Key, Key, i32, At, At, bool, Option<At>, String, (String, String));

fn booked(db: &mut Db, narrow: impl FnOnce(BookingQuery) -> BookingQuery) -> Result<Vec<Booked>> {
    let all = bookings::table
        .inner_join(classes::table.on(classes::id.eq(bookings::class_id)))
        .inner_join(people::table.on(people::id.eq(bookings::student_id)))
        .into_boxed();
    let rows: Vec<BookingColumns> = narrow(all)
        .order((bookings::starts_at, bookings::id))
        .select((
            bookings::id,
            bookings::parent_id,
            bookings::student_id,
            bookings::evening_id,
            bookings::sequence,
            bookings::starts_at,
            bookings::ends_at,
            bookings::video,
            bookings::cancelled_at,
            classes::subject,
            (people::given_name, people::family_name),
        ))
        .load(db)?;
    let mut teachers = teachers(db, rows.iter().map(|row| row.0).collect())?;
    let booked = |(id, parent, student, evening, sequence, starts_at, ends_at, video, cancelled_at, subject, (given, family)): BookingColumns| Booked {
        appointment: Appointment {
            booking: id.into(),
            sequence,
            starts_at: starts_at.0,
            ends_at: ends_at.0,
            subject: clean(&subject),
            teachers: list(&teachers.remove(&id).unwrap_or_default()),
            student: full_name(None, &given, &family),
            video,
        },
        parent: parent.into(),
        student: student.into(),
        evening: evening.into(),
        cancelled_at: cancelled_at.map(Into::into),
    };
    Ok(rows.into_iter().map(booked).collect())
}

fn teachers(db: &mut Db, of: Vec<Key>) -> Result<HashMap<Key, Vec<String>>> {
    let rows: Vec<(Key, Option<String>, String, String)> = booking_teachers::table
        .inner_join(people::table.on(people::id.eq(booking_teachers::teacher_id)))
        .filter(booking_teachers::booking_id.eq_any(of))
        .order((booking_teachers::position, people::id))
        .select((booking_teachers::booking_id, people::honorific, people::given_name, people::family_name))
        .load(db)?;
    let mut names: HashMap<Key, Vec<String>> = HashMap::new();
    for (booking, honorific, given, family) in rows {
        names.entry(booking).or_default().push(full_name(honorific.as_deref(), &given, &family));
    }
    Ok(names)
}
