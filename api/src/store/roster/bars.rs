//! Which bars of the roster's rows outlast an import that doesn't speak of them (rule 10). Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    rows::{GuardianshipRow, Row},
    wanted::WantedLink,
};
use crate::store::{
    sources::{self, SourceKind},
    sql_types::Key,
};

/// The links as they will be: a bar stays where the roster's word on the link is half seen, and one that a program or staff have set stays until it is
/// lifted by a word. A roster's own bar goes with its silence.
pub(super) fn keep_bars(links: Vec<WantedLink>, existing: &[GuardianshipRow], half_seen: &BTreeSet<(Key, Key)>) -> Vec<GuardianshipRow> {
    let is_barred = |row: &&GuardianshipRow| row.contact_barred || row.court_order;
    let before: BTreeMap<(Key, Key), &GuardianshipRow> = existing.iter().filter(is_barred).map(|row| (row.name(), row)).collect();
    let keep = |link: WantedLink| {
        let WantedLink { mut row, is_silent_on_contact, is_silent_on_court_order } = link;
        if let Some(before) = before.get(&row.name()) {
            let half_seen = half_seen.contains(&row.name());
            row.contact_barred |= before.contact_barred && (half_seen || is_silent_on_contact && is_pushed(before, "contact_barred"));
            row.court_order |= before.court_order && (half_seen || is_silent_on_court_order && is_pushed(before, "court_order"));
            row.contact_allowed &= !row.contact_barred && !row.court_order;
        }
        row
    };
    links.into_iter().map(keep).collect()
}

fn is_pushed(row: &GuardianshipRow, column: &str) -> bool {
    matches!(sources::kind_of(&row.sources, column), Some(SourceKind::Program | SourceKind::Staff))
}
