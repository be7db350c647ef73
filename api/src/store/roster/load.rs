//! Existing rows of a school that an import compares, removed ones included: all of them, or those
//! related to a push.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::{
    ROWS,
    compare::Existing,
    lookup::PushedIds,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow},
};
use crate::{
    schema::{classes, enrolments, guardianships, people},
    store::{Db, Result, sql_types::Key},
};

/// Loads all rows of the school.
pub(super) fn all(db: &mut Db, school: Key) -> Result<Existing> {
    Ok(Existing {
        people: people::table
            .filter(people::school_id.eq(school))
            .select(PersonRow::as_select())
            .load(db)?,
        guardianships: guardianships::table
            .filter(guardianships::school_id.eq(school))
            .select(GuardianshipRow::as_select())
            .load(db)?,
        classes: classes::table
            .filter(classes::school_id.eq(school))
            .select(ClassRow::as_select())
            .load(db)?,
        enrolments: enrolments::table
            .filter(enrolments::school_id.eq(school))
            .select(EnrolmentRow::as_select())
            .load(db)?,
    })
}

/// Loads the people and classes with these ids, and all of their links and enrolments. A row may be
/// loaded twice, once for each of its ends.
pub(super) fn around(db: &mut Db, school: Key, names: &PushedIds) -> Result<Existing> {
    let mut found = Existing {
        people: Vec::new(),
        guardianships: Vec::new(),
        classes: Vec::new(),
        enrolments: Vec::new(),
    };
    for chunk in chunks(&names.people) {
        let named = people::table
            .filter(people::school_id.eq(school).and(people::sourced_id.eq_any(chunk)));
        found.people.extend(named.select(PersonRow::as_select()).load(db)?);
    }
    for chunk in chunks(&names.classes) {
        let named = classes::table
            .filter(classes::school_id.eq(school).and(classes::sourced_id.eq_any(chunk)));
        found.classes.extend(named.select(ClassRow::as_select()).load(db)?);
    }
    for chunk in chunks(&found.people.iter().map(|row| row.id).collect()) {
        let links = guardianships::table.filter(
            guardianships::parent_id
                .eq_any(chunk.clone())
                .or(guardianships::student_id.eq_any(chunk.clone())),
        );
        found.guardianships.extend(links.select(GuardianshipRow::as_select()).load(db)?);
        let places = enrolments::table.filter(enrolments::person_id.eq_any(chunk));
        found.enrolments.extend(places.select(EnrolmentRow::as_select()).load(db)?);
    }
    for chunk in chunks(&found.classes.iter().map(|row| row.id).collect()) {
        let places = enrolments::table.filter(enrolments::class_id.eq_any(chunk));
        found.enrolments.extend(places.select(EnrolmentRow::as_select()).load(db)?);
    }
    Ok(found)
}

/// Splits ids into chunks of as many as one statement may name.
fn chunks<T: Clone>(all: &BTreeSet<T>) -> Vec<Vec<T>> {
    all.iter().cloned().collect::<Vec<_>>().chunks(ROWS).map(<[T]>::to_vec).collect()
}
