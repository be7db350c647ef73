//! Bringing back what an import ended: for how long, and why something does not come back. A bar is
//! never lifted by it.

use chrono::{DateTime, TimeDelta, Utc};

/// For how long what an import ended can be brought back.
pub const RESTORABLE_FOR: TimeDelta = TimeDelta::days(14);

/// Whether what was ended at this time can still be brought back.
#[must_use]
pub fn is_restorable(ended_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now <= ended_at + RESTORABLE_FOR
}

/// Why something is not brought back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotRestored {
    /// It is there: brought back before, or by a later import.
    AlreadyThere,
    /// A bar, a court order or `contactAllowed=false` ended it.
    Barred,
    /// Something else has ended it again since.
    EndedAgain,
    /// A person or class that it is about is not there.
    NotThere,
    /// The parent may not act for the student.
    NoAccess,
    /// Its time is over.
    Over,
    /// The time is taken by now, or the class is booked.
    Taken,
    /// A teacher of it has left the school.
    TeacherGone,
    /// Another guest has been invited for the student.
    OtherGuest,
    /// The guest wants no more mail.
    Suppressed,
}

impl NotRestored {
    /// As the contract writes it.
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

    /// For people, as the end of a line.
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
