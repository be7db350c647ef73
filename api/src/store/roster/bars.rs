//! Bars of existing rows that survive an import or push that doesn't mention them (I10). Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    desired::DesiredLink,
    rows::{GuardianshipRow, Row},
};
use crate::store::{
    sources::{self, SourceKind},
    sql_types::Key,
};

/// Applies existing bars to the wanted links. An existing bar stays if a delta does not contain the
/// student's row (`half_seen`); if a push does not mention the bar; or if an API client or staff
/// have pushed it, until a source lifts it explicitly. A bar that only a roster has set is lifted
/// when the roster no longer mentions it.
pub(super) fn keep_bars(
    links: Vec<DesiredLink>,
    existing: &[GuardianshipRow],
    half_seen: &BTreeSet<(Key, Key)>,
    kind: SourceKind,
) -> Vec<GuardianshipRow> {
    let is_barred = |row: &&GuardianshipRow| row.contact_barred || row.court_order;
    let before: BTreeMap<(Key, Key), &GuardianshipRow> =
        existing.iter().filter(is_barred).map(|row| (row.name(), row)).collect();
    let keep = |link: DesiredLink| {
        let DesiredLink { mut row, is_silent_on_contact, is_silent_on_court_order } = link;
        if let Some(before) = before.get(&row.name()) {
            let half_seen = half_seen.contains(&row.name());
            let outlasts = |is_silent: bool, column| {
                half_seen || is_silent && (kind.is_pushed() || is_pushed(before, column))
            };
            row.contact_barred |=
                before.contact_barred && outlasts(is_silent_on_contact, "contact_barred");
            row.court_order |=
                before.court_order && outlasts(is_silent_on_court_order, "court_order");
            row.contact_allowed &= !row.contact_barred && !row.court_order;
        }
        row
    };
    links.into_iter().map(keep).collect()
}

fn is_pushed(row: &GuardianshipRow, column: &str) -> bool {
    sources::kind_of(&row.sources, column).is_some_and(SourceKind::is_pushed)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::{super::compare::difference, *};
    use crate::store::{sources::Origin, sql_types::at};

    const PAIR: (Key, Key) = (Key(Uuid::from_u128(1)), Key(Uuid::from_u128(2)));

    /// A link whose columns all come from a source of this kind.
    fn link(kind: SourceKind, contact_barred: bool, court_order: bool) -> GuardianshipRow {
        GuardianshipRow {
            id: Key(Uuid::nil()),
            school_id: Key(Uuid::nil()),
            parent_id: PAIR.0,
            student_id: PAIR.1,
            relationship: String::new(),
            priority: None,
            lives_with: None,
            contact_allowed: !contact_barred && !court_order,
            court_order,
            removed_at: None,
            contact_barred,
            allowed_at: None,
            sources: Origin::new(kind, "x")
                .stamps(DateTime::UNIX_EPOCH)
                .of(vec!["contact_barred", "court_order"]),
        }
    }

    /// Checks what becomes of a bar from source `before` when source `now` sends the value `said`,
    /// for each of the two bars alone and for contact.
    fn check(
        before: SourceKind,
        now: SourceKind,
        said: Option<bool>,
        half_seen: bool,
        stays: bool,
    ) {
        let half_seen: BTreeSet<(Key, Key)> = half_seen.then_some(PAIR).into_iter().collect();
        for contact in [true, false] {
            let (here, bar) = (link(before, contact, !contact), said.unwrap_or(false));
            let wanted = DesiredLink {
                row: link(now, contact && bar, !contact && bar),
                is_silent_on_contact: contact && said.is_none(),
                is_silent_on_court_order: !contact && said.is_none(),
            };
            let kept = keep_bars(vec![wanted], &[here], &half_seen, now).remove(0);
            let seen = (kept.contact_barred, kept.court_order, kept.contact_allowed);
            assert_eq!(
                seen,
                (contact && stays, !contact && stays, !stays),
                "{before:?} {now:?} {said:?} {half_seen:?} {contact}"
            );
        }
    }

    #[test]
    fn omission_lifts_bars_of_imports_and_explicit_values_lift_all() {
        use SourceKind::{File, Program, Provider, Staff};
        for roster in [File, Provider] {
            check(File, roster, None, false, false);
            check(Provider, roster, None, true, true);
            check(Program, roster, None, false, true);
            check(Staff, roster, None, false, true);
        }
        for before in [File, Provider, Program, Staff] {
            check(before, Program, None, false, true);
            check(before, Staff, None, false, true);
            for now in [File, Provider, Program, Staff] {
                check(before, now, Some(false), false, false);
                check(before, now, Some(true), false, true);
            }
        }
    }

    /// An event of a link: it is removed, or a source sends it with this value of the bar.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Gone,
        Brought(SourceKind, Option<bool>),
    }

    /// A link after a sequence of steps, and the source of the bar that it should have.
    #[derive(Clone, Default)]
    struct Way {
        steps: Vec<Step>,
        rows: Vec<GuardianshipRow>,
        bar: Option<SourceKind>,
    }

    impl Way {
        /// Applies one more step, as an import or a push does.
        fn on(&self, step: Step) -> Self {
            let pushed = self.bar.filter(|kind| kind.is_pushed());
            let (links, bar) = match step {
                Step::Gone => (Vec::new(), self.bar),
                Step::Brought(kind, Some(true)) => {
                    (self.brought(kind, Some(true)), pushed.or(Some(kind)))
                }
                Step::Brought(kind, Some(false)) => (self.brought(kind, Some(false)), None),
                Step::Brought(kind, None) => {
                    (self.brought(kind, None), if kind.is_pushed() { self.bar } else { pushed })
                }
            };
            let mut rows: Vec<_> =
                difference(self.rows.clone(), links, at(DateTime::UNIX_EPOCH), |_| true)
                    .into_values()
                    .map(|outcome| outcome.row)
                    .collect();
            if rows.is_empty() {
                // A removed row that stays removed has no outcome.
                rows.clone_from(&self.rows);
            }
            Self { steps: self.steps.iter().copied().chain([step]).collect(), rows, bar }
        }

        fn brought(&self, kind: SourceKind, said: Option<bool>) -> Vec<GuardianshipRow> {
            let columns =
                ["contact_allowed"].into_iter().chain(said.map(|_| "contact_barred")).collect();
            let sources = Origin::new(kind, "x").stamps(DateTime::UNIX_EPOCH).of(columns);
            let row = GuardianshipRow { sources, ..link(kind, said == Some(true), false) };
            keep_bars(
                vec![DesiredLink {
                    row,
                    is_silent_on_contact: said.is_none(),
                    is_silent_on_court_order: true,
                }],
                &self.rows,
                &BTreeSet::new(),
                kind,
            )
        }

        fn check(&self) {
            for row in &self.rows {
                let told = row
                    .contact_barred
                    .then(|| sources::kind_of(&row.sources, "contact_barred"))
                    .flatten();
                assert_eq!(
                    (row.contact_barred, told),
                    (self.bar.is_some(), self.bar),
                    "{:?}",
                    self.steps
                );
                assert!(
                    row.is_removed() || row.contact_allowed != row.contact_barred,
                    "{:?}",
                    self.steps
                );
            }
        }
    }

    #[test]
    fn pushed_bar_is_lifted_only_by_an_explicit_value() {
        let words = [SourceKind::File, SourceKind::Program]
            .into_iter()
            .flat_map(|kind| [None, Some(false), Some(true)].map(|said| Step::Brought(kind, said)));
        let steps: Vec<Step> = words.chain([Step::Gone]).collect();
        let mut ways = vec![Way::default()];
        for _ in 0..5 {
            ways = ways.iter().flat_map(|way| steps.iter().map(|step| way.on(*step))).collect();
            ways.iter().for_each(Way::check);
        }
        assert!(
            ways.iter().any(|way| way.bar == Some(SourceKind::Program))
                && ways.iter().any(|way| way.bar == Some(SourceKind::File))
        );
    }
}
