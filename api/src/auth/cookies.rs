//! The cookies of the server, all HttpOnly and SameSite=Strict and limited to one school's path.
//! People, guests, pending logins and remembered devices have a cookie each.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use chrono::TimeDelta;

use super::school_address;
use crate::{config::Config, store::schools::SchoolAddress};

/// Name of the cookie with the session of a person.
pub const PERSON: &str = "parlour_session";
/// Name of the cookie with the sessions of a guest.
pub const GUEST: &str = "parlour_guest";
/// Name of the cookie with the secret of the browser that requested a login code.
pub const LOGIN: &str = "parlour_login";
/// Name of the cookie that lists the people who have logged in with this browser.
pub const DEVICE: &str = "parlour_device";

/// Cookie name prefixes that browsers enforce (RFC 6265bis, 4.1.3): `__Host-` binds a cookie to one
/// host, `__Secure-` to HTTPS.
const PREFIXES: [&str; 2] = ["__Host-", "__Secure-"];

/// Builds a cookie for the school of the request with the given lifetime.
#[must_use]
pub fn make(
    config: &Config,
    req: &HttpRequest,
    name: &str,
    value: String,
    life: TimeDelta,
) -> Cookie<'static> {
    Cookie::build(full_name(config, req, name), value)
        .path(path(req))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(config.is_https())
        .max_age(Duration::seconds(life.num_seconds()))
        .finish()
}

/// Reads a cookie of the request by its full name. A cookie without the expected prefix is ignored:
/// another host of the same domain may have set it.
#[must_use]
pub fn read(config: &Config, req: &HttpRequest, name: &str) -> Option<Cookie<'static>> {
    req.cookie(&full_name(config, req, name))
}

/// Returns whether the request has a cookie with one of our names, valid or not, with or without a
/// prefix.
#[must_use]
pub fn has_any(req: &HttpRequest) -> bool {
    let Ok(cookies) = req.cookies() else { return false };
    cookies.iter().any(|cookie| {
        let name = cookie.name();
        let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        [PERSON, GUEST, LOGIN, DEVICE].contains(&name)
    })
}

/// The cookie name with its prefix. `__Host-` requires the path `/`, so it is used only where the
/// school has its own host. Both prefixes require HTTPS, which a playground doesn't have.
fn full_name(config: &Config, req: &HttpRequest, name: &str) -> String {
    let prefix = match school_address(req) {
        _ if !config.is_https() => "",
        SchoolAddress::Host(_) => PREFIXES[0],
        SchoolAddress::Slug(_) => PREFIXES[1],
    };
    format!("{prefix}{name}")
}

/// Builds the cookie that deletes one in the browser.
#[must_use]
pub fn remove(config: &Config, req: &HttpRequest, name: &str) -> Cookie<'static> {
    make(config, req, name, String::new(), TimeDelta::zero())
}

/// The path under which the school's pages lie.
#[must_use]
pub fn path(req: &HttpRequest) -> String {
    match school_address(req) {
        SchoolAddress::Slug(slug) => format!("/s/{slug}/"),
        SchoolAddress::Host(_) => "/".to_owned(),
    }
}
