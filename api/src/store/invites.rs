//! Invites: sent, sent again, removed, listed. The partial unique index on `invite_students` holds the one live invite per evening, parent and student.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    id::{EveningId, InviteId, PersonId, SchoolId},
    invite::{self, Candidate, Consent, ConsentChannel, NewInvite, Situation},
};

use super::{
    Db, Dead, Error, Result, access, bookings,
    bookings::{Acting, BookingRow},
    evenings::EveningRow,
    events::{self, Actor, NewEvent},
    outbox::{self, NewMail, Template},
    people::{self, PersonRow},
    sessions, slots,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    each,
    schema::{bookings as bookings_table, evenings as evenings_table, events as events_table, invite_students, invites, people as people_table, suppressions},
};

/// An invite.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invites)]
#[expect(missing_docs, reason = "the columns are told in the migration")]
pub struct InviteRow {
    pub id: Key,
    pub school_id: Key,
    pub evening_id: Key,
    pub parent_id: Key,
    pub name: String,
    pub email: String,
    pub email_key: String,
    pub bar_key: String,
    pub generation: i32,
    pub created_at: At,
    pub mailed_at: At,
    pub opened_at: Option<At>,
    pub joined_at: Option<At>,
    pub ended_at: Option<At>,
    pub ended_reason: Option<String>,
}

impl InviteRow {
    /// Why the link is of no more use, if it is not.
    #[must_use]
    pub fn dead(&self) -> Option<Dead> {
        self.ended_at.map(|_| if self.ended_reason.as_deref() == Some("access_ended") { Dead::Access } else { Dead::InviteRemoved })
    }
}

/// An invite with its students.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The invite.
    pub row: InviteRow,
    /// The students covered.
    pub students: Vec<PersonRow>,
}

/// What the Manage Invites dialog shows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The live invites.
    pub invites: Vec<Invite>,
    /// The parent's involved students: whether they are invited for, and their appointments.
    pub students: Vec<(PersonRow, bool, Vec<bookings::Booking>)>,
    /// Why no other invite can be sent, if none can.
    pub refusal: Option<Refusal>,
}

#[derive(Insertable)]
#[diesel(table_name = invites)]
struct NewRow<'a> {
    id: Key,
    school_id: Key,
    evening_id: Key,
    parent_id: Key,
    name: &'a str,
    email: &'a str,
    email_key: String,
    bar_key: String,
    generation: i32,
    consent_version: &'a str,
    consent_channel: Option<&'a str>,
    consent_at: At,
    created_by: Key,
    created_at: At,
    mailed_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = invite_students)]
struct Covered {
    invite_id: Key,
    evening_id: Key,
    parent_id: Key,
    student_id: Key,
}

/// How an attempt to invite ended. A refusal for a barred contact is committed (it is counted and staff are told), so it is not an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// Stored and queued.
    Yes(InviteId),
    /// Refused without a reason; the attempt is remembered.
    AskTheSchool,
}

/// Stores an invite and queues its mail.
///
/// # Errors
/// The refusals of [`invite::decide`] but [`Refusal::AskTheSchool`], which is [`Sent::AskTheSchool`].
pub fn send(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, new: &NewInvite) -> Result<Sent> {
    people::lock(db, &[acting.parent])?;
    let situation = situation(db, ctx, evening, acting.parent, new)?;
    match invite::decide(new, &situation, ctx.now) {
        Ok(()) => {}
        Err(Refusal::AskTheSchool) => {
            remember_refusal(db, ctx, evening, acting, situation.refused_today)?;
            return Ok(Sent::AskTheSchool);
        }
        Err(refusal) => return Err(refusal.into()),
    }
    let id: InviteId = ctx.new_id();
    let row = NewRow {
        id: key(id),
        school_id: evening.school_id,
        evening_id: evening.id,
        parent_id: key(acting.parent),
        name: new.name.as_str(),
        email: new.email.as_str(),
        email_key: new.email.key(),
        bar_key: new.email.bar_key(),
        generation: 0,
        consent_version: new.consent.text().version,
        consent_channel: channel(&new.consent),
        consent_at: at(ctx.now),
        created_by: key(acting.actor.person.unwrap_or(acting.parent)),
        created_at: at(ctx.now),
        mailed_at: at(ctx.now),
    };
    diesel::insert_into(invites::table).values(&row).execute(db)?;
    let covered: Vec<Covered> = new.students.iter().map(|student| Covered::of(id, evening, acting.parent, *student)).collect();
    each!(db, conn => diesel::insert_into(invite_students::table).values(&covered).execute(conn)).map_err(Error::raced)?;
    outbox::enqueue(db, ctx, NewMail { invite: Some(id), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::Invite) })?;
    record(db, ctx, evening, acting, "invite_sent", format!("Invited {} ({}).", new.name, new.email))?;
    Ok(Sent::Yes(id))
}

impl Covered {
    fn of(invite: InviteId, evening: &EveningRow, parent: PersonId, student: PersonId) -> Self {
        Self { invite_id: key(invite), evening_id: evening.id, parent_id: key(parent), student_id: key(student) }
    }
}

/// The students that can be chosen: for a request that leaves them out since there is only one.
///
/// # Errors
/// When the database fails.
pub fn only_choice(db: &mut Db, evening: &EveningRow, parent: PersonId) -> Result<BTreeSet<PersonId>> {
    let candidates = candidates(db, evening, parent, None)?;
    let involved: Vec<PersonId> = candidates.into_iter().filter(|(_, candidate)| candidate.involved).map(|(student, _)| student.id()).collect();
    Ok(if involved.len() == 1 { involved.into_iter().collect() } else { BTreeSet::new() })
}

/// Mails an invite again, with the same link.
///
/// # Errors
/// [`Dead`] when it ended; the refusals of [`invite::decide_resend`].
pub fn resend(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, invite: &InviteRow) -> Result<()> {
    if let Some(dead) = invite.dead() {
        return Err(Error::Dead(dead));
    }
    let since = at(ctx.now - TimeDelta::days(1));
    let resent_today: i64 = crate::schema::outbox::table
        .filter(crate::schema::outbox::invite_id.eq(Some(invite.id)).and(crate::schema::outbox::template.eq(Template::Invite.as_str())))
        .filter(crate::schema::outbox::created_at.gt(since).and(crate::schema::outbox::created_at.gt(invite.created_at)))
        .count()
        .get_result(db)?;
    let ends_at = link_ends_at(db, invite, evening, ctx.now)?;
    invite::decide_resend(*invite.mailed_at, resent_today, ends_at, ctx.now)?;
    let unmoved = invites::table.filter(invites::id.eq(invite.id).and(invites::mailed_at.eq(invite.mailed_at)).and(invites::ended_at.is_null()));
    if diesel::update(unmoved).set(invites::mailed_at.eq(at(ctx.now))).execute(db)? != 1 {
        return Err(Refusal::ResendTooSoon.into());
    }
    outbox::enqueue(db, ctx, NewMail { invite: Some(invite.id.into()), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::Invite) })?;
    record(db, ctx, evening, acting, "invite_resent", format!("Sent {}’s invite again.", invite.name))
}

/// Removes an invite: its link is dead, its guest's sessions end, its students are free for another. One removed before stays so.
///
/// # Errors
/// When the database fails.
pub fn remove(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, invite: &InviteRow) -> Result<()> {
    if !end(db, ctx, invite.id.into(), "removed")? {
        return Ok(());
    }
    outbox::enqueue(
        db,
        ctx,
        NewMail { invite: Some(invite.id.into()), evening: Some(evening.id()), ..NewMail::new(evening.school(), Template::InviteRemoved) },
    )?;
    record(db, ctx, evening, acting, "invite_removed", format!("Removed {}’s invite.", invite.name))
}

/// "This was not meant for me": ends the invite, suppresses the address, tells the parent.
///
/// # Errors
/// [`Dead`] when it ended before.
pub fn decline(db: &mut Db, ctx: &Context, invite: &InviteRow) -> Result<()> {
    if let Some(dead) = invite.dead() {
        return Err(Error::Dead(dead));
    }
    if !end(db, ctx, invite.id.into(), "declined")? {
        return Err(Error::Dead(Dead::InviteRemoved));
    }
    let suppressed = (suppressions::school_id.eq(invite.school_id), suppressions::email_key.eq(&invite.email_key), suppressions::created_at.eq(at(ctx.now)));
    each!(db, conn => diesel::insert_into(suppressions::table).values(suppressed).on_conflict_do_nothing().execute(conn))?;
    let (school, evening, parent) = (SchoolId::from(invite.school_id), EveningId::from(invite.evening_id), PersonId::from(invite.parent_id));
    outbox::enqueue(
        db,
        ctx,
        NewMail { invite: Some(invite.id.into()), person: Some(parent), evening: Some(evening), ..NewMail::new(school, Template::InviteDeclined) },
    )?;
    let actor = Actor { person: None, name: invite.name.clone() };
    let summary = format!("The mail to {} said that it was not meant for them. The invite has ended.", invite.email);
    events::record(db, ctx, &NewEvent { school, evening: Some(evening), parent: Some(parent), action: "invite_declined", summary, actor: &actor })
}

/// Ends an invite by rule 13: the guest is told without a reason.
///
/// # Errors
/// When the database fails.
pub fn end_for_access(db: &mut Db, ctx: &Context, invite: InviteId, actor: &Actor) -> Result<()> {
    if !end(db, ctx, invite, "access_ended")? {
        return Ok(());
    }
    let row: InviteRow = invites::table.find(key(invite)).select(InviteRow::as_select()).first(db)?;
    let (school, evening, parent) = (row.school_id.into(), Some(row.evening_id.into()), Some(row.parent_id.into()));
    outbox::enqueue(db, ctx, NewMail { invite: Some(invite), evening, ..NewMail::new(school, Template::AccessEnded) })?;
    let summary = "Your access to this appointment has ended. Please contact the school.".to_owned();
    events::record(db, ctx, &NewEvent { school, evening, parent, action: "access_ended", summary, actor })
}

/// An invite of the school; of a certain parent's if `parent` is given. Ended ones too.
///
/// # Errors
/// [`Error::NotFound`] for anyone else's.
pub fn find(db: &mut Db, school: SchoolId, parent: Option<PersonId>, invite: InviteId) -> Result<InviteRow> {
    let row: InviteRow = invites::table.filter(invites::id.eq(key(invite)).and(invites::school_id.eq(key(school)))).select(InviteRow::as_select()).first(db)?;
    if parent.is_some_and(|parent| key(parent) != row.parent_id) { Err(Error::NotFound) } else { Ok(row) }
}

/// Gives invites their students.
///
/// # Errors
/// When the database fails.
pub fn with_students(db: &mut Db, rows: Vec<InviteRow>) -> Result<Vec<Invite>> {
    let covered: Vec<(Key, PersonRow)> = invite_students::table
        .inner_join(people_table::table)
        .filter(invite_students::invite_id.eq_any(rows.iter().map(|row| row.id).collect::<Vec<_>>()))
        .order((people_table::given_name, people_table::id))
        .select((invite_students::invite_id, PersonRow::as_select()))
        .load(db)?;
    let mut of_invite: BTreeMap<Key, Vec<PersonRow>> = BTreeMap::new();
    for (invite, student) in covered {
        of_invite.entry(invite).or_default().push(student);
    }
    Ok(rows.into_iter().map(|row| Invite { students: of_invite.remove(&row.id).unwrap_or_default(), row }).collect())
}

/// A parent's live invites of an evening, oldest first.
///
/// # Errors
/// When the database fails.
pub fn live_of(db: &mut Db, evening: EveningId, parent: PersonId) -> Result<Vec<InviteRow>> {
    Ok(invites::table
        .filter(invites::evening_id.eq(key(evening)).and(invites::parent_id.eq(key(parent))).and(invites::ended_at.is_null()))
        .order((invites::created_at, invites::id))
        .select(InviteRow::as_select())
        .load(db)?)
}

/// All that the dialog shows.
///
/// # Errors
/// When the database fails.
pub fn overview(db: &mut Db, ctx: &Context, evening: &EveningRow, parent: PersonId) -> Result<Overview> {
    let live = live_of(db, evening.id(), parent)?;
    let invites = with_students(db, live)?;
    let booked = bookings::of_parent(db, evening.id(), parent)?;
    let candidates = candidates(db, evening, parent, None)?;
    let involved: Vec<_> = candidates.into_iter().filter(|(_, candidate)| candidate.involved).collect();
    let refusal = overview_refusal(db, ctx, evening, parent, &involved)?;
    let students = involved.into_iter().map(|(student, candidate)| {
        let of_student = booked.iter().filter(|booking| booking.row.student_id == student.id).cloned().collect();
        (student, candidate.invited, of_student)
    });
    Ok(Overview { invites, students: students.collect(), refusal })
}

fn overview_refusal(db: &mut Db, ctx: &Context, evening: &EveningRow, parent: PersonId, involved: &[(PersonRow, Candidate)]) -> Result<Option<Refusal>> {
    let (count, video) = bookings::count(db, evening.id(), parent)?;
    if ctx.now >= *evening.ends_at {
        return Ok(Some(Refusal::EveningOver));
    }
    if !involved.is_empty() && involved.iter().all(|(_, candidate)| candidate.invited) {
        return Ok(Some(Refusal::InviteExists));
    }
    if let Err(refusal) = invite::check_offered(evening.mode(), count, video) {
        return Ok(Some(refusal));
    }
    let (sent_today, refused_today) = counts(db, ctx, evening, parent)?;
    Ok(if refused_today >= invite::DAILY_REFUSAL_LIMIT {
        Some(Refusal::AskTheSchool)
    } else if sent_today >= invite::DAILY_LIMIT {
        Some(Refusal::InviteLimit)
    } else {
        None
    })
}

/// Names of the guests who may join each booking.
///
/// # Errors
/// When the database fails.
pub fn guest_names(db: &mut Db, rows: &[BookingRow]) -> Result<BTreeMap<(Key, Key, Key), Vec<String>>> {
    let different = |id: fn(&BookingRow) -> Key| rows.iter().map(id).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let (evenings, parents) = (different(|row| row.evening_id), different(|row| row.parent_id));
    let live: Vec<(Key, Key, Key, String)> = invite_students::table
        .inner_join(invites::table)
        .filter(invite_students::evening_id.eq_any(evenings).and(invite_students::parent_id.eq_any(parents)))
        .filter(invite_students::ended_at.is_null().and(invites::ended_at.is_null()))
        .select((invite_students::evening_id, invite_students::parent_id, invite_students::student_id, invites::name))
        .load(db)?;
    let mut names: BTreeMap<(Key, Key, Key), Vec<String>> = BTreeMap::new();
    for (evening, parent, student, name) in live {
        names.entry((evening, parent, student)).or_default().push(name);
    }
    Ok(names)
}

/// The live invites of a parent that cover any of these students.
///
/// # Errors
/// When the database fails.
pub fn live_covering(db: &mut Db, evening: EveningId, parent: PersonId, students: &BTreeSet<PersonId>) -> Result<BTreeSet<InviteId>> {
    let ids: Vec<Key> = invite_students::table
        .filter(invite_students::evening_id.eq(key(evening)).and(invite_students::parent_id.eq(key(parent))).and(invite_students::ended_at.is_null()))
        .filter(invite_students::student_id.eq_any(students.iter().map(|student| key(*student)).collect::<Vec<_>>()))
        .select(invite_students::invite_id)
        .load(db)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// When the link of an invite dies.
///
/// # Errors
/// When the database fails.
pub fn link_ends_at(db: &mut Db, invite: &InviteRow, evening: &EveningRow, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let students: Vec<Key> = invite_students::table.filter(invite_students::invite_id.eq(invite.id)).select(invite_students::student_id).load(db)?;
    let last: Option<At> = bookings_table::table
        .filter(
            bookings_table::evening_id.eq(invite.evening_id).and(bookings_table::parent_id.eq(invite.parent_id)).and(bookings_table::cancelled_at.is_null()),
        )
        .filter(bookings_table::student_id.eq_any(students))
        .order(bookings_table::ends_at.desc())
        .select(bookings_table::ends_at)
        .first(db)
        .optional()?;
    Ok(invite::link_ends_at(last.map(Into::into), *evening.booking_closes_at, *evening.ends_at, now))
}

/// The evening of an invite.
///
/// # Errors
/// When the database fails.
pub fn evening_of(db: &mut Db, invite: &InviteRow) -> Result<EveningRow> {
    Ok(evenings_table::table.find(invite.evening_id).select(EveningRow::as_select()).first(db)?)
}

fn end(db: &mut Db, ctx: &Context, invite: InviteId, reason: &'static str) -> Result<bool> {
    let live = invites::table.filter(invites::id.eq(key(invite)).and(invites::ended_at.is_null()));
    if diesel::update(live).set((invites::ended_at.eq(Some(at(ctx.now))), invites::ended_reason.eq(Some(reason)))).execute(db)? != 1 {
        return Ok(false);
    }
    let covered = invite_students::table.filter(invite_students::invite_id.eq(key(invite)));
    diesel::update(covered).set(invite_students::ended_at.eq(Some(at(ctx.now)))).execute(db)?;
    sessions::withdraw(db, &[], &[key(invite)], ctx.now)?;
    Ok(true)
}

fn situation(db: &mut Db, ctx: &Context, evening: &EveningRow, parent: PersonId, new: &NewInvite) -> Result<Situation> {
    let (bookings, video_bookings) = bookings::count(db, evening.id(), parent)?;
    let own_address_key: Option<String> = people_table::table.find(key(parent)).select(people_table::email_key).first(db)?;
    let (sent_today, refused_today) = counts(db, ctx, evening, parent)?;
    let suppressed = suppressions::table.find((evening.school_id, new.email.key())).select(suppressions::created_at).first::<At>(db).optional()?.is_some();
    Ok(Situation {
        mode: evening.mode(),
        evening_ends_at: *evening.ends_at,
        own_address_key,
        bookings,
        video_bookings,
        candidates: candidates(db, evening, parent, Some(&new.email.bar_key()))?.into_iter().map(|(_, candidate)| candidate).collect(),
        sent_today,
        refused_today,
        suppressed,
    })
}

fn candidates(db: &mut Db, evening: &EveningRow, parent: PersonId, guest_bar_key: Option<&str>) -> Result<Vec<(PersonRow, Candidate)>> {
    let students = access::students_of(db, parent)?;
    let ids: Vec<Key> = students.iter().map(|student| student.id).collect();
    let involved = slots::involved(db, evening, &ids)?;
    let barred = match guest_bar_key {
        Some(bar_key) => access::barred_for_address(db, evening.school(), &ids, bar_key)?,
        None => BTreeSet::new(),
    };
    let invited: Vec<Key> = invite_students::table
        .filter(invite_students::evening_id.eq(evening.id).and(invite_students::parent_id.eq(key(parent))).and(invite_students::ended_at.is_null()))
        .select(invite_students::student_id)
        .load(db)?;
    let candidate = |student: &PersonRow| Candidate {
        student: student.id(),
        involved: involved.contains(&student.id),
        invited: invited.contains(&student.id),
        barred: barred.contains(&student.id),
    };
    Ok(students.into_iter().map(|student| (student.clone(), candidate(&student))).collect())
}

/// Invites sent and refusals met in the last 24 hours.
fn counts(db: &mut Db, ctx: &Context, evening: &EveningRow, parent: PersonId) -> Result<(i64, i64)> {
    let since = ctx.now - TimeDelta::days(1);
    let sent: i64 = invites::table
        .filter(invites::evening_id.eq(evening.id).and(invites::parent_id.eq(key(parent))).and(invites::created_at.gt(at(since))))
        .count()
        .get_result(db)?;
    let refused: i64 = events_table::table
        .filter(events_table::parent_id.eq(Some(key(parent))).and(events_table::action.eq("invite_refused")).and(events_table::at.gt(at(since))))
        .count()
        .get_result(db)?;
    Ok((sent, refused))
}

/// Counts the refusal and alerts staff when it is the last one that counts; later ones are the limit itself.
fn remember_refusal(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, refused_today: i64) -> Result<()> {
    if refused_today >= invite::DAILY_REFUSAL_LIMIT {
        return Ok(());
    }
    record(db, ctx, evening, acting, "invite_refused", "An invite was refused: the contact is barred.".to_owned())?;
    let parent = people::find(db, evening.school(), acting.parent)?;
    access::alert_staff(db, ctx, evening.school(), &acting.actor, "staff_alerted", &format!("{} tried to invite a barred contact.", parent.name()))
}

fn record(db: &mut Db, ctx: &Context, evening: &EveningRow, acting: &Acting, action: &'static str, summary: String) -> Result<()> {
    events::record(
        db,
        ctx,
        &NewEvent { school: evening.school(), evening: Some(evening.id()), parent: Some(acting.parent), action, summary, actor: &acting.actor },
    )
}

const fn channel(consent: &Consent) -> Option<&'static str> {
    match consent {
        Consent::Ticked => None,
        Consent::Recorded(ConsentChannel::InPerson) => Some("in_person"),
        Consent::Recorded(ConsentChannel::Phone) => Some("phone"),
        Consent::Recorded(ConsentChannel::Email) => Some("email"),
        Consent::Recorded(ConsentChannel::Letter) => Some("letter"),
    }
}
