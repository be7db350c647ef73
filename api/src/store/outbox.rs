//! The outbox: mail is queued in the transaction of what it tells, and sent later by the worker. A row holds a template and ids, never a text or a token.

use diesel::prelude::*;
use parlour_domain::id::{BookingId, EveningId, InviteId, LoginLinkId, PersonId, SchoolId};
use uuid::Uuid;

use super::{
    Db, Result,
    sql_types::{At, Key, at},
};
use crate::{context::Context, schema::outbox};

/// What a mail says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Template {
    /// To an address that asked to log in: link and code (`login_link`).
    Login,
    /// To a parent: the list of appointments after booking, a standing login link, calendar (`person`, `evening`, `login_link`).
    BookingsMade,
    /// To a parent: one appointment moved (`person`, `evening`, `booking`).
    BookingChanged,
    /// To a parent: one appointment cancelled (`person`, `evening`, `booking`).
    BookingCancelled,
    /// To a guest: the link (`invite`).
    Invite,
    /// To a guest: what they may join has changed (`invite`).
    GuestUpdate,
    /// To a guest: the invite was removed (`invite`).
    InviteRemoved,
    /// To a parent: the guest said it was not meant for them (`person`, `invite`).
    InviteDeclined,
    /// To a guest or a parent who lost access by rule 13 (`person` or `invite`).
    AccessEnded,
    /// To staff: something needs their eyes, such as refused contacts (`person`).
    StaffAlert,
}

impl Template {
    /// As in the database.
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
        }
    }
}

/// A mail to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewMail {
    /// What it says.
    pub template: Template,
    /// In whose name.
    pub school: SchoolId,
    /// To or about which person.
    pub person: Option<PersonId>,
    /// To or about which guest.
    pub invite: Option<InviteId>,
    /// About which booking.
    pub booking: Option<BookingId>,
    /// About which evening.
    pub evening: Option<EveningId>,
    /// With which login link.
    pub login_link: Option<LoginLinkId>,
}

impl NewMail {
    /// A mail that names nothing yet.
    #[must_use]
    pub const fn new(school: SchoolId, template: Template) -> Self {
        Self { template, school, person: None, invite: None, booking: None, evening: None, login_link: None }
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
}

/// Queues a mail, to be sent as soon as the transaction is committed.
///
/// # Errors
/// When the database fails.
pub fn enqueue(db: &mut Db, ctx: &Context, mail: NewMail) -> Result<()> {
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
        due_at: at(ctx.now),
        attempts: 0,
        state: "queued",
    };
    diesel::insert_into(outbox::table).values(&row).execute(db)?;
    Ok(())
}
