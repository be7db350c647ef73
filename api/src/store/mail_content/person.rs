//! Recipients of mail, and whether the school has barred them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parlour_domain::id::{PersonId, SchoolId};

use crate::{
    mail_text::full_name,
    schema::{address_changes, people},
    store::{
        Db, Result, access,
        people::PersonRow,
        sql_types::{At, Key, at, key},
    },
};

/// A person of the roster.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person's id.
    pub id: PersonId,
    /// The full name, with the honorific.
    pub name: String,
    /// The address that mail goes to.
    pub email: Option<String>,
    /// True if they have a parent's view.
    pub is_parent: bool,
    /// True if they have a teacher's view.
    pub is_teacher: bool,
    /// True if they have the view of staff.
    pub is_staff: bool,
    /// True if they are no longer in the roster.
    pub is_removed: bool,
}

type PersonColumns =
    (Key, Option<String>, String, String, Option<String>, bool, bool, bool, Option<At>);

const PERSON: (
    people::id,
    people::honorific,
    people::given_name,
    people::family_name,
    people::email,
    people::is_parent,
    people::is_teacher,
    people::is_staff,
    people::removed_at,
) = (
    people::id,
    people::honorific,
    people::given_name,
    people::family_name,
    people::email,
    people::is_parent,
    people::is_teacher,
    people::is_staff,
    people::removed_at,
);

fn to_person(
    (
        id,
        honorific,
        given,
        family,
        email,
        is_parent,
        is_teacher,
        is_staff,
        removed_at,
    ): PersonColumns,
) -> Person {
    Person {
        id: id.into(),
        name: full_name(honorific.as_deref(), &given, &family),
        email,
        is_parent,
        is_teacher,
        is_staff,
        is_removed: removed_at.is_some(),
    }
}

/// Loads a person.
///
/// # Errors
/// Fails if the database fails, or there is no such person.
pub fn person(db: &mut Db, id: PersonId) -> Result<Person> {
    Ok(to_person(people::table.find(key(id)).select(PERSON).get_result(db)?))
}

/// Loads the people of a school's roster whose address has this key.
///
/// # Errors
/// Errors of the database.
pub fn people_at(db: &mut Db, school: SchoolId, email_key: &str) -> Result<Vec<Person>> {
    let rows: Vec<PersonColumns> = people::table
        .filter(
            people::school_id
                .eq(key(school))
                .and(people::email_key.eq(email_key))
                .and(people::removed_at.is_null()),
        )
        .order(people::id)
        .select(PERSON)
        .load(db)?;
    Ok(rows.into_iter().map(to_person).collect())
}

/// The address that a person had until this moment.
///
/// # Errors
/// Errors of the database.
pub fn old_address(
    db: &mut Db,
    person: PersonId,
    changed_at: DateTime<Utc>,
) -> Result<Option<String>> {
    Ok(address_changes::table
        .find((key(person), at(changed_at)))
        .select(address_changes::old_email)
        .first(db)
        .optional()?)
}

/// The students whom a parent may have appointments about.
///
/// # Errors
/// Errors of the database.
pub fn allowed_students(db: &mut Db, parent: PersonId) -> Result<HashSet<PersonId>> {
    Ok(access::students_of(db, parent)?.iter().map(PersonRow::id).collect())
}

/// Returns whether a parent is a contact whom the school has barred from any student, by id or by
/// address.
///
/// # Errors
/// Errors of the database.
pub fn is_barred_parent(db: &mut Db, school: SchoolId, parent: &Person) -> Result<bool> {
    access::is_barred(db, school, parent.id)
}

/// Returns whether a person may log in as a parent.
///
/// # Errors
/// Errors of the database.
pub fn may_be_parent(db: &mut Db, school: SchoolId, person: &Person) -> Result<bool> {
    Ok(person.is_parent && access::may_be_parent(db, school, person.id)?)
}
