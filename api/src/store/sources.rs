//! Provenance of a roster row: the source that last set each value. Values are grouped by source
//! and time, so that a row has few items. Pure.

mod provenance;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::provenance::Provenance;

/// The kind of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Imported files.
    File,
    /// A provider that is synced over REST.
    Provider,
    /// An API client that pushes.
    Program,
    /// Staff.
    Staff,
}

impl SourceKind {
    /// The name in the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Provider => "provider",
            Self::Program => "program",
            Self::Staff => "staff",
        }
    }

    /// Returns whether it pushes single rows, so that each value is meant for that row. A file or a
    /// provider fills a column for all rows.
    #[must_use]
    pub const fn is_pushed(self) -> bool {
        matches!(self, Self::Program | Self::Staff)
    }
}

/// The origin of values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The kind.
    pub kind: SourceKind,
    /// The name at that time: of the file, the provider's address, the API client or the person.
    pub name: String,
}

impl Origin {
    /// A source of this kind and name.
    #[must_use]
    pub fn new(kind: SourceKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// Returns the provenance texts of this origin at this time.
    #[must_use]
    pub const fn stamps(&self, now: DateTime<Utc>) -> Stamps<'_> {
        Stamps { origin: self, now, made: BTreeMap::new() }
    }
}

/// The provenance texts of one origin at one time. Rows with the same columns share one text.
pub struct Stamps<'o> {
    origin: &'o Origin,
    now: DateTime<Utc>,
    made: BTreeMap<Vec<&'static str>, Provenance>,
}

impl Stamps<'_> {
    /// Returns the provenance of a row in which these columns come from this origin.
    pub fn of(&mut self, columns: Vec<&'static str>) -> Provenance {
        let (origin, at) = (self.origin, self.now.timestamp_micros());
        let text = |columns: &Vec<&'static str>| {
            write(&[(
                origin.kind,
                origin.name.clone(),
                at,
                columns.iter().map(|&column| column.to_owned()).collect(),
            )])
        };
        self.made.entry(columns).or_insert_with_key(text).clone()
    }
}

/// An item of the text: kind, name, microseconds, columns.
type Item = (SourceKind, String, i64, Vec<String>);

fn read(text: &str) -> Vec<Item> {
    serde_json::from_str(text).unwrap_or_default()
}

fn write(items: &[Item]) -> Provenance {
    serde_json::to_string(items).map_or_else(|_| Provenance::default(), Provenance::from)
}

/// Returns the provenance of a row after these columns were set by the origin of `stamp`. The other
/// columns keep theirs.
#[must_use]
pub fn merged(before: &Provenance, columns: &[&str], stamp: &Provenance) -> Provenance {
    if columns.is_empty() {
        return before.clone();
    }
    let mut items = read(before.as_str());
    items
        .iter_mut()
        .for_each(|(.., kept)| kept.retain(|column| !columns.contains(&column.as_str())));
    items.retain(|(.., kept)| !kept.is_empty());
    // The stamp does not list a value that was blanked, but this origin has blanked it, so the
    // columns are taken from the argument.
    let new = read(stamp.as_str()).into_iter().next();
    items.extend(new.map(|(kind, name, at, _)| {
        (kind, name, at, columns.iter().map(|&column| column.to_owned()).collect())
    }));
    write(&items)
}

/// Returns the kind of source of a column's value; `None` for older rows and for values that were
/// never given.
#[must_use]
pub fn kind_of(kept: &Provenance, column: &str) -> Option<SourceKind> {
    read(kept.as_str())
        .into_iter()
        .find(|(.., columns)| columns.iter().any(|one| one == column))
        .map(|(kind, ..)| kind)
}

/// The source of one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldSource {
    /// The column.
    pub column: String,
    /// The origin that set it.
    pub origin: Origin,
    /// Time when it was set.
    pub at: DateTime<Utc>,
}

/// The sources of a row's values, by column.
#[must_use]
pub fn of_row(kept: &Provenance) -> Vec<FieldSource> {
    let one = |(kind, name, at, columns): Item| {
        let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
        let origin = Origin { kind, name };
        columns
            .into_iter()
            .map(move |column| FieldSource { column, origin: origin.clone(), at })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<FieldSource> = read(kept.as_str()).into_iter().flat_map(one).collect();
    all.sort_by(|a, b| a.column.cmp(&b.column));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provenance_is_the_last_source_to_change_a_value() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let stamp =
            |kind, name, minute, columns| Origin::new(kind, name).stamps(at(minute)).of(columns);
        let file = stamp(SourceKind::File, "roster.zip", 1, vec!["email", "given_name"]);
        let push = stamp(SourceKind::Program, "Arbor", 2, vec!["email", "given_name"]);
        assert_eq!(merged(&file, &[], &push), file, "without changed columns it stays as it was");
        let both = merged(&file, &["email"], &push);
        let seen = |kept: &Provenance| {
            of_row(kept)
                .into_iter()
                .map(|one| (one.column, one.origin.name, one.at))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            seen(&both),
            [
                ("email".into(), "Arbor".into(), at(2)),
                ("given_name".into(), "roster.zip".into(), at(1))
            ]
        );
        assert_eq!(
            [kind_of(&both, "email"), kind_of(&both, "given_name"), kind_of(&both, "honorific")],
            [Some(SourceKind::Program), Some(SourceKind::File), None]
        );
        assert_eq!(
            merged(&both, &["email", "given_name"], &file),
            file,
            "an item without columns is removed"
        );
        assert_eq!(
            of_row(&merged(&Provenance::default(), &["email"], &push)).len(),
            1,
            "a row without provenance gets it for changed columns only"
        );
        let blank = stamp(SourceKind::Staff, "Helen", 3, vec!["given_name"]);
        assert_eq!(
            seen(&merged(&both, &["email"], &blank))[0],
            ("email".into(), "Helen".into(), at(3)),
            "blanking a value counts as setting it"
        );
        assert_eq!(of_row(&Provenance::from("mangled".to_owned())), []);
    }

    #[test]
    fn equal_provenance_shares_one_string() {
        let origin = Origin::new(SourceKind::File, "roster.zip");
        let mut stamps = origin.stamps(DateTime::UNIX_EPOCH);
        let (one, same, other) = (
            stamps.of(vec!["role"]),
            stamps.of(vec!["role"]),
            stamps.of(vec!["role", "begins_on"]),
        );
        assert!(std::ptr::eq(one.as_str(), same.as_str()) && one != other);
    }
}
