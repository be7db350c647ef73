//! The error type of store functions, and the one place that interprets constraint violations.

use chrono_tz::Tz;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use parlour_domain::{Refusal, booking::LostBookings};
use thiserror::Error;

use super::evening_setup::Resting;

/// The reason why a store function failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The thing does not exist, or this person may not see it.
    #[error("not found")]
    NotFound,
    /// A rule of the domain refuses it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Some appointments could not be booked, so none was.
    #[error("appointments lost")]
    BookingsLost {
        /// The appointments, and why each was lost.
        lost: LostBookings,
        /// The time zone of their evening.
        zone: Tz,
    },
    /// Live bookings depend on the settings that would change, so nothing was changed.
    #[error("bookings rest on it")]
    BookingsRest {
        /// The bookings, and what each depends on.
        bookings: Vec<Resting>,
        /// The time zone in which their times are shown.
        zone: Tz,
    },
    /// One field of the input is invalid.
    #[error("{0:?}")]
    Field(InvalidField),
    /// A link, code or session is no longer valid.
    #[error("{0:?}")]
    Link(LinkError),
    /// The idempotency key was used before with a different request.
    #[error("idempotency key reused")]
    KeyReused,
    /// A rate limit was reached; try again after this many seconds.
    #[error("too many requests")]
    TooMany(u32),
    /// Too many wrong codes were tried: no code is checked for this many seconds. Links still work.
    #[error("codes pause")]
    CodesPaused(u32),
    /// The cursor does not belong to this list.
    #[error("bad cursor")]
    BadCursor,
    /// The precondition of the request does not hold.
    #[error("precondition failed")]
    Changed,
    /// A unique constraint or a conditional update lost against another transaction. A retry sees
    /// what that transaction wrote.
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

/// An invalid field of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidField {
    /// The field's name in the contract.
    pub field: String,
    /// A code of the problem, for API clients.
    pub code: &'static str,
    /// Advice for a person.
    pub detail: String,
}

/// The reason why a link, code or session is no longer valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// It has expired or was used.
    Link,
    /// The guest's link was renewed: the valid one is in a newer mail.
    Renewed,
    /// The invite was removed by the parent or the staff.
    InviteRemoved,
    /// Access ended by I13.
    Access,
    /// The code can't be used any more: too many tries, or expired.
    Code,
    /// The code is wrong; another try is left.
    CodeWrong,
    /// Another browser requested the code.
    OtherBrowser,
    /// A code is needed as well.
    CodeRequired,
    /// The inviting parent opened their guest's link.
    OwnInvite,
}

/// The result of store functions.
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
    /// Converts the error of an insert that a unique constraint guards. A violation means that
    /// another transaction was faster.
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

/// Recognises a lock failure by its message: PostgreSQL reports a deadlock, and SQLite a lock
/// timeout, only in the message.
fn is_lock_failure(message: &str) -> bool {
    message.contains("deadlock detected")
        || message.contains("database is locked")
        || message.contains("database is busy")
}
