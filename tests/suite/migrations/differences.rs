//! The intended differences between the two databases, each with its reason.

use super::tables::{
    Only::{Postgres, Sqlite},
    Wanted,
};

/// A trigger of SQLite is for one event, so a trigger for two events needs two names there.
const ONE_EVENT: &str = "PostgreSQL has one trigger for insert and update, SQLite one for each";
/// A trigger of PostgreSQL calls a function.
const FUNCTION: &str = "PostgreSQL's triggers call functions, SQLite's hold their statements";

/// All intended differences. One that no longer exists fails the test.
pub const WANTED: &[Wanted] = &[
    Wanted {
        only: Sqlite,
        line: "roster_endings: check barred in 0 , 1",
        reason: "PostgreSQL's boolean takes nothing else",
    },
    Wanted {
        only: Sqlite,
        line: "bookings: trigger after insert bookings_made",
        reason: ONE_EVENT,
    },
    Wanted {
        only: Postgres,
        line: "bookings: trigger after insert bookings_changed",
        reason: ONE_EVENT,
    },
    Wanted {
        only: Postgres,
        line: "bookings: trigger after update bookings_moved",
        reason: "PostgreSQL's functions are shared between tables, so the second statement of \
                 SQLite's bookings_changed is a trigger of its own",
    },
    Wanted {
        only: Sqlite,
        line: "evenings: trigger after insert evenings_made",
        reason: ONE_EVENT,
    },
    Wanted {
        only: Postgres,
        line: "evenings: trigger after insert evenings_changed",
        reason: ONE_EVENT,
    },
    Wanted { only: Sqlite, line: "invites: trigger after insert invites_made", reason: ONE_EVENT },
    Wanted {
        only: Postgres,
        line: "invites: trigger after insert invites_changed",
        reason: ONE_EVENT,
    },
    Wanted {
        only: Sqlite,
        line: "teacher_records: trigger after insert teacher_records_made",
        reason: ONE_EVENT,
    },
    Wanted {
        only: Postgres,
        line: "teacher_records: trigger after insert teacher_records_changed",
        reason: ONE_EVENT,
    },
    Wanted { only: Postgres, line: "functions: function note_attendance", reason: FUNCTION },
    Wanted { only: Postgres, line: "functions: function note_change", reason: FUNCTION },
    Wanted { only: Postgres, line: "functions: function note_deletion", reason: FUNCTION },
    Wanted { only: Postgres, line: "functions: function note_time", reason: FUNCTION },
];
