//! Attribution of an existing row's columns to the new source. Pure.

use crate::store::sources::{Provenance, kind_of};

/// A column that has provenance.
pub(in crate::store::roster) struct Column {
    pub name: &'static str,
    /// True if its value differs from the existing one.
    pub differs: bool,
}

/// Lists the columns that are attributed to the new source: columns whose values change, whether
/// the source sets them or leaves them blank; and, if the row comes back, all columns that the
/// source sets. A column that the source only repeats keeps its previous source. A bar is the
/// exception (I10): a push that sets it explicitly takes it over, so that no file lifts it by
/// leaving it blank; but a bar that was pushed before keeps its source. `bars` are the columns that
/// bar contact; `stamp` is the new source with the columns that it sets.
pub(in crate::store::roster) fn reattributed_columns(
    columns: &[Column],
    bars: &[&str],
    comes_back: bool,
    before: &Provenance,
    stamp: &Provenance,
) -> Vec<&'static str> {
    let takes = |column: &Column| {
        column.differs
            || if bars.contains(&column.name) {
                takes_over_bar(column.name, comes_back, before, stamp)
            } else {
                comes_back && says(stamp, column.name)
            }
    };
    columns.iter().filter(|column| takes(column)).map(|column| column.name).collect()
}

fn says(stamp: &Provenance, column: &str) -> bool {
    kind_of(stamp, column).is_some()
}

fn takes_over_bar(column: &str, comes_back: bool, before: &Provenance, stamp: &Provenance) -> bool {
    let was_pushed = kind_of(before, column).is_some_and(|kind| kind.is_pushed());
    !was_pushed && kind_of(stamp, column).is_some_and(|kind| comes_back || kind.is_pushed())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::store::sources::{Origin, SourceKind};

    /// Checks which of the columns `title` and `bar` are attributed to the new source. `before` and
    /// `now` give the columns that the two sources set, `differ` the columns whose values change.
    fn check(
        before: (SourceKind, &[&'static str]),
        now: (SourceKind, &[&'static str]),
        differ: &[&str],
        comes_back: bool,
        expected: &[&str],
    ) {
        let stamp = |(kind, columns): (SourceKind, &[&'static str])| {
            Origin::new(kind, "x").stamps(DateTime::UNIX_EPOCH).of(columns.to_vec())
        };
        let columns = ["title", "bar"].map(|name| Column { name, differs: differ.contains(&name) });
        assert_eq!(
            reattributed_columns(&columns, &["bar"], comes_back, &stamp(before), &stamp(now)),
            expected,
            "{before:?} {now:?} {differ:?} {comes_back}"
        );
    }

    #[test]
    fn reimport_keeps_provenance_except_for_pushed_bars() {
        use SourceKind::{File, Program, Provider, Staff};
        const ALL: &[&str] = &["title", "bar"];
        const TITLE: &[&str] = &["title"];
        const BAR: &[&str] = &["bar"];
        check((File, ALL), (File, ALL), &[], false, &[]);
        check((File, ALL), (Provider, ALL), &[], false, &[]);
        // Changed values, set or left blank.
        check((File, ALL), (Program, ALL), TITLE, false, ALL);
        check((File, ALL), (File, BAR), TITLE, false, TITLE);
        check((Program, ALL), (File, TITLE), BAR, false, BAR);
        // Repeated bars.
        for pushed in [Program, Staff] {
            check((File, ALL), (pushed, ALL), &[], false, BAR);
            check((Provider, BAR), (pushed, BAR), &[], false, BAR);
            check((File, TITLE), (pushed, BAR), &[], false, BAR);
            check((File, ALL), (pushed, TITLE), &[], false, &[]);
            check((Program, ALL), (pushed, ALL), &[], false, &[]);
            check((pushed, ALL), (File, ALL), &[], false, &[]);
        }
        // Rows that come back.
        check((File, ALL), (Program, ALL), &[], true, ALL);
        check((File, ALL), (Provider, ALL), &[], true, ALL);
        check((File, ALL), (Provider, TITLE), &[], true, TITLE);
        check((Program, ALL), (File, ALL), &[], true, TITLE);
    }
}
