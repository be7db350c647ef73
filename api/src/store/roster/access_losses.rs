//! People who may lose access by an import (I13). Pure; [`crate::store::revocation`] decides what
//! is taken away.

use std::collections::BTreeSet;

use parlour_domain::contact::Contact;

use super::{
    compare::{Difference, Outcome, RowResult},
    rows::{GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::Key;

/// The consequences of an import for access.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct AccessLosses {
    /// People who must be logged out: they lost a student or a role, left the school, or have
    /// another address.
    pub log_out: BTreeSet<Key>,
    /// Number of links that were allowed before and no longer are.
    pub links: u64,
    /// True if bookings and invites must be swept.
    pub sweep: bool,
    /// Students whose contacts may lose access. The contacts are locked, so that a concurrent
    /// booking or invite of theirs is decided either before or after the import.
    pub students: BTreeSet<Key>,
    /// Contacts who left or have another address: guests of the old or new address may lose
    /// access.
    pub addresses: BTreeSet<Key>,
}

impl AccessLosses {
    /// Derives the losses from the difference. A new contact who is not allowed requires a sweep,
    /// because they may be a guest by their address.
    pub(super) fn of(
        people: &Difference<PersonRow>,
        guardianships: &Difference<GuardianshipRow>,
    ) -> Self {
        let mut losses = Self::default();
        for outcome in guardianships
            .values()
            .filter(|outcome| outcome.result != RowResult::Unchanged && !is_allowed(&outcome.row))
        {
            losses.sweep = true;
            losses.students.insert(outcome.row.student_id);
            if outcome.before.as_ref().is_some_and(is_allowed) {
                losses.links += 1;
                losses.log_out.insert(outcome.row.parent_id);
            }
        }
        for outcome in people.values().filter(|outcome| outcome.result != RowResult::Unchanged) {
            let has_other_address =
                outcome.before.as_ref().is_some_and(|before| before.bar_key != outcome.row.bar_key);
            if has_other_address || outcome.row.is_removed() {
                losses.sweep = true;
                losses.addresses.insert(outcome.row.id);
            }
            if loses_sessions(outcome) {
                losses.log_out.insert(outcome.row.id);
            }
        }
        losses
    }
}

/// Returns whether the roster allows contact. Bars set by hand don't count here: an import neither
/// knows nor lifts them.
pub(super) fn is_allowed(row: &GuardianshipRow) -> bool {
    let contact = Contact {
        is_linked: !row.is_removed(),
        is_allowed: row.contact_allowed,
        is_allowed_by_staff: row.allowed_at.is_some(),
        has_court_order: row.court_order,
        is_barred: row.contact_barred,
        is_barred_by_staff: false,
    };
    contact.may_act()
}

/// Returns whether a person's sessions must end. Whoever reads the mail of an old address must not
/// stay logged in, nor must a person who lost a role.
fn loses_sessions(outcome: &Outcome<PersonRow>) -> bool {
    let Some(before) = &outcome.before else { return false };
    let row = &outcome.row;
    let lost_role = (before.is_staff && !row.is_staff)
        || (before.is_teacher && !row.is_teacher)
        || (before.is_parent && !row.is_parent);
    row.is_removed() || lost_role || before.email_key != row.email_key
}
