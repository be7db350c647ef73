//! Classes of an evening that have stranded appointments. They stay in the evening, but nobody sees
//! or can choose them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use parlour_domain::id::ClassId;

use super::{NewEvening, meets};
use crate::{
    schema::{bookings, classes, evening_classes},
    store::{
        Db,
        sql_types::{Key, key},
    },
};

/// Adds to `new` the missing classes on which live bookings still rest. A class is missing when the
/// roster removed it, or all of its teachers or students. Nobody is offered such a class; its
/// bookings stay in the evening until they are moved or cancelled, or the class is back.
pub(super) fn with_stranded(
    db: &mut Db,
    evening: Key,
    new: &NewEvening,
    there: &BTreeMap<ClassId, bool>,
    gone: &BTreeSet<ClassId>,
) -> QueryResult<NewEvening> {
    let mut new = new.clone();
    let missing = |class: &&ClassId| {
        !new.classes.contains_key(class)
            && (gone.contains(class) || new.left_out.contains_key(class))
    };
    let missing = there.keys().filter(missing).copied().collect();
    for class in booked(db, evening, &missing)? {
        new.left_out.remove(&class);
        new.classes.insert(class, meets(new.mode, there.get(&class).copied().unwrap_or_default()));
    }
    Ok(new)
}

/// Loads those of the evening's classes that were removed from the roster.
pub(super) fn classes_gone(db: &mut Db, evening: Key) -> QueryResult<BTreeSet<ClassId>> {
    let gone: Vec<Key> = evening_classes::table
        .inner_join(classes::table.on(classes::id.eq(evening_classes::class_id)))
        .filter(evening_classes::evening_id.eq(evening).and(classes::removed_at.is_not_null()))
        .select(classes::id)
        .load(db)?;
    Ok(gone.into_iter().map(Into::into).collect())
}

/// Selects the classes that have live bookings on this evening.
fn booked(db: &mut Db, evening: Key, of: &BTreeSet<ClassId>) -> QueryResult<Vec<ClassId>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let live = bookings::table
        .filter(bookings::evening_id.eq(evening).and(bookings::cancelled_at.is_null()));
    let live = live.filter(bookings::class_id.eq_any(of.iter().map(|class| key(*class))));
    Ok(live
        .select(bookings::class_id)
        .distinct()
        .load::<Key>(db)?
        .into_iter()
        .map(Into::into)
        .collect())
}
