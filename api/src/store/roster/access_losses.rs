//! Lists the people who may lose access by an import (I13). Pure; what is taken away is
//! [`crate::store::revocation`]'s to decide.

use std::collections::BTreeSet;

use parlour_domain::contact::Contact;

use super::{
    compare::{Difference, Outcome, RowResult},
    rows::{GuardianshipRow, PersonRow, Row},
};
use crate::store::sql_types::Key;

/// What an import means for access.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct AccessLosses {
    /// People to be logged out: they lost a student, are gone, are no longer what their sessions
    /// say, or have another address.
    pub log_out: BTreeSet<Key>,
    /// Links that were allowed before and are not any more.
    pub links: u64,
    /// Bookings and invites must be looked through.
    pub sweep: bool,
    /// Students whose contacts may lose something: what these are doing at this moment is decided
    /// before or after the import, never beside it.
    pub students: BTreeSet<Key>,
    /// Contacts whose addresses have changed: guests of these addresses may lose something.
    pub addresses: BTreeSet<Key>,
}

impl AccessLosses {
    /// Reads them off the difference. A contact who is new and not allowed calls for a sweep: they
    /// may be a guest by their address.
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

/// As far as the roster goes: an import knows no bars set by hand, and lifts none.
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

/// Whoever reads the mail of the old address must not stay logged in, nor who was staff and is not.
fn loses_sessions(outcome: &Outcome<PersonRow>) -> bool {
    let Some(before) = &outcome.before else { return false };
    let row = &outcome.row;
    let lost_role = (before.is_staff && !row.is_staff)
        || (before.is_teacher && !row.is_teacher)
        || (before.is_parent && !row.is_parent);
    row.is_removed() || lost_role || before.email_key != row.email_key
}
