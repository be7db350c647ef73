//! Calls: entry, seats, queue and eviction, by the rules of `domain::call`. A transaction that
//! changes a call's seats or queue locks the call's row in `calls`.
//!
//! A seat depends on a booking, an invite and a session, which are locked before the call. A
//! transaction that ends one of these changes it first and then looks for the seats that depend on
//! it, so that nobody can enter in between.

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

/// An authenticated visitor at a call's door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visitor {
    /// The school.
    pub school: SchoolId,
    /// The booking of the call.
    pub booking: BookingId,
    /// The visitor's identity.
    pub who: CallIdentity,
    /// The session by which they came.
    pub session: SessionId,
}

impl Visitor {
    /// The visitor's id in the call.
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
    /// The participant's id in the call.
    #[must_use]
    pub fn participant(self) -> ParticipantId {
        match self {
            Self::Teacher(person) | Self::Parent(person) => ParticipantId(person.0),
            Self::Guest(invite) => ParticipantId(invite.0),
        }
    }

    /// The participant's role in the call.
    #[must_use]
    pub const fn role(self) -> CallRole {
        match self {
            Self::Teacher(_) => CallRole::Teacher,
            Self::Parent(_) => CallRole::Parent,
            Self::Guest(_) => CallRole::Guest,
        }
    }
}
