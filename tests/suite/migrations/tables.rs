//! The tables of a database as data, in the same form for SQLite and PostgreSQL, and the comparison
//! of two databases.

use std::collections::{BTreeMap, BTreeSet};

/// All tables by name, without diesel's own table.
pub type Tables = BTreeMap<String, Table>;

#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Columns of the primary key in order.
    pub primary_key: Vec<String>,
    /// Unique and foreign keys, indexes, checks and triggers, each as one line.
    pub rest: BTreeSet<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    pub name: String,
    /// Its type, as its database names it.
    pub kind: String,
    /// True if it may be null.
    pub is_nullable: bool,
    /// Default in the form of [`super::expression::normalised`]; `generated` for a number that the
    /// database assigns.
    pub default: Option<String>,
}

/// An intended difference: a line that only one database has.
pub struct Wanted {
    /// The database that has the line.
    pub only: Only,
    /// The line in the form of [`lines`].
    pub line: &'static str,
    /// Reason for the difference.
    pub reason: &'static str,
}

impl Wanted {
    const fn difference(&self) -> (Only, &str) {
        (self.only, self.line)
    }
}

/// The database to which a line is restricted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Only {
    Sqlite,
    Postgres,
}

/// Describes the tables in lines that are equal where both databases mean the same: SQLite's type
/// names, and `1` for true.
pub fn lines(tables: &Tables) -> BTreeSet<String> {
    tables.iter().flat_map(|(name, table)| table_lines(name, table)).collect()
}

fn table_lines(name: &str, table: &Table) -> Vec<String> {
    let columns = table.columns.iter().enumerate().map(|(number, column)| {
        let null = if column.is_nullable { "" } else { " not null" };
        let default = column.default.as_ref().map(|value| format!(" default {value}"));
        let kind = sqlite_kind(&column.kind);
        let default = default.unwrap_or_default();
        format!("{name}: column {number:02} {} {kind}{null}{default}", column.name)
    });
    let key = (!table.primary_key.is_empty())
        .then(|| format!("{name}: primary key ({})", table.primary_key.join(", ")));
    columns.chain(key).chain(table.rest.iter().map(|line| format!("{name}: {line}"))).collect()
}

/// The type of SQLite that corresponds to a type of PostgreSQL. A type that no migration uses yet
/// is returned as it is and shows as a difference.
fn sqlite_kind(kind: &str) -> &str {
    match kind {
        "uuid" | "bytea" => "blob",
        "timestamp with time zone" | "boolean" | "bigint" => "integer",
        other => other,
    }
}

/// Lists unintended differences, and intended ones that do not exist.
pub fn faults(sqlite: &Tables, postgres: &Tables, wanted: &[Wanted]) -> Vec<String> {
    let (sqlite, postgres) = (lines(sqlite), lines(postgres));
    let only_sqlite = sqlite.difference(&postgres).map(|line| (Only::Sqlite, line.as_str()));
    let only_postgres = postgres.difference(&sqlite).map(|line| (Only::Postgres, line.as_str()));
    let found: BTreeSet<_> = only_sqlite.chain(only_postgres).collect();
    let new = found
        .iter()
        .filter(|found| !wanted.iter().any(|one| one.difference() == **found))
        .map(|(only, line)| format!("only in {only:?}: {line}"));
    let stale = wanted
        .iter()
        .filter(|one| !found.contains(&one.difference()))
        .map(|one| format!("no longer only in {:?}: {} ({})", one.only, one.line, one.reason));
    new.chain(stale).collect()
}

#[test]
fn each_kind_of_difference_is_found() {
    let sqlite = super::migrated_sqlite();
    assert_eq!(faults(&sqlite, &sqlite, &[]), [] as [String; 0]);
    let check = |change: fn(&mut Table), table: &str, expected: &[&str]| {
        let mut changed = sqlite.clone();
        change(changed.get_mut(table).expect("the table is there"));
        assert_eq!(faults(&sqlite, &changed, &[]), expected);
    };
    check(
        |bookings| rewrite(bookings, "unique index bookings_once", " and repeated_at is null", ""),
        "bookings",
        &[
            "only in Sqlite: bookings: unique index bookings_once (evening_id, parent_id, \
             student_id, class_id) where cancelled_at is null and repeated_at is null",
            "only in Postgres: bookings: unique index bookings_once (evening_id, parent_id, \
             student_id, class_id) where cancelled_at is null",
        ],
    );
    check(
        |changes| rewrite(changes, "unique index changes_in_order", "unique ", ""),
        "changes",
        &[
            "only in Sqlite: changes: unique index changes_in_order (school_id, place)",
            "only in Postgres: changes: index changes_in_order (school_id, place)",
        ],
    );
    check(
        |bars| rewrite(bars, "foreign key (set_by)", "delete no action", "delete cascade"),
        "bars",
        &[
            "only in Sqlite: bars: foreign key (set_by) to people (id) on update no action on \
             delete no action",
            "only in Postgres: bars: foreign key (set_by) to people (id) on update no action on \
             delete cascade",
        ],
    );
    check(
        |bars| rewrite(bars, "check person_id", "is not null or", "is null or"),
        "bars",
        &[
            "only in Sqlite: bars: check person_id is not null or bar_key is not null",
            "only in Postgres: bars: check person_id is null or bar_key is not null",
        ],
    );
    check(
        |evenings| rewrite(evenings, "trigger after delete", "after", "before"),
        "evenings",
        &[
            "only in Sqlite: evenings: trigger after delete evenings_deleted",
            "only in Postgres: evenings: trigger before delete evenings_deleted",
        ],
    );
    check(
        |people| people.columns.last_mut().expect("a column").default = None,
        "people",
        &[
            "only in Sqlite: people: column 16 device_generation integer not null default 0",
            "only in Postgres: people: column 16 device_generation integer not null",
        ],
    );
    check(
        |claims| claims.primary_key.reverse(),
        "claims",
        &[
            "only in Sqlite: claims: primary key (person_id, minute)",
            "only in Postgres: claims: primary key (minute, person_id)",
        ],
    );
    let unique = "unique (school_id, sourced_id)".to_owned();
    let mut changed = sqlite.clone();
    assert!(changed.get_mut("people").expect("people are there").rest.remove(&unique));
    assert_eq!(faults(&sqlite, &changed, &[]), [format!("only in Sqlite: people: {unique}")]);
}

#[test]
fn a_difference_that_is_gone_fails_the_list() {
    let gone = Wanted { only: Only::Sqlite, line: "bars: check a", reason: "it was there once" };
    let sqlite = super::migrated_sqlite();
    assert_eq!(
        faults(&sqlite, &sqlite, &[gone]),
        ["no longer only in Sqlite: bars: check a (it was there once)"]
    );
}

/// Replaces a part of the one line with this beginning.
fn rewrite(table: &mut Table, beginning: &str, part: &str, by: &str) {
    let line = table.rest.iter().find(|line| line.starts_with(beginning)).cloned();
    let line = line.expect("the line is there");
    assert!(line.contains(part), "{line}");
    table.rest.remove(&line);
    table.rest.insert(line.replace(part, by));
}
