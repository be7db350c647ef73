//! Members of staff whom an import adds, changes or removes: one alert to the administrators, and a
//! mail to each old address. Pure except for the writes.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;

use super::{
    compare::{Difference, Outcome, RowResult},
    plan::Plan,
    rows::{PersonRow, Row},
};
use crate::{
    schema::address_changes,
    store::{
        Db, Result,
        outbox::{self, NewMail, Template},
        people::full_name,
        sql_types::{Key, at},
    },
    with_conn,
};

/// Maximum number of people whom a summary names.
const NAMED: usize = 20;
/// For how long an old address is kept after the mail to it was queued.
const KEPT: TimeDelta = TimeDelta::days(14);

/// The changes of staff by a plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct StaffChanges {
    /// One sentence for each member of staff.
    sentences: Vec<String>,
    /// The members of staff whose addresses change, with their old addresses.
    old_addresses: Vec<(Key, String)>,
}

impl StaffChanges {
    /// Derives them from the difference.
    pub(super) fn of(people: &Difference<PersonRow>) -> Self {
        let mut changes = Self::default();
        for outcome in people.values().filter(|outcome| outcome.result != RowResult::Unchanged) {
            changes.sentences.extend(sentence(outcome));
            changes.old_addresses.extend(old_address(outcome));
        }
        changes
    }

    /// All sentences in one paragraph; `None` when there are none.
    pub(super) fn summary(&self) -> Option<String> {
        let more = self.sentences.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" And {more} more.") } else { String::new() };
        let named: Vec<&str> = self.sentences.iter().take(NAMED).map(String::as_str).collect();
        let advice = "If that is not right, mend it in the school's data, and look at Connections.";
        (!named.is_empty()).then(|| {
            format!("The roster has changed the school's staff. {}{more} {advice}", named.join(" "))
        })
    }
}

/// The member of staff before the import; `None` if the person was not staff or had been removed.
fn before(outcome: &Outcome<PersonRow>) -> Option<&PersonRow> {
    outcome.before.as_ref().filter(|before| before.is_staff && !before.is_removed())
}

fn sentence(outcome: &Outcome<PersonRow>) -> Option<String> {
    let row = &outcome.row;
    let is_staff = row.is_staff && !row.is_removed();
    let name = |row: &PersonRow| {
        format!("{} ({})", full_name(&row.given_name, &row.family_name), row.sourced_id)
    };
    let Some(before) = before(outcome) else {
        return is_staff.then(|| format!("{} is staff now.", name(row)));
    };
    if !is_staff {
        return Some(format!("{} is no longer staff.", name(before)));
    }
    let changed: BTreeSet<&str> = [
        (
            "name",
            (&before.honorific, &before.given_name, &before.family_name)
                != (&row.honorific, &row.given_name, &row.family_name),
        ),
        ("address", before.email != row.email),
        ("roles", before.source_role != row.source_role),
    ]
    .into_iter()
    .filter_map(|(what, differs)| differs.then_some(what))
    .collect();
    let changed: Vec<&str> = changed.into_iter().collect();
    (!changed.is_empty()).then(|| format!("{} has changed: {}.", name(before), changed.join(", ")))
}

fn old_address(outcome: &Outcome<PersonRow>) -> Option<(Key, String)> {
    let before = before(outcome)?;
    let is_other = !outcome.row.is_removed() && before.email_key != outcome.row.email_key;
    before.email.clone().filter(|_| is_other).map(|email| (before.id, email))
}

/// Queues a mail to each old address, in the transaction that writes the plan.
pub(super) fn notify_old_addresses(db: &mut Db, plan: &Plan) -> Result<()> {
    let (school, now) = (plan.school.id, plan.ctx.now);
    diesel::delete(address_changes::table.filter(
        address_changes::school_id.eq(school).and(address_changes::changed_at.lt(at(now - KEPT))),
    ))
    .execute(db)?;
    for (person, email) in &plan.staff.old_addresses {
        let row = (
            address_changes::school_id.eq(school),
            address_changes::person_id.eq(person),
            address_changes::changed_at.eq(at(now)),
            address_changes::old_email.eq(email),
        );
        with_conn!(db, conn =>
            diesel::insert_into(address_changes::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn)
        )?;
        outbox::enqueue(
            db,
            &plan.ctx,
            NewMail {
                person: Some((*person).into()),
                ..NewMail::new(school.into(), Template::AddressChanged)
            },
        )?;
    }
    Ok(())
}
