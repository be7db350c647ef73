//! People of a school: one row per person, whatever their roles.

use diesel::prelude::*;
use parlour_domain::id::{PersonId, SchoolId};

use super::{
    Db, Error, Result,
    sql_types::{At, Key, key},
};
use crate::{schema::people, with_conn};

/// A person.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = people)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct PersonRow {
    pub id: Key,
    pub school_id: Key,
    pub honorific: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub bar_key: Option<String>,
    pub is_parent: bool,
    pub is_student: bool,
    pub is_teacher: bool,
    pub is_staff: bool,
    pub removed_at: Option<At>,
    pub device_generation: i32,
}

impl PersonRow {
    /// Their id.
    #[must_use]
    pub fn id(&self) -> PersonId {
        self.id.into()
    }

    /// The full name, without an honorific.
    #[must_use]
    pub fn name(&self) -> String {
        full_name(&self.given_name, &self.family_name)
    }

    /// The name with the honorific, as a teacher is addressed.
    #[must_use]
    pub fn formal_name(&self) -> String {
        self.honorific
            .as_ref()
            .map_or_else(|| self.name(), |honorific| format!("{honorific} {}", self.name()))
    }
}

/// Joins the parts of a name; either may be empty.
#[must_use]
pub fn full_name(given: &str, family: &str) -> String {
    [given, family].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A person of this school who has not been removed.
///
/// # Errors
/// [`Error::NotFound`] for anyone else.
pub fn find(db: &mut Db, school: SchoolId, person: PersonId) -> Result<PersonRow> {
    let row = with_conn!(db, conn => people::table
        .filter(
            people::id
                .eq(key(person))
                .and(people::school_id.eq(key(school)))
                .and(people::removed_at.is_null())
        )
        .select(PersonRow::as_select())
        .get_result(conn));
    row.map_err(Error::from)
}

/// A person of this school, removed or not. It is for the names of people in past records.
///
/// # Errors
/// [`Error::NotFound`] when the school has no such person.
pub fn find_any(db: &mut Db, school: SchoolId, person: PersonId) -> Result<PersonRow> {
    Ok(people::table
        .filter(people::id.eq(key(person)).and(people::school_id.eq(key(school))))
        .select(PersonRow::as_select())
        .first(db)?)
}

/// A parent of this school.
///
/// # Errors
/// [`Error::NotFound`] for anyone else.
pub fn find_parent(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<PersonRow> {
    find(db, school, parent)
        .and_then(|row| if row.is_parent { Ok(row) } else { Err(Error::NotFound) })
}

/// Forgets the browsers that are remembered for the people with this address.
///
/// # Errors
/// Errors of the database.
pub fn forget_devices(db: &mut Db, school: SchoolId, address_key: &str) -> Result<()> {
    let of_address = people::table
        .filter(people::school_id.eq(key(school)).and(people::email_key.eq(address_key)));
    diesel::update(of_address)
        .set(people::device_generation.eq(people::device_generation + 1))
        .execute(db)?;
    Ok(())
}

/// Returns all people of the school with this address who can log in.
///
/// # Errors
/// Errors of the database.
pub fn with_address(db: &mut Db, school: SchoolId, address_key: &str) -> Result<Vec<PersonRow>> {
    Ok(people::table
        .filter(
            people::school_id
                .eq(key(school))
                .and(people::email_key.eq(address_key))
                .and(people::removed_at.is_null()),
        )
        .filter(
            people::is_parent
                .eq(true)
                .or(people::is_teacher.eq(true))
                .or(people::is_staff.eq(true)),
        )
        .order((people::family_name, people::given_name, people::id))
        .select(PersonRow::as_select())
        .load(db)?)
}
