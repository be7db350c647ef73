//! Identifiers: one type for each kind of object, so that a student's id can't be passed as a
//! class's.

use std::{fmt, str::FromStr};

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A school: the tenant that every row belongs to.
    SchoolId,
    /// A person in the school's roster: parent, student, teacher or staff.
    PersonId,
    /// A class: subject, students and 1 to 3 teachers.
    ClassId,
    /// One evening of a school.
    EveningId,
    /// An appointment of a parent about a student with a class's teachers.
    BookingId,
    /// A parent's invite for one guest.
    InviteId,
    /// A login session of a person or of a guest.
    SessionId,
    /// A request for a login mail.
    LoginLinkId,
    /// A guest's request to have their links mailed again.
    GuestLinkRequestId,
    /// A bar that staff set by hand: for a contact or an address, and one student.
    BarId,
    /// An API client.
    ClientId,
    /// A secret with which an API client requests tokens.
    ClientSecretId,
    /// A participant in a call: a person by their id, a guest by their invite's id.
    ParticipantId,
    /// A code that a guest must enter after too many takeovers of their link.
    CallCodeId,
    /// A webhook endpoint of a school's own system.
    WebhookId,
    /// The delivery of one event to one webhook endpoint.
    DeliveryId,
}
