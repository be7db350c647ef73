//! The pages of the web app: files with hashed names, which browsers cache for a year, and
//! index.html, which is rendered for each school.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};

use crate::{
    app::App,
    auth::{cookies, school_address},
    problem::{ApiError, ApiResult},
    store::schools::SchoolRow,
};

/// The content security policy of the pages.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
                      style-src 'self' 'unsafe-inline'; font-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; \
                      manifest-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'none'; \
                      frame-ancestors 'none'";

/// `GET /assets/{file}`: a file with the hash of its content in its name.
///
/// # Errors
/// `not_found`.
pub async fn asset(app: Data<App>, req: HttpRequest) -> ApiResult {
    let asset = req
        .match_info()
        .get("file")
        .and_then(|name| app.web_app.asset(name))
        .ok_or_else(ApiError::not_found)?;
    let (coding, body) = asset.body_for(req.headers());
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, asset.kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"));
    response.insert_header((header::CONTENT_ENCODING, coding));
    Ok(response.body(body.clone()))
}

/// `GET /s/{school}`: redirects to the path with a trailing slash, which the pages' relative
/// addresses need.
pub async fn redirect_to_base(req: HttpRequest) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, cookies::path(&req)))
        .finish()
}

/// Every page of the web app: index.html with the school's name, base path and contact details. It
/// is not cached and sends no referrer, because the address of a link page is secret.
///
/// # Errors
/// `unknown_school`.
pub async fn index(app: Data<App>, req: HttpRequest) -> ApiResult {
    let school = app.schools.find(school_address(&req)).await?;
    let Some(index) = app.web_app.index() else {
        return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(
            "This server has no client files. `cargo xtask run` builds and serves them; \
             PARLOUR_CLIENT_DIR says where they are.\n",
        ));
    };
    let page = index
        .replace("{{base}}", &escaped(&cookies::path(&req)))
        .replace("{{contact}}", &contact(&school))
        .replace("{{school}}", &escaped(&school.name));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((
            "Permissions-Policy",
            "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
        ))
        .body(page))
}

/// Renders the school's contact details as HTML, for the notice of a page that has not started and
/// for the web app to copy. Empty if the school has given none.
fn contact(school: &SchoolRow) -> String {
    let phone = school.phone.as_deref().map(|phone| {
        let dialled: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        format!("<li>Phone: <a href=\"tel:{dialled}\" translate=\"no\">{}</a></li>", escaped(phone))
    });
    let email = school.email.as_deref().map(|email| {
        let email = escaped(email);
        format!("<li>Email: <a href=\"mailto:{email}\" translate=\"no\">{email}</a></li>")
    });
    let hours = school
        .office_hours
        .as_deref()
        .map(|hours| format!("<li>Office hours: {}</li>", escaped(hours)));
    let lines: String = [phone, email, hours].into_iter().flatten().collect();
    if lines.is_empty() { lines } else { format!("<ul>{lines}</ul>") }
}

/// Escapes text for HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
