//! Whose the values of a row are that was there before. Pure.

use crate::store::sources::{Provenance, kind_of};

/// A column whose sources are kept.
pub(in crate::store::roster) struct Column {
    pub name: &'static str,
    /// Its value is another one than before.
    pub differs: bool,
}

/// The columns that are the new source's from now on: those whose values change, by its word or by
/// its silence; of a row that comes back all that it says. What it only says again stays whose it
/// was, but for a bar (I10): one that somebody pushes in so many words is theirs, so that no file's
/// silence lifts it, unless it was pushed before. `bars` are the columns that stand against
/// contact, `stamp` the new source with what it speaks of.
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

    /// The columns that become the new source's, of a link's title and bar; what is said is written
    /// `title` and `bar`, what differs `TITLE` and `BAR`.
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
        // Whatever changes, by a word or by silence.
        check((File, ALL), (Program, ALL), TITLE, false, ALL);
        check((File, ALL), (File, BAR), TITLE, false, TITLE);
        check((Program, ALL), (File, TITLE), BAR, false, BAR);
        // The bar.
        for pushed in [Program, Staff] {
            check((File, ALL), (pushed, ALL), &[], false, BAR);
            check((Provider, BAR), (pushed, BAR), &[], false, BAR);
            check((File, TITLE), (pushed, BAR), &[], false, BAR);
            check((File, ALL), (pushed, TITLE), &[], false, &[]);
            check((Program, ALL), (pushed, ALL), &[], false, &[]);
            check((pushed, ALL), (File, ALL), &[], false, &[]);
        }
        // Whoever brings a row back.
        check((File, ALL), (Program, ALL), &[], true, ALL);
        check((File, ALL), (Provider, ALL), &[], true, ALL);
        check((File, ALL), (Provider, TITLE), &[], true, TITLE);
        check((Program, ALL), (File, ALL), &[], true, TITLE);
    }
}
