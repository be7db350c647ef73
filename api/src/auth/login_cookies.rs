//! The cookies of a login: one with the session, and one that remembers the browser as the person's
//! device.

use actix_web::{HttpRequest, cookie::Cookie};
use chrono::TimeDelta;
use uuid::Uuid;

use super::cookies;
use crate::{
    app::App,
    keys::Audience,
    problem::{ApiError, ApiResult},
    store::{
        Error,
        people::PersonRow,
        sessions::{self, PersonSession},
    },
};

/// Time for which a browser is remembered as a person's device.
const DEVICE_LIFE: TimeDelta = TimeDelta::days(400);

/// Number of people one browser is remembered for.
const DEVICE_PEOPLE: usize = 12;

/// Makes the session cookie and, if an identity is chosen, the device cookie with this person
/// added.
///
/// # Errors
/// `Error::Internal` when a cookie can't be signed.
pub fn session_cookies(
    app: &App,
    req: &HttpRequest,
    session: &PersonSession,
) -> ApiResult<Vec<Cookie<'static>>> {
    let now = app.clock.now();
    let sign = |audience, ids: &[Uuid], life| {
        app.keys.cookie(audience, ids, now + life).map_err(|_| ApiError::from(Error::Internal))
    };
    let mut set = vec![cookies::make(
        &app.config,
        req,
        cookies::PERSON,
        sign(Audience::Person, &[session.id.into()], sessions::PERSON_LIFE)?,
        sessions::PERSON_LIFE,
    )];
    if let Some((person, _)) = &session.identity {
        let mut known = cookies::read(&app.config, req, cookies::DEVICE)
            .map(|cookie| app.keys.read_cookie(Audience::Device, cookie.value(), now))
            .unwrap_or_default();
        let mark = app.keys.device_id(person.id.0, person.device_generation);
        known.retain(|id| *id != mark);
        known.insert(0, mark);
        known.truncate(DEVICE_PEOPLE);
        set.push(cookies::make(
            &app.config,
            req,
            cookies::DEVICE,
            sign(Audience::Device, &known, DEVICE_LIFE)?,
            DEVICE_LIFE,
        ));
    }
    Ok(set)
}

/// Returns whether this browser has logged in as the person before.
#[must_use]
pub fn knows_device(app: &App, req: &HttpRequest, person: Option<&PersonRow>) -> bool {
    let known = cookies::read(&app.config, req, cookies::DEVICE)
        .map(|cookie| app.keys.read_cookie(Audience::Device, cookie.value(), app.clock.now()))
        .unwrap_or_default();
    person.is_some_and(|person| {
        known.contains(&app.keys.device_id(person.id.0, person.device_generation))
    })
}
