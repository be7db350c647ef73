//! Schools: the tenants. A request names its school by host name or, in a playground, by path.

use diesel::prelude::*;
use parlour_domain::{
    id::SchoolId,
    text::{self, Lines, MAX_ID},
};

use super::{
    Db, Result,
    sql_types::{Key, key},
};
use crate::schema::schools;

/// A school.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = schools)]
pub struct SchoolRow {
    /// Its id.
    pub id: Key,
    /// Its name.
    pub name: String,
    /// Its name in paths.
    pub slug: String,
    /// Its host name.
    pub host: Option<String>,
    /// Its IANA time zone.
    pub time_zone: String,
    /// The telephone number of its office.
    pub phone: Option<String>,
    /// The email address of its office.
    pub email: Option<String>,
    /// Office hours, in words.
    pub office_hours: Option<String>,
}

impl SchoolRow {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> SchoolId {
        self.id.into()
    }

    /// Its time zone; UTC if the stored name is no time zone.
    #[must_use]
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::UTC)
    }
}

/// Form in which a request names its school.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SchoolAddress {
    /// By the `Host` header, without the port.
    Host(String),
    /// By the path (`/s/<slug>/…`).
    Slug(String),
}

impl SchoolAddress {
    /// Returns whether it can be the address of a school: not too long, and without control
    /// characters.
    #[must_use]
    pub fn is_text(&self) -> bool {
        let (Self::Host(name) | Self::Slug(name)) = self;
        text::check(name, Lines::One, MAX_ID).is_ok()
    }
}

/// A change of how families reach a school. Fields that are `None` stay unchanged.
#[derive(Clone, Default, Debug, AsChangeset)]
#[diesel(table_name = schools)]
pub struct ContactChange {
    /// The telephone number; an inner `None` deletes it.
    pub phone: Option<Option<String>>,
    /// The email address; an inner `None` deletes it.
    pub email: Option<Option<String>>,
    /// The office hours; an inner `None` deletes them.
    pub office_hours: Option<Option<String>>,
}

impl ContactChange {
    const fn is_empty(&self) -> bool {
        self.phone.is_none() && self.email.is_none() && self.office_hours.is_none()
    }
}

/// Changes how families reach a school. Returns the changed school.
///
/// # Errors
/// Errors of the database.
pub fn change_contact(db: &mut Db, school: SchoolId, change: &ContactChange) -> Result<SchoolRow> {
    if !change.is_empty() {
        diesel::update(schools::table.find(key(school))).set(change).execute(db)?;
    }
    Ok(schools::table.find(key(school)).select(SchoolRow::as_select()).first(db)?)
}

/// Returns the school with this id in the roster.
///
/// # Errors
/// Errors of the database.
pub fn by_sourced_id(db: &mut Db, sourced_id: &str) -> Result<Option<SchoolId>> {
    let id: Option<Key> = schools::table
        .filter(schools::sourced_id.eq(sourced_id))
        .select(schools::id)
        .first(db)
        .optional()?;
    Ok(id.map(Into::into))
}

/// Returns the names of the schools without a host of their own, and the number of all schools.
///
/// # Errors
/// Errors of the database.
pub fn without_host(db: &mut Db) -> Result<(Vec<String>, usize)> {
    let all: Vec<(String, Option<String>)> =
        schools::table.order(schools::name).select((schools::name, schools::host)).load(db)?;
    let count = all.len();
    Ok((all.into_iter().filter(|(_, host)| host.is_none()).map(|(name, _)| name).collect(), count))
}

/// Returns the school at an address. If the server has a single school and that school has no host
/// of its own, it is returned for every host.
///
/// # Errors
/// [`super::Error::NotFound`] when there is no such school.
pub fn find(db: &mut Db, address: &SchoolAddress) -> Result<SchoolRow> {
    let all = schools::table.select(SchoolRow::as_select());
    match address {
        SchoolAddress::Slug(slug) => Ok(all.filter(schools::slug.eq(slug)).first(db)?),
        SchoolAddress::Host(host) => {
            let named = all.filter(schools::host.eq(host)).first(db).optional()?;
            let only = match named {
                Some(school) => Some(school),
                None => {
                    let mut two: Vec<SchoolRow> = all.limit(2).load(db)?;
                    if two.len() == 1 {
                        two.pop().filter(|school| school.host.is_none())
                    } else {
                        None
                    }
                }
            };
            only.ok_or(super::Error::NotFound)
        }
    }
}
