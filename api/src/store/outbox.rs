//! The outbox: mail is queued in the transaction that causes it, and the worker sends it later. A
//! row holds a template and ids, never a text or a token.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl::case_when, prelude::*};
use parlour_domain::{
    guest_mail,
    id::{
        BookingId, CallCodeId, EveningId, GuestLinkRequestId, InviteId, LoginLinkId, PersonId,
        SchoolId,
    },
};
use uuid::Uuid;

use super::{
    ClaimResult, Db, Result,
    db::MultiBackend,
    sql_types::{At, Key, Moment, at, key},
};
use crate::{context::Context, schema::outbox, with_conn};

/// The template of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Template {
    /// To an address that asked to log in: link and code (`login_link`).
    Login,
    /// To a parent: the list of appointments after booking, with a standing login link and a
    /// calendar (`person`, `evening`, `login_link`).
    BookingsMade,
    /// To a parent: one appointment was moved (`person`, `evening`, `booking`), or several were
    /// while the mail was queued (without `booking`).
    BookingChanged,
    /// To a parent: one appointment was cancelled (`person`, `evening`, `booking`), or several were
    /// while the mail was queued (without `booking`).
    BookingCancelled,
    /// To a guest: the link (`invite`).
    Invite,
    /// To a guest: the appointments that they may join have changed (`invite`).
    GuestUpdate,
    /// To a guest: the invite was removed (`invite`).
    InviteRemoved,
    /// To a parent: the guest said that the invite was not meant for them (`person`, `invite`).
    InviteDeclined,
    /// To a guest or a parent who lost access by I13 (`person` or `invite`): removes their
    /// appointments from their calendar.
    AccessEnded,
    /// To staff: an alert, such as refused contacts (`person`).
    StaffAlert,
    /// To the old address of a member of staff: the roster now has another address (`person`).
    AddressChanged,
    /// To a guest: the code that their link requires because it was taken over too often (`invite`,
    /// `call_code`).
    CallCode,
    /// To a guest, or to the parent who invited them: the link is used on several devices, and how
    /// to renew it (`invite`; `person` for the parent).
    LinkElsewhere,
    /// To an address that requested its guest links: one link for each live invite
    /// (`guest_link_request`).
    GuestLinks,
}

impl Template {
    const ALL: [Self; 14] = [
        Self::Login,
        Self::BookingsMade,
        Self::BookingChanged,
        Self::BookingCancelled,
        Self::Invite,
        Self::GuestUpdate,
        Self::InviteRemoved,
        Self::InviteDeclined,
        Self::AccessEnded,
        Self::StaffAlert,
        Self::AddressChanged,
        Self::CallCode,
        Self::LinkElsewhere,
        Self::GuestLinks,
    ];

    /// Parses a column; `None` when another version of the server wrote it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == text)
    }

    /// Returns whether somebody is waiting for the mail right now. Urgent mail is sent before all
    /// other mail.
    const fn is_urgent(self) -> bool {
        matches!(self, Self::Login | Self::CallCode | Self::GuestLinks)
    }

    /// The database names of the urgent templates.
    fn urgent() -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|template| template.is_urgent()).map(Self::as_str).collect()
    }

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::BookingsMade => "bookings_made",
            Self::BookingChanged => "booking_changed",
            Self::BookingCancelled => "booking_cancelled",
            Self::Invite => "invite",
            Self::GuestUpdate => "guest_update",
            Self::InviteRemoved => "invite_removed",
            Self::InviteDeclined => "invite_declined",
            Self::AccessEnded => "access_ended",
            Self::StaffAlert => "staff_alert",
            Self::AddressChanged => "address_changed",
            Self::CallCode => "call_code",
            Self::LinkElsewhere => "link_elsewhere",
            Self::GuestLinks => "guest_links",
        }
    }
}

/// A mail to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewMail {
    /// Its template.
    pub template: Template,
    /// The school that sends it.
    pub school: SchoolId,
    /// The person whom it is to or about.
    pub person: Option<PersonId>,
    /// The guest whom it is to or about.
    pub invite: Option<InviteId>,
    /// The booking that it is about.
    pub booking: Option<BookingId>,
    /// The evening that it is about.
    pub evening: Option<EveningId>,
    /// The login link that it contains.
    pub login_link: Option<LoginLinkId>,
    /// The code for a guest's link that it contains.
    pub call_code: Option<CallCodeId>,
    /// The request of a guest who has lost their link, if the mail answers one.
    pub guest_link_request: Option<GuestLinkRequestId>,
}

impl NewMail {
    /// A mail without any ids yet.
    #[must_use]
    pub const fn new(school: SchoolId, template: Template) -> Self {
        Self {
            template,
            school,
            person: None,
            invite: None,
            booking: None,
            evening: None,
            login_link: None,
            call_code: None,
            guest_link_request: None,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = outbox)]
struct NewRow {
    id: Key,
    school_id: Key,
    template: &'static str,
    person_id: Option<Key>,
    invite_id: Option<Key>,
    booking_id: Option<Key>,
    evening_id: Option<Key>,
    login_link_id: Option<Key>,
    created_at: At,
    due_at: At,
    attempts: i32,
    state: &'static str,
    call_code_id: Option<Key>,
    request_id: Option<Key>,
    guest_link_request_id: Option<Key>,
}

/// Queues a mail, to be sent as soon as the transaction is committed. Queued mails with the same
/// template, recipient and evening are merged into one mail. Its text is made from the data at the
/// time of sending.
///
/// # Errors
/// Errors of the database.
pub fn enqueue(db: &mut Db, ctx: &Context, mail: NewMail) -> Result<()> {
    enqueue_for(db, ctx, mail, ctx.now)
}

/// Queues a mail to a guest that a parent's own action causes. [`guest_mail`] decides when it is
/// sent. `starts_at` is the first coming appointment that it is about.
///
/// # Errors
/// Errors of the database.
pub fn enqueue_for_guest(
    db: &mut Db,
    ctx: &Context,
    mail: NewMail,
    starts_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let recent: Vec<(At, Option<At>)> = outbox::table
        .filter(
            outbox::invite_id
                .eq(mail.invite.map(Key::from))
                .and(outbox::template.eq(mail.template.as_str())),
        )
        .filter(
            outbox::state
                .eq("sent")
                .or(outbox::state.eq("queued").and(outbox::leased_until.is_not_null())),
        )
        .filter(outbox::due_at.gt(at(ctx.now - guest_mail::WINDOW)))
        .select((outbox::due_at, outbox::settled_at))
        .load(db)?;
    let recent: Vec<DateTime<Utc>> = recent
        .into_iter()
        .map(|(due_at, settled_at)| (*settled_at.unwrap_or(due_at)).min(ctx.now))
        .collect();
    enqueue_for(db, ctx, mail, guest_mail::send_at(ctx.now, &recent, starts_at))
}

fn enqueue_for(db: &mut Db, ctx: &Context, mail: NewMail, due_at: DateTime<Utc>) -> Result<()> {
    if merge_into_queued(db, ctx, mail, due_at)? {
        return Ok(());
    }
    let row = NewRow {
        id: ctx.new_id::<Uuid>().into(),
        school_id: mail.school.into(),
        template: mail.template.as_str(),
        person_id: mail.person.map(Into::into),
        invite_id: mail.invite.map(Into::into),
        booking_id: mail.booking.map(Into::into),
        evening_id: mail.evening.map(Into::into),
        login_link_id: mail.login_link.map(Into::into),
        created_at: at(ctx.now),
        due_at: at(due_at),
        attempts: 0,
        state: "queued",
        call_code_id: mail.call_code.map(Into::into),
        request_id: ctx.request_id.map(Into::into),
        guest_link_request_id: mail.guest_link_request.map(Into::into),
    };
    with_conn!(db, conn => diesel::insert_into(outbox::table).values(&row).execute(conn))?;
    Ok(())
}

/// Merges the mail into a queued one, if there is one. The conditional update decides against a
/// worker that claims the queued mail at the same time: either the worker reads the merged row, or
/// nothing is merged.
fn merge_into_queued(
    db: &mut Db,
    ctx: &Context,
    mail: NewMail,
    due_at: DateTime<Utc>,
) -> Result<bool> {
    // Each of these mails has a link or a code of its own, so they are not merged.
    if mail.template.is_urgent() {
        return Ok(false);
    }
    let mut alike = unclaimed(ctx.now).filter(
        outbox::school_id.eq(key(mail.school)).and(outbox::template.eq(mail.template.as_str())),
    );
    alike = match mail.person {
        Some(person) => alike.filter(outbox::person_id.eq(key(person))),
        None => alike.filter(outbox::person_id.is_null()),
    };
    alike = match mail.invite {
        Some(invite) => alike.filter(outbox::invite_id.eq(key(invite))),
        None => alike.filter(outbox::invite_id.is_null()),
    };
    alike = match mail.evening {
        Some(evening) => alike.filter(outbox::evening_id.eq(key(evening))),
        None => alike.filter(outbox::evening_id.is_null()),
    };
    // The text of an alert lists the events recorded at its time, so only alerts of the same moment
    // are merged.
    if mail.template == Template::StaffAlert {
        alike = alike.filter(outbox::created_at.eq(at(ctx.now)));
    }
    let columns = (outbox::id, outbox::due_at, outbox::attempts);
    let found: Option<(Key, At, i32)> =
        alike.order((outbox::created_at, outbox::id)).select(columns).first(db).optional()?;
    let Some((id, waits_until, attempts)) = found else { return Ok(false) };
    // A merge ends the backoff of a failed mail and resets its attempts. An invite is only mailed
    // when somebody asks for it, so it takes the new time as well.
    let send_at = if attempts > 0 || mail.template == Template::Invite {
        at(due_at)
    } else {
        waits_until.min(at(due_at))
    };
    let own_booking = mail.booking.map(Key::from);
    let told = (
        // A merged mail about several bookings names none of them. It lists all bookings that
        // changed since its creation time.
        outbox::booking_id.eq(case_when(outbox::booking_id.eq(own_booking), outbox::booking_id)),
        outbox::created_at.eq(case_when(
            outbox::created_at.gt(at(ctx.now)),
            at(ctx.now).into_sql::<Moment>(),
        )
        .otherwise(outbox::created_at)),
        outbox::login_link_id.eq(mail.login_link.map(Key::from)),
        outbox::due_at.eq(send_at),
        outbox::attempts.eq(0),
        // The row keeps the id of the latest request, for the log.
        outbox::request_id.eq(ctx.request_id.map(Key::from)),
    );
    let still = outbox::table.find(id).filter(
        outbox::state
            .eq("queued")
            .and(outbox::leased_until.is_null().or(outbox::leased_until.le(at(ctx.now)))),
    );
    let joined = diesel::update(still).set(told).execute(db)?;
    Ok(joined == 1)
}

/// The queued mails that no worker has claimed.
fn unclaimed(now: DateTime<Utc>) -> outbox::BoxedQuery<'static, MultiBackend> {
    outbox::table
        .into_boxed()
        .filter(outbox::state.eq("queued"))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(at(now))))
}

/// Time for which other workers leave a claimed mail alone. It is longer than sending a mail may
/// take.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// A mail that a worker has claimed and is sending.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Claimed {
    /// The row.
    #[diesel(deserialize_as = Key)]
    pub id: Uuid,
    #[diesel(deserialize_as = Key)]
    school_id: SchoolId,
    /// The database name of its template.
    pub template: String,
    person_id: Option<Key>,
    invite_id: Option<Key>,
    booking_id: Option<Key>,
    evening_id: Option<Key>,
    login_link_id: Option<Key>,
    /// Time when it was queued.
    #[diesel(deserialize_as = At)]
    pub created_at: DateTime<Utc>,
    due_at: At,
    /// The number of attempts, including this one.
    pub attempts: i32,
    call_code_id: Option<Key>,
    request_id: Option<Key>,
    guest_link_request_id: Option<Key>,
}

impl Claimed {
    /// The school that sends it.
    #[must_use]
    pub const fn school(&self) -> SchoolId {
        self.school_id
    }

    /// The request that queued it, if any.
    #[must_use]
    pub fn request_id(&self) -> Option<Uuid> {
        self.request_id.map(|id| id.0)
    }

    /// The mail as it was queued; `None` when another version of the server queued it.
    #[must_use]
    pub fn mail(&self) -> Option<NewMail> {
        Some(NewMail {
            template: Template::parse(&self.template)?,
            school: self.school_id,
            person: self.person_id.map(Into::into),
            invite: self.invite_id.map(Into::into),
            booking: self.booking_id.map(Into::into),
            evening: self.evening_id.map(Into::into),
            login_link: self.login_link_id.map(Into::into),
            call_code: self.call_code_id.map(Into::into),
            guest_link_request: self.guest_link_request_id.map(Into::into),
        })
    }
}

/// Claims up to `limit` due mails: no other worker sends them until [`LEASE`] has run out. Urgent
/// mails come first. Within each group schools take turns, beginning with the one after `after`, so
/// that a school with thousands of mails does not delay the others.
///
/// # Errors
/// Errors of the database.
pub fn claim(
    db: &mut Db,
    now: DateTime<Utc>,
    limit: usize,
    after: Option<SchoolId>,
) -> Result<ClaimResult<Claimed>> {
    let mut due = due_round_robin(db, now, limit, after, true)?;
    if due.len() < limit {
        due.extend(due_round_robin(db, now, limit, after, false)?);
    }
    if due.is_empty() {
        return Ok(ClaimResult::Nothing);
    }
    let mut claimed = Vec::new();
    for row in due {
        if claimed.len() == limit {
            break;
        }
        let lease = at(now + LEASE);
        let mine = diesel::update(outbox::table.find(key(row.id)))
            .filter(outbox::state.eq("queued").and(outbox::due_at.eq(row.due_at)))
            .set((
                outbox::due_at.eq(lease),
                outbox::leased_until.eq(Some(lease)),
                outbox::attempts.eq(outbox::attempts + 1),
            ))
            .execute(db)?;
        if mine == 1 {
            // The row is read again, because other transactions may have merged mails into it
            // before the claim.
            claimed.push(outbox::table.find(key(row.id)).select(Claimed::as_select()).first(db)?);
        }
    }
    Ok(if claimed.is_empty() { ClaimResult::Contended } else { ClaimResult::Claimed(claimed) })
}

/// Returns the due mails in round-robin order over the schools. It returns more than `limit`,
/// because other workers claim some of them.
fn due_round_robin(
    db: &mut Db,
    now: DateTime<Utc>,
    limit: usize,
    after: Option<SchoolId>,
    urgent: bool,
) -> Result<Vec<Claimed>> {
    let mut queues = Vec::new();
    for school in schools_round_robin(db, now, limit, after.map(key), urgent)? {
        let of_school = due(now, urgent)
            .filter(outbox::school_id.eq(school))
            .order((outbox::due_at, outbox::id));
        let look_at = i64::try_from(limit.saturating_mul(2)).unwrap_or(i64::MAX);
        let rows: Vec<Claimed> = of_school.limit(look_at).select(Claimed::as_select()).load(db)?;
        queues.push(rows.into_iter());
    }
    let mut rows = Vec::new();
    loop {
        let before = rows.len();
        rows.extend(queues.iter_mut().filter_map(Iterator::next));
        if rows.len() == before {
            return Ok(rows);
        }
    }
}

/// Returns up to `limit` schools with due mail, by ascending id, beginning after `after` and
/// wrapping around.
fn schools_round_robin(
    db: &mut Db,
    now: DateTime<Utc>,
    limit: usize,
    after: Option<Key>,
    urgent: bool,
) -> Result<Vec<Key>> {
    let (mut schools, mut from, mut is_round): (Vec<Key>, _, _) =
        (Vec::new(), after, after.is_none());
    while schools.len() < limit {
        let mut next = due(now, urgent).order(outbox::school_id).select(outbox::school_id).limit(1);
        if let Some(from) = from {
            next = next.filter(outbox::school_id.gt(from));
        }
        match next.first::<Key>(db).optional()? {
            Some(school) if schools.contains(&school) => break,
            Some(school) => {
                schools.push(school);
                from = Some(school);
            }
            None if is_round => break,
            None => (from, is_round) = (None, true),
        }
    }
    Ok(schools)
}

fn due(now: DateTime<Utc>, urgent: bool) -> outbox::BoxedQuery<'static, MultiBackend> {
    let due = outbox::table
        .into_boxed()
        .filter(outbox::state.eq("queued").and(outbox::due_at.le(at(now))));
    if urgent {
        due.filter(outbox::template.eq_any(Template::urgent()))
    } else {
        due.filter(outbox::template.ne_all(Template::urgent()))
    }
}

/// The result of sending a claimed mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendResult {
    /// The mail server accepted it.
    Sent,
    /// It is to be tried again at this time, for this reason.
    Retry(DateTime<Utc>, String),
    /// It can't be delivered; the reason is shown to people.
    Failed(String),
    /// It is no longer needed; the reason is shown to people.
    Dropped(String),
}

/// Records the result of a claimed mail. A mail that was sent is marked as sent even if its lease
/// has run out meanwhile. Returns false when the lease was lost.
///
/// # Errors
/// Errors of the database.
pub fn settle(
    db: &mut Db,
    now: DateTime<Utc>,
    row: &Claimed,
    settled: &SendResult,
) -> Result<bool> {
    let (state, due_at, reason) = match settled {
        SendResult::Sent => ("sent", row.due_at, None),
        SendResult::Retry(again_at, reason) => ("queued", at(*again_at), Some(reason.as_str())),
        SendResult::Failed(reason) => ("failed", row.due_at, Some(reason.as_str())),
        SendResult::Dropped(reason) => ("dropped", row.due_at, Some(reason.as_str())),
    };
    let settled_at = (state != "queued").then(|| at(now));
    let is_sent = matches!(settled, SendResult::Sent);
    let nobody_has_it = outbox::leased_until.eq(None::<At>);
    let set = (
        outbox::state.eq(state),
        outbox::due_at.eq(due_at),
        outbox::settled_at.eq(settled_at),
        outbox::error.eq(reason),
        nobody_has_it,
    );
    let queued = || outbox::table.find(key(row.id)).filter(outbox::state.eq("queued"));
    let is_mine =
        diesel::update(queued().filter(outbox::due_at.eq(row.due_at))).set(set).execute(db)? == 1;
    if !is_mine && is_sent {
        // A row with fewer attempts was merged into meanwhile. It then holds news that this mail
        // did not contain, so it stays queued.
        diesel::update(queued().filter(outbox::attempts.ge(row.attempts))).set(set).execute(db)?;
    }
    Ok(is_mine)
}

/// The state of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailState {
    /// It is being sent, or waits for its first or another attempt.
    Queued,
    /// The mail server accepted it.
    Sent,
    /// It can't be delivered.
    Failed,
    /// It was no longer needed, or no mail may go to the address.
    Dropped,
}

/// The status of a mail, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailStatus {
    /// Its state.
    pub state: MailState,
    /// Time when it reached this state.
    pub at: DateTime<Utc>,
    /// Reason and advice, if it was not simply sent.
    pub reason: Option<String>,
}

/// Returns the status of the newest mail with the link of each invite. An invite that was never
/// mailed has no entry.
///
/// # Errors
/// Errors of the database.
pub fn mail_statuses(db: &mut Db, invites: &[InviteId]) -> Result<HashMap<InviteId, MailStatus>> {
    let keys: Vec<Key> = invites.iter().copied().map(key).collect();
    type Row = (Option<Key>, String, At, Option<At>, Option<String>);
    let rows: Vec<Row> = outbox::table
        .filter(outbox::invite_id.eq_any(keys).and(outbox::template.eq(Template::Invite.as_str())))
        .order((outbox::created_at, outbox::id))
        .select((
            outbox::invite_id,
            outbox::state,
            outbox::created_at,
            outbox::settled_at,
            outbox::error,
        ))
        .load(db)?;
    let mail_status = |(invite, state, created_at, settled_at, reason): (
        Option<Key>,
        String,
        At,
        Option<At>,
        Option<String>,
    )| {
        let state = match state.as_str() {
            "sent" => MailState::Sent,
            "failed" => MailState::Failed,
            "dropped" => MailState::Dropped,
            _ => MailState::Queued,
        };
        Some((invite?.into(), MailStatus { state, at: settled_at.unwrap_or(created_at).0, reason }))
    };
    // Later rows replace earlier ones.
    Ok(rows.into_iter().filter_map(mail_status).collect())
}
