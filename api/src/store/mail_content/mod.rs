//! Contents of mails and calendars, loaded when they are made: the school, the people, the
//! appointments, and whether a recipient may have them at all.

mod booked;
mod invite;
mod person;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use parlour_domain::id::{EveningId, LoginLinkId, PersonId, SchoolId};

pub use self::{
    booked::{BookedAppointment, booking, bookings_of, ended_since},
    invite::{
        Invite, call_code, ended_invites, invite, invites_of_request, is_barred_guest,
        is_suppressed, was_mailed,
    },
    person::{
        Person, allowed_students, is_barred_parent, may_be_parent, old_address, people_at, person,
    },
};
use super::{
    Db, Result,
    sql_types::{At, Key, at, key},
};
use crate::{
    mail_text::{clean, clean_paragraph},
    schema::{evenings, events, login_links, schools},
};

/// The school in whose name a mail goes out.
#[derive(Clone, Debug)]
pub struct School {
    /// Its name.
    pub name: String,
    /// Its path segment where it has no host.
    pub slug: String,
    /// Its own host.
    pub host: Option<String>,
    /// Its time zone.
    pub zone: Tz,
}

/// Loads a school.
///
/// # Errors
/// Fails if the database fails, or there is no such school.
pub fn school(db: &mut Db, id: SchoolId) -> Result<School> {
    let (name, slug, host, zone): (String, String, Option<String>, String) = schools::table
        .find(key(id))
        .select((schools::name, schools::slug, schools::host, schools::time_zone))
        .get_result(db)?;
    Ok(School { name: clean(&name), slug, host, zone: zone.parse().unwrap_or(Tz::UTC) })
}

/// Loads the summaries of the school-wide audit events for staff that were recorded at this moment.
///
/// # Errors
/// Errors of the database.
pub fn alerts(db: &mut Db, school: SchoolId, recorded_at: DateTime<Utc>) -> Result<Vec<String>> {
    let rows: Vec<String> = events::table
        .filter(events::school_id.eq(key(school)).and(events::at.eq(at(recorded_at))))
        .filter(
            events::evening_id
                .is_null()
                .and(events::parent_id.is_null())
                .and(events::action.eq_any(["staff_alerted", "access_ended"])),
        )
        .order(events::id)
        .select(events::summary)
        .load(db)?;
    Ok(rows.iter().map(|summary| clean_paragraph(summary)).collect())
}

/// A request for a login mail.
pub struct LoginLink {
    /// The key of the address that asked for it.
    pub email_key: String,
    /// The person whom it logs in, if it is for one person only.
    pub person: Option<PersonId>,
    /// Time when it stops working.
    pub expires_at: DateTime<Utc>,
    /// True if it was used.
    pub is_used: bool,
}

/// Loads a request for a login mail.
///
/// # Errors
/// Fails if the database fails, or there is no such request.
pub fn login_link(db: &mut Db, id: LoginLinkId) -> Result<LoginLink> {
    let (email_key, person, expires_at, used_at): (String, Option<Key>, At, Option<At>) =
        login_links::table
            .find(key(id))
            .select((
                login_links::email_key,
                login_links::person_id,
                login_links::expires_at,
                login_links::used_at,
            ))
            .get_result(db)?;
    Ok(LoginLink {
        email_key,
        person: person.map(Into::into),
        expires_at: expires_at.0,
        is_used: used_at.is_some(),
    })
}

/// An evening.
#[derive(Clone, Debug)]
pub struct Evening {
    /// The evening's id.
    pub id: EveningId,
    /// The title that parents see.
    pub title: String,
    /// Time when it begins.
    pub starts_at: DateTime<Utc>,
    /// Time when it is over.
    pub ends_at: DateTime<Utc>,
    /// Its time zone.
    pub zone: Tz,
}

/// Loads an evening.
///
/// # Errors
/// Fails if the database fails, or there is no such evening.
pub fn evening(db: &mut Db, id: EveningId) -> Result<Evening> {
    let (title, starts_at, ends_at, zone): (String, At, At, String) = evenings::table
        .find(key(id))
        .select((evenings::title, evenings::starts_at, evenings::ends_at, evenings::time_zone))
        .get_result(db)?;
    Ok(Evening {
        id,
        title: clean(&title),
        starts_at: starts_at.0,
        ends_at: ends_at.0,
        zone: zone.parse().unwrap_or(Tz::UTC),
    })
}
