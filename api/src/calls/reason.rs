//! Reasons why a participant is out of a call: a code for programs and a text for people.

use chrono::{DateTime, Utc};
use parlour_domain::{Refusal, call::CallState};

use crate::{
    problem::ApiError,
    store::{
        Db, Error, LinkError, Result,
        calls::{self, CallIdentity, Visitor},
        guests, sessions,
    },
};

/// The reason why a participant is out of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveReason {
    /// A stable code for programs.
    pub code: &'static str,
    /// A text for people.
    pub detail: String,
}

impl LeaveReason {
    fn new(code: &'static str, detail: &str) -> Self {
        Self { code, detail: detail.to_owned() }
    }

    /// The participant left the call.
    #[must_use]
    pub fn left() -> Self {
        Self::new("left", "You left the call.")
    }

    /// The browser speaks another version of the call protocol.
    #[must_use]
    pub fn version_unknown() -> Self {
        Self::new("version_unknown", "This page is older than the server. Load it again.")
    }

    /// The session has ended.
    #[must_use]
    pub fn logged_out() -> Self {
        Self::new("logged_out", "You were logged out. Log in again to come back.")
    }

    /// The lease of the participant's place ran out.
    #[must_use]
    pub fn expired() -> Self {
        Self::new("expired", "The connection was lost for too long. Enter again.")
    }

    fn taken_over() -> Self {
        Self::new("taken_over", "The call goes on with another device or tab that you have opened.")
    }

    fn opened_elsewhere() -> Self {
        Self::new(
            "opened_elsewhere",
            "Your link was opened in another browser, and the call goes on there. If that was not \
             you, get a new link.",
        )
    }

    fn moved() -> Self {
        Self::new("booking_moved", "This appointment was moved to another time.")
    }

    fn link_renewed() -> Self {
        Self::new(
            "link_renewed",
            "This link was replaced by a newer one. Use the one in the newest mail.",
        )
    }
}

impl From<Error> for LeaveReason {
    fn from(error: Error) -> Self {
        let error = ApiError::from(error);
        Self { code: error.code(), detail: error.detail().to_owned() }
    }
}

/// Finds out why a connection lost its place, by the same checks as for a participant who enters
/// anew.
///
/// # Errors
/// Errors of the database.
pub fn removal_reason(
    db: &mut Db,
    visitor: &Visitor,
    connection: u32,
    now: DateTime<Utc>,
) -> Result<LeaveReason> {
    let evict = calls::eviction_reason(db, visitor.booking, visitor.participant())?;
    if let Some(reason) = session_ended(db, visitor, evict.as_deref(), now)? {
        return Ok(reason);
    }
    match calls::door(db, visitor.school, visitor.who, visitor.booking, now) {
        Ok(door) => Ok(match door.times.state(now) {
            CallState::Early => LeaveReason::moved(),
            CallState::Over => Error::from(Refusal::CallOver).into(),
            CallState::Open
                if door.place.as_ref().is_some_and(|place| place.connection != connection) =>
            {
                // A guest's link that is open in another browser may be used by someone else. All
                // sessions of a logged-in person are their own.
                let is_other = matches!(visitor.who, CallIdentity::Guest(_))
                    && door.place.is_some_and(|place| place.session != visitor.session);
                if is_other { LeaveReason::opened_elsewhere() } else { LeaveReason::taken_over() }
            }
            CallState::Open if evict.as_deref() == Some("booking_moved") => LeaveReason::moved(),
            CallState::Open => LeaveReason::expired(),
        }),
        Err(Error::NotFound) => Ok(Error::from(Refusal::AccessEnded).into()),
        Err(error @ (Error::Refused(_) | Error::Link(_))) => Ok(error.into()),
        Err(error) => Err(error),
    }
}

fn session_ended(
    db: &mut Db,
    visitor: &Visitor,
    evict: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<LeaveReason>> {
    let (CallIdentity::Teacher(person) | CallIdentity::Parent(person)) = visitor.who else {
        let opened = guests::of_sessions(db, visitor.school, &[visitor.session], now)?;
        return Ok(match (opened.views.is_empty(), opened.dead) {
            (false, _) => None,
            (true, Some(LinkError::Link)) => Some(LeaveReason::link_renewed()),
            (true, Some(dead)) => Some(Error::Link(dead).into()),
            (true, None) if evict == Some("link_renewed") => Some(LeaveReason::link_renewed()),
            (true, None) => Some(LeaveReason::logged_out()),
        });
    };
    match sessions::find(db, visitor.school, visitor.session, now) {
        Ok(session) if session.identity.as_ref().is_some_and(|(known, _)| known.id() == person) => {
            Ok(None)
        }
        Ok(_) | Err(Error::NotFound) => Ok(Some(LeaveReason::logged_out())),
        Err(error @ Error::Link(_)) => Ok(Some(error.into())),
        Err(error) => Err(error),
    }
}
