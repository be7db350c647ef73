//! The cookies: HttpOnly, SameSite=Strict, for one school's path. A person's, a guest's, a login's
//! and a device's are apart.

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

/// What a browser holds a cookie to by its name (RFC 6265bis, 4.1.3): `__Host-` to this very host,
/// `__Secure-` to HTTPS.
const PREFIXES: [&str; 2] = ["__Host-", "__Secure-"];

/// A cookie for the school of the request, that lives for a time.
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

/// A cookie of the request. One without the prefix that ours have is not taken: another host of the
/// same domain may have set it.
#[must_use]
pub fn read(config: &Config, req: &HttpRequest, name: &str) -> Option<Cookie<'static>> {
    req.cookie(&full_name(config, req, name))
}

/// Whether a request has a cookie that may be one of ours, good or not.
#[must_use]
pub fn has_any(req: &HttpRequest) -> bool {
    let Ok(cookies) = req.cookies() else { return false };
    cookies.iter().any(|cookie| {
        let name = cookie.name();
        let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        [PERSON, GUEST, LOGIN, DEVICE].contains(&name)
    })
}

/// The name with its prefix. `__Host-` asks for the path `/`, so it is for a school's own host
/// alone, and both ask for HTTPS, which a playground doesn't have.
fn full_name(config: &Config, req: &HttpRequest, name: &str) -> String {
    let prefix = match school_address(req) {
        _ if !config.is_https() => "",
        SchoolAddress::Host(_) => PREFIXES[0],
        SchoolAddress::Slug(_) => PREFIXES[1],
    };
    format!("{prefix}{name}")
}

/// Takes a cookie away.
#[must_use]
pub fn remove(config: &Config, req: &HttpRequest, name: &str) -> Cookie<'static> {
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
