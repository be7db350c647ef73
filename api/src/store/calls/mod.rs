//! Calls: who may enter, who sits, who waits, who is put out. The rules are `domain::call`'s;
//! whoever changes a call's places locks its row in `calls`.
//!
//! A place rests on a booking, an invite and a session, which are locked before the call. What ends
//! one of these changes it first and then looks for the places that rest on it, so that nobody can
//! sit down in between.

mod codes;
mod door;
mod end;
mod enter;
mod extend;
mod leases;
mod rows;
mod snapshot;

use parlour_domain::{
    call::CallRole,
    id::{BookingId, InviteId, ParticipantId, PersonId, SchoolId, SessionId},
};

pub use self::{
    codes::{CodeSent, GivenCode, code_of, send_code},
    door::{Door, DoorAndNext, door, get_call, is_in_call, next_call},
    end::{EvictionTarget, close, close_and_put_out, evict, eviction_reason, settle},
    enter::{EnterOutcome, JoinRequest, admit, enter},
    extend::extend,
    leases::{disconnect, leave, renew},
    snapshot::{Present, PresentPlace, Snapshot, lapsed, snapshot, versions},
};

/// Somebody at a call's door, who has shown who they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visitor {
    /// The school.
    pub school: SchoolId,
    /// Whose call.
    pub booking: BookingId,
    /// Who.
    pub who: CallIdentity,
    /// By which session.
    pub session: SessionId,
}

impl Visitor {
    /// By which id they are known in the call.
    #[must_use]
    pub fn participant(&self) -> ParticipantId {
        self.who.participant()
    }
}

/// A person in a role, or a guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallIdentity {
    /// A teacher of the booking.
    Teacher(PersonId),
    /// The parent who booked.
    Parent(PersonId),
    /// The guest of this invite.
    Guest(InviteId),
}

impl CallIdentity {
    /// By which id they are known in the call.
    #[must_use]
    pub fn participant(self) -> ParticipantId {
        match self {
            Self::Teacher(person) | Self::Parent(person) => ParticipantId(person.0),
            Self::Guest(invite) => ParticipantId(invite.0),
        }
    }

    /// In which role.
    #[must_use]
    pub const fn role(self) -> CallRole {
        match self {
            Self::Teacher(_) => CallRole::Teacher,
            Self::Parent(_) => CallRole::Parent,
            Self::Guest(_) => CallRole::Guest,
        }
    }
}
