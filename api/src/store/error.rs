//! Why a store function did not do what was asked, and the one place that reads a broken
//! constraint.

use chrono_tz::Tz;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use parlour_domain::{Refusal, booking::LostBookings};
use thiserror::Error;

use super::evening_setup::Resting;

/// What a store function answers instead of a value.
#[derive(Debug, Error)]
pub enum Error {
    /// It is not there, or not this person's to see.
    #[error("not found")]
    NotFound,
    /// A rule stands against it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Some appointments could not be made; none was.
    #[error("appointments lost")]
    BookingsLost {
        /// Which, and why.
        lost: LostBookings,
        /// The zone of their evening.
        zone: Tz,
    },
    /// Live bookings rest on what would change; nothing was.
    #[error("bookings rest on it")]
    BookingsRest {
        /// Which, and on what.
        bookings: Vec<Resting>,
        /// The zone that their times are told in.
        zone: Tz,
    },
    /// What is wanted is wrong in one field.
    #[error("{0:?}")]
    Field(InvalidField),
    /// A link, code or session is of no more use.
    #[error("{0:?}")]
    Link(LinkError),
    /// The same idempotency key came with another request.
    #[error("idempotency key reused")]
    KeyReused,
    /// Too many of something; try again after so many seconds.
    #[error("too many requests")]
    TooMany(u32),
    /// Too many wrong codes: none is looked at for so many seconds. Links go on.
    #[error("codes pause")]
    CodesPaused(u32),
    /// A cursor that is not one of this list's.
    #[error("bad cursor")]
    BadCursor,
    /// It is not as the request says that it must be.
    #[error("precondition failed")]
    Changed,
    /// Another transaction was quicker; the same work run again will see what it wrote.
    #[error("lost a race")]
    UniqueViolation,
    /// The database is busy; nothing was written.
    #[error("the database is busy")]
    Busy,
    /// The database failed.
    #[error("database")]
    Database(#[source] DieselError),
    /// A job panicked; nothing was written.
    #[error("a database job panicked")]
    Internal,
}

/// A field of a request that can't be what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidField {
    /// Its name, as the contract writes it.
    pub field: String,
    /// What is wrong, for a program.
    pub code: &'static str,
    /// What to do, for a person.
    pub detail: String,
}

/// Why a link, code or session is of no more use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// Expired or used.
    Link,
    /// A guest's link that was renewed: a newer mail has the one that works.
    Renewed,
    /// The invite was removed by the parent or the staff.
    InviteRemoved,
    /// Access ended by I13.
    Access,
    /// The code is used up: too many tries, or too late.
    Code,
    /// The code is wrong; another try is left.
    CodeWrong,
    /// The code was asked for by another browser.
    OtherBrowser,
    /// A code must be given as well.
    CodeRequired,
    /// The inviting parent opened their guest's link.
    OwnInvite,
}

/// What store functions return.
pub type Result<T> = std::result::Result<T, Error>;

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Busy,
            DieselError::DatabaseError(_, info) if is_lock_failure(info.message()) => Self::Busy,
            _ => Self::Database(error),
        }
    }
}

impl Error {
    /// Reads the error of an insert that a unique constraint decides: a violation means that
    /// another transaction was quicker.
    #[must_use]
    pub fn on_unique_violation(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                Self::UniqueViolation
            }
            other => other.into(),
        }
    }
}

/// PostgreSQL reports a deadlock, and SQLite a lock it waited for too long, only in words.
fn is_lock_failure(message: &str) -> bool {
    message.contains("deadlock detected")
        || message.contains("database is locked")
        || message.contains("database is busy")
}
