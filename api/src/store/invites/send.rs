//! Sending an invite. This module loads the facts; the domain decides.

use diesel::prelude::*;
use parlour_domain::{
    Refusal,
    id::{InviteId, PersonId},
    invite::{self, Consent, ConsentChannel, InviteContext, NewInvite},
};

use super::{
    overview::{candidates, counts},
    record,
};
use crate::{
    context::Context,
    schema::{invite_students, invites, people as people_table, suppressions},
    store::{
        Db, Error, Result,
        bookings::{self, OnBehalfOf},
        evenings::EveningRow,
        locks::{LockRank, lock_row},
        outbox::{self, NewMail, Template},
        people,
        sql_types::{At, Key, at, key},
        staff_alerts,
        webhooks::{self, EventType, WebhookEvent},
    },
    with_conn,
};

/// Stores an invite and queues its mail.
///
/// # Errors
/// The refusals of [`invite::decide`], except [`Refusal::AskTheSchool`]: that one is
/// [`SendInviteOutcome::AskTheSchool`].
pub fn send(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    new: &NewInvite,
) -> Result<SendInviteOutcome> {
    lock_row(db, LockRank::Person, acting.parent)?;
    let situation = situation(db, ctx, evening, acting.parent, new)?;
    match invite::decide(new, &situation, ctx.now) {
        Ok(()) => {}
        Err(Refusal::AskTheSchool) => {
            record_refusal(db, ctx, evening, acting, situation.refused_today)?;
            return Ok(SendInviteOutcome::AskTheSchool);
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
    let covered: Vec<InviteStudentRow> = new
        .students
        .iter()
        .map(|student| InviteStudentRow::of(id, evening, acting.parent, *student))
        .collect();
    with_conn!(db, conn =>
        diesel::insert_into(invite_students::table).values(&covered).execute(conn)
    )
    .map_err(Error::on_unique_violation)?;
    outbox::enqueue(
        db,
        ctx,
        NewMail {
            invite: Some(id),
            evening: Some(evening.id()),
            ..NewMail::new(evening.school(), Template::Invite)
        },
    )?;
    webhooks::enqueue(
        db,
        ctx,
        evening.school(),
        &[WebhookEvent::invite(EventType::InviteCreated, id, evening.id())],
    )?;
    record(
        db,
        ctx,
        evening,
        acting,
        "invite_sent",
        format!("Invited {} ({}).", new.name, new.email),
    )?;
    Ok(SendInviteOutcome::Yes(id))
}

/// The outcome of an attempt to invite. A refusal for a barred contact is committed, because it is
/// counted and staff are alerted; so it is not an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendInviteOutcome {
    /// Stored and queued.
    Yes(InviteId),
    /// Refused without a reason; the attempt is recorded.
    AskTheSchool,
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
struct InviteStudentRow {
    invite_id: Key,
    evening_id: Key,
    parent_id: Key,
    student_id: Key,
}

impl InviteStudentRow {
    fn of(invite: InviteId, evening: &EveningRow, parent: PersonId, student: PersonId) -> Self {
        Self {
            invite_id: key(invite),
            evening_id: evening.id,
            parent_id: key(parent),
            student_id: key(student),
        }
    }
}

fn situation(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    parent: PersonId,
    new: &NewInvite,
) -> Result<InviteContext> {
    let (bookings, video_bookings) = bookings::count(db, evening.id(), parent)?;
    let own_address_key: Option<String> =
        people_table::table.find(key(parent)).select(people_table::email_key).first(db)?;
    let (sent_today, refused_today) = counts(db, ctx, evening, parent)?;
    let suppressed = suppressions::table
        .find((evening.school_id, new.email.bar_key()))
        .select(suppressions::created_at)
        .first::<At>(db)
        .optional()?
        .is_some();
    Ok(InviteContext {
        mode: evening.mode(),
        evening_ends_at: *evening.ends_at,
        own_address_key,
        bookings,
        video_bookings,
        candidates: candidates(db, evening, parent, Some(&new.email.bar_key()))?
            .into_iter()
            .map(|(_, candidate)| candidate)
            .collect(),
        sent_today,
        refused_today,
        suppressed,
    })
}

/// Records the refusal and alerts staff. Attempts beyond the daily limit (I10) are neither recorded
/// nor alerted.
fn record_refusal(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    refused_today: i64,
) -> Result<()> {
    if refused_today >= invite::DAILY_REFUSAL_LIMIT {
        return Ok(());
    }
    record(
        db,
        ctx,
        evening,
        acting,
        "invite_refused",
        "An invite was refused: the contact is barred.".to_owned(),
    )?;
    let parent = people::find(db, evening.school(), acting.parent)?;
    staff_alerts::alert(
        db,
        ctx,
        evening.school(),
        &acting.actor,
        "staff_alerted",
        &format!("{} tried to invite a barred contact.", parent.name()),
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
