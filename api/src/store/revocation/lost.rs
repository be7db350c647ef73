//! Summaries for staff of the appointments and invites that ended with somebody's access.

use std::collections::BTreeMap;

use diesel::prelude::*;
use parlour_domain::id::SchoolId;

use crate::{
    schema::{bookings as bookings_table, invites as invites_table, people},
    store::{
        Db, Result,
        bookings::{self, BookingRow, when},
        evenings::{self, EveningRow},
        in_ids::in_ids,
        people::{PersonRow, full_name},
        sql_types::Key,
    },
};

/// Maximum number of ids in one statement.
const IDS: usize = 500;

/// Writes one sentence for each appointment and each invite, ordered by evening and time.
///
/// # Errors
/// Errors of the database.
pub(super) fn summaries(
    db: &mut Db,
    school: SchoolId,
    lost_bookings: &[(Key, Key)],
    lost_invites: &[Key],
) -> Result<Vec<String>> {
    let mut evenings = Evenings { school, known: BTreeMap::new() };
    let mut lines = Vec::new();
    for chunk in lost_bookings.chunks(IDS) {
        let rows: Vec<BookingRow> = bookings_table::table
            .filter(in_ids(bookings_table::id, chunk.iter().map(|(id, _)| *id)))
            .select(BookingRow::as_select())
            .load(db)?;
        let parents = names(db, rows.iter().map(|row| row.parent_id))?;
        for booking in bookings::with_names(db, rows)? {
            let evening = evenings.get(db, booking.row.evening_id)?;
            let teachers = booking
                .teachers
                .iter()
                .map(PersonRow::formal_name)
                .collect::<Vec<_>>()
                .join(" and ");
            let parent = parents.get(&booking.row.parent_id).cloned().unwrap_or_default();
            let (time, title, date) =
                (when(evening, *booking.row.starts_at), &evening.title, date(evening));
            let line = format!(
                "Access ended, so this appointment was cancelled: {title}, {date}, {time}, {} \
                 with {teachers}, about {} ({parent}).",
                booking.subject,
                booking.student.name()
            );
            lines.push((evening.starts_at, evening.id, booking.row.starts_at, line));
        }
    }
    for chunk in lost_invites.chunks(IDS) {
        let rows: Vec<(Key, Key, String)> = invites_table::table
            .filter(in_ids(invites_table::id, chunk.iter().copied()))
            .select((invites_table::evening_id, invites_table::parent_id, invites_table::name))
            .load(db)?;
        let parents = names(db, rows.iter().map(|(_, parent, _)| *parent))?;
        for (evening, parent, guest) in rows {
            let evening = evenings.get(db, evening)?;
            let parent = parents.get(&parent).cloned().unwrap_or_default();
            let line = format!(
                "Access ended, so this invite ended: {}, {}, {guest}, whom {parent} had invited.",
                evening.title,
                date(evening)
            );
            lines.push((evening.starts_at, evening.id, evening.ends_at, line));
        }
    }
    lines.sort();
    Ok(lines.into_iter().map(|(.., line)| line).collect())
}

struct Evenings {
    school: SchoolId,
    known: BTreeMap<Key, EveningRow>,
}

impl Evenings {
    fn get(&mut self, db: &mut Db, id: Key) -> Result<&EveningRow> {
        if let std::collections::btree_map::Entry::Vacant(unknown) = self.known.entry(id) {
            unknown.insert(evenings::find(db, self.school, id.into())?);
        }
        self.known.get(&id).ok_or(crate::store::Error::NotFound)
    }
}

fn names(db: &mut Db, of: impl Iterator<Item = Key>) -> Result<BTreeMap<Key, String>> {
    let rows: Vec<(Key, String, String)> = people::table
        .filter(in_ids(people::id, of))
        .select((people::id, people::given_name, people::family_name))
        .load(db)?;
    Ok(rows.into_iter().map(|(id, given, family)| (id, full_name(&given, &family))).collect())
}

/// Formats the date of an evening as `26 November 2026`.
fn date(evening: &EveningRow) -> String {
    evening.starts_at.with_timezone(&evening.zone()).format("%-d %B %Y").to_string()
}
