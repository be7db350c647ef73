//! The cookies: HttpOnly, SameSite=Strict, for one school's path. A person's, a guest's, a login's and a device's are apart.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use chrono::TimeDelta;

use super::school_address;
use crate::{config::Config, store::schools::SchoolAddress};

/// Names the session of a person.
pub const PERSON: &str = "parlour_session";
/// Names the sessions of a guest.
pub const GUEST: &str = "parlour_guest";
/// Holds the secret of the browser that asked for a code.
pub const LOGIN: &str = "parlour_login";
/// Names the people who have logged in with this browser.
pub const DEVICE: &str = "parlour_device";

/// A cookie for the school of the request, that lives for a time.
#[must_use]
pub fn make(config: &Config, req: &HttpRequest, name: &'static str, value: String, life: TimeDelta) -> Cookie<'static> {
    Cookie::build(name, value)
        .path(path(req))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(config.public_url.starts_with("https://"))
        .max_age(Duration::seconds(life.num_seconds()))
        .finish()
}

/// Takes a cookie away.
#[must_use]
pub fn remove(config: &Config, req: &HttpRequest, name: &'static str) -> Cookie<'static> {
    make(config, req, name, String::new(), TimeDelta::zero())
}

/// The path that the school's pages lie under.
#[must_use]
pub fn path(req: &HttpRequest) -> String {
    match school_address(req) {
        SchoolAddress::Slug(slug) => format!("/s/{slug}/"),
        SchoolAddress::Host(_) => "/".to_owned(),
    }
}
