//! Conversion of roster imports and of restoration results.

use chrono_tz::Tz;
use parlour_domain::restoration::{NotRestored, RESTORABLE_FOR};
use parlour_wire::{RosterEnded, RosterImport, RosterRestored, RosterRestoredItem, RosterSource};

use super::moment;
use crate::store::roster::{ImportRow, Restored, RestoredItem};

/// The most items in a response.
const LISTED: usize = 500;

/// An import in a list.
#[must_use]
pub fn import(row: &ImportRow, zone: Tz) -> RosterImport {
    let of = |kind: &str| row.ended.get(kind).copied().unwrap_or_default();
    RosterImport {
        id: row.id,
        source: RosterSource { kind: row.kind.clone(), name: row.name.clone() },
        at: moment(row.at, zone),
        ended: RosterEnded {
            people: of("person"),
            roles: of("roles"),
            classes: of("class"),
            guardianships: of("guardianship"),
            contacts: of("contact"),
            enrolments: of("enrolment"),
            bookings: of("booking"),
            invites: of("invite"),
        },
        restorable_until: moment(row.at + RESTORABLE_FOR, zone),
        restored_at: row.restored_at.map(|at| moment(at, zone)),
    }
}

/// The result of a restoration. Items that could not be restored come first.
#[must_use]
pub fn restored(of: &Restored) -> RosterRestored {
    let (back, not): (Vec<&RestoredItem>, Vec<&RestoredItem>) =
        of.items.iter().partition(|item| item.reason.is_none());
    let item = |item: &RestoredItem| RosterRestoredItem {
        kind: item.kind.clone(),
        what: item.what.clone(),
        restored: item.reason.is_none(),
        reason: item.reason.map(|reason| NotRestored::as_str(reason).to_owned()),
    };
    let count = |items: &[&RestoredItem]| u64::try_from(items.len()).unwrap_or(u64::MAX);
    RosterRestored {
        import_id: of.import,
        dry_run: of.dry_run,
        restored: count(&back),
        not_restored: count(&not),
        items: not.iter().chain(&back).take(LISTED).map(|one| item(one)).collect(),
    }
}
