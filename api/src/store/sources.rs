//! Which source last set each value of a roster's row, as the rows keep it: values are grouped by source and time, so that a row has few items. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What kind of source it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Files that were imported.
    File,
    /// A provider that is asked over REST.
    Provider,
    /// A program that pushes.
    Program,
    /// Staff.
    Staff,
}

impl SourceKind {
    /// As the contract writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Provider => "provider",
            Self::Program => "program",
            Self::Staff => "staff",
        }
    }
}

/// Where values come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The kind.
    pub kind: SourceKind,
    /// What it was called then: the file, the provider's address, the program, the person.
    pub name: String,
}

impl Origin {
    /// A source of this kind and name.
    #[must_use]
    pub fn new(kind: SourceKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// What rows keep when all of these columns come from here.
    #[must_use]
    pub fn stamp(&self, now: DateTime<Utc>, columns: &[&str]) -> String {
        write(&[(self.kind, self.name.clone(), now.timestamp_micros(), columns.iter().map(|&column| column.to_owned()).collect())])
    }
}

/// An item of the text: kind, name, microseconds, columns.
type Item = (SourceKind, String, i64, Vec<String>);

fn read(text: &str) -> Vec<Item> {
    serde_json::from_str(text).unwrap_or_default()
}

fn write(items: &[Item]) -> String {
    serde_json::to_string(items).unwrap_or_else(|_| "[]".to_owned())
}

/// What a row keeps once `changed` columns come from the source of `stamp`; the others stay those of whoever set them.
#[must_use]
pub fn merged(before: &str, changed: &[&str], stamp: &str) -> String {
    if changed.is_empty() {
        return before.to_owned();
    }
    let is_new = |column: &String| changed.contains(&column.as_str());
    let mut items = read(before);
    items.iter_mut().for_each(|(.., columns)| columns.retain(|column| !is_new(column)));
    items.extend(read(stamp).into_iter().map(|(kind, name, at, columns)| (kind, name, at, columns.into_iter().filter(is_new).collect())));
    items.retain(|(.., columns)| !columns.is_empty());
    write(&items)
}

/// What kind of source a column's value comes from; none of older rows.
#[must_use]
pub fn kind_of(text: &str, column: &str) -> Option<SourceKind> {
    read(text).into_iter().find(|(.., columns)| columns.iter().any(|one| one == column)).map(|(kind, ..)| kind)
}

/// A value's source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldSource {
    /// The column.
    pub column: String,
    /// Who set it.
    pub origin: Origin,
    /// When.
    pub at: DateTime<Utc>,
}

/// The sources of a row's values, by column.
#[must_use]
pub fn of_row(text: &str) -> Vec<FieldSource> {
    let one = |(kind, name, at, columns): Item| {
        let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
        let origin = Origin { kind, name };
        columns.into_iter().map(move |column| FieldSource { column, origin: origin.clone(), at }).collect::<Vec<_>>()
    };
    let mut all: Vec<FieldSource> = read(text).into_iter().flat_map(one).collect();
    all.sort_by(|a, b| a.column.cmp(&b.column));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_whoever_set_it_last() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let file = Origin::new(SourceKind::File, "roster.zip").stamp(at(1), &["email", "given_name"]);
        let push = Origin::new(SourceKind::Program, "Arbor").stamp(at(2), &["email", "given_name"]);
        assert_eq!(merged(&file, &[], &push), file, "what did not change is not written anew");
        let both = merged(&file, &["email"], &push);
        let seen: Vec<_> = of_row(&both).into_iter().map(|one| (one.column, one.origin.name, one.at)).collect();
        assert_eq!(seen, [("email".into(), "Arbor".into(), at(2)), ("given_name".into(), "roster.zip".into(), at(1))]);
        assert_eq!(
            [kind_of(&both, "email"), kind_of(&both, "given_name"), kind_of(&both, "honorific")],
            [Some(SourceKind::Program), Some(SourceKind::File), None]
        );
        assert_eq!(merged(&both, &["email", "given_name"], &file), file, "an item of which nothing is left goes");
        assert_eq!(of_row(&merged("[]", &["email"], &push)).len(), 1, "of older rows only what changes is known");
        assert_eq!(of_row("mangled"), []);
    }
}
