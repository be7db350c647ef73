//! Identifiers: one type per kind of thing, so that a student's id can't be passed for a class's.

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
    /// Anyone the school's roster knows: parent, student, teacher or staff.
    PersonId,
    /// A class: subject, students and 1 to 3 teachers.
    ClassId,
    /// One evening of a school.
    EveningId,
    /// An appointment of a parent about a student with a class's teachers.
    BookingId,
    /// A parent's permission for one guest.
    InviteId,
    /// A logged-in browser, of a person or of a guest.
    SessionId,
    /// A request for a login mail.
    LoginLinkId,
    /// A guest's request to have their links mailed again.
    GuestLinkRequestId,
    /// A contact or an address barred by hand for a student.
    BarId,
    /// A program of another maker that reads or writes a school's data.
    ClientId,
    /// One of the secrets by which a program asks for tokens.
    ClientSecretId,
    /// Somebody in a call: a person by their id, a guest by their invite's.
    ParticipantId,
    /// A code that a guest's link asks for when it was taken over too often.
    CallCodeId,
    /// An endpoint that a school's systems are told by.
    WebhookId,
    /// One event on its way to one endpoint.
    DeliveryId,
}
