//! Invites: sending, resending, removing and listing. A partial unique index on `invite_students`
//! enforces one live invite per evening, parent and student (I4).

mod end;
mod list;
mod operations;
mod overview;
mod resend;
mod restore;
mod send;

use diesel::prelude::*;

pub use self::{
    end::{decline, end_for_access, remove},
    list::{
        evening_of, find, guest_names, link_ends_at, live_covering, live_of, with_students,
        with_students_for,
    },
    operations::{
        InviteDetails, InviteForEvening, Invites, REFUSED, decline_guest_link, get_invite,
        get_invites, remove_invite, renew_invite, resend_invite, send_invite,
    },
    overview::{Overview, only_choice, overview},
    resend::{renew, resend},
    restore::restore,
    send::{SendInviteOutcome, send},
};
use super::{
    Db, LinkError, Result,
    bookings::OnBehalfOf,
    evenings::EveningRow,
    events::{self, NewEvent},
    people::PersonRow,
    sql_types::{At, Key},
};
use crate::{context::Context, schema::invites};

/// An invite.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invites)]
#[expect(missing_docs, reason = "the migration documents the columns")]
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
    /// Why the link no longer works; `None` while the invite is live.
    #[must_use]
    pub fn dead(&self) -> Option<LinkError> {
        self.ended_at.map(|_| {
            if self.ended_reason.as_deref() == Some("access_ended") {
                LinkError::Access
            } else {
                LinkError::InviteRemoved
            }
        })
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

fn record(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    action: &'static str,
    summary: String,
) -> Result<()> {
    events::record(
        db,
        ctx,
        &NewEvent {
            school: evening.school(),
            evening: Some(evening.id()),
            parent: Some(acting.parent),
            student: None,
            action,
            summary,
            actor: &acting.actor,
        },
    )
}
