//! Restoring what an import ended: the time limit, and the reasons why something is not restored.
//! Restoring never lifts a bar.

use chrono::{DateTime, TimeDelta, Utc};

/// Time for which something that an import ended can be restored.
pub const RESTORABLE_FOR: TimeDelta = TimeDelta::days(14);

/// Returns whether something that ended at this time can still be restored.
#[must_use]
pub fn is_restorable(ended_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now <= ended_at + RESTORABLE_FOR
}

/// The reason why something is not restored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotRestored {
    /// It exists: it was restored before, or by a later import.
    AlreadyThere,
    /// A bar, a court order or `contactAllowed=false` ended it.
    Barred,
    /// Something else has ended it again since.
    EndedAgain,
    /// A person or class that it refers to does not exist.
    NotThere,
    /// The parent may not act for the student.
    NoAccess,
    /// Its time has passed.
    Over,
    /// The time has been taken since, or the class is booked.
    Taken,
    /// One of its teachers has left the school.
    TeacherGone,
    /// Another guest has been invited for the student.
    OtherGuest,
    /// The guest wants no more mail.
    Suppressed,
}

impl NotRestored {
    /// The stable code, as in the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyThere => "already_there",
            Self::Barred => "barred",
            Self::EndedAgain => "ended_again",
            Self::NotThere => "not_there",
            Self::NoAccess => "no_access",
            Self::Over => "over",
            Self::Taken => "taken",
            Self::TeacherGone => "teacher_gone",
            Self::OtherGuest => "other_guest",
            Self::Suppressed => "suppressed",
        }
    }

    /// A description for people, for the end of a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::AlreadyThere => "it is there already",
            Self::Barred => "a bar, a court order or contactAllowed=false ended it",
            Self::EndedAgain => "something else has ended it since",
            Self::NotThere => "somebody or something that it belongs to is not there",
            Self::NoAccess => "the parent may not act for the student",
            Self::Over => "its time is over",
            Self::Taken => "the time is taken, or the class is booked",
            Self::TeacherGone => "a teacher of it is no longer at the school",
            Self::OtherGuest => "another guest has been invited for the student",
            Self::Suppressed => "the guest wants no more mail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restorable_for_fourteen_days() {
        let ended_at: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
        let check = |after: TimeDelta, expected: bool| {
            assert_eq!(is_restorable(ended_at, ended_at + after), expected, "{after}")
        };
        check(TimeDelta::zero(), true);
        check(TimeDelta::days(14), true);
        check(TimeDelta::days(14) + TimeDelta::seconds(1), false);
    }
}
