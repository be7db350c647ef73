//! Links in a delta: the status of existing links that the delta does not contain. Pure.

use std::collections::{BTreeMap, BTreeSet};

use parlour_roster::{Mode, Removed, School};

use super::rows::{GuardianshipRow, Row};
use crate::store::sql_types::Key;

/// The status of an existing link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LinkStatus {
    /// It stays.
    Stays,
    /// Both people's rows are in the delta, and neither lists the other.
    Gone,
    /// One person's row does not list the other. The other person's row may, but is not in the
    /// delta.
    Unclear,
}

/// The people and pairs that a delta mentions.
#[derive(Default)]
pub(super) struct DeltaLinks {
    listed: BTreeSet<Key>,
    relisted: BTreeSet<Key>,
    mentioned: BTreeSet<(Key, Key)>,
}

impl DeltaLinks {
    /// Collects them from a delta; empty unless guardianships come as a delta.
    pub(super) fn of(mode: Mode, removed: &Removed, people: &BTreeMap<String, Key>) -> Self {
        if mode != Mode::Delta {
            return Self::default();
        }
        let keys =
            |ids: &BTreeSet<String>| ids.iter().filter_map(|id| people.get(id).copied()).collect();
        let pair = |(one, other): &(String, String)| Some((*people.get(one)?, *people.get(other)?));
        Self {
            listed: keys(&removed.listed),
            relisted: keys(&removed.people_with_links),
            mentioned: removed.mentioned_links.iter().filter_map(pair).collect(),
        }
    }

    /// The status of an existing link.
    pub(super) fn status(&self, link: &GuardianshipRow) -> LinkStatus {
        let ends = [link.parent_id, link.student_id];
        if self.mentioned.contains(&link.name())
            || !ends.iter().any(|end| self.relisted.contains(end))
        {
            LinkStatus::Stays
        } else if ends.iter().all(|end| self.listed.contains(end)) {
            LinkStatus::Gone
        } else {
            LinkStatus::Unclear
        }
    }
}

/// Counts the existing people who have a row in a delta that doesn't place them at the school. They
/// have left it, or are the contact of a student whose row is not in the delta.
pub(super) fn count_leavers(
    school: &School,
    removed: &Removed,
    people: &BTreeMap<String, Key>,
) -> usize {
    let placed: BTreeSet<&str> =
        school.people.iter().map(|person| person.sourced_id.as_str()).collect();
    removed
        .listed
        .iter()
        .filter(|id| people.contains_key(*id) && !placed.contains(id.as_str()))
        .count()
}
