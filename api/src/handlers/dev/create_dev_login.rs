//! `POST /dev/logins` and `GET /s/{school}/dev/login/{who}`: one-click logins of a playground. The
//! server prints the addresses of the second at start.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::header,
    web::{Data, Path},
};
use chrono::TimeDelta;
use parlour_wire::{DevActor, DevLogin};
use serde::Deserialize;
use serde_json::json;

use super::require_dev_tools;
use crate::{
    app::App,
    auth::{CurrentSchool, cookies, login_cookies::session_cookies},
    demo,
    keys::Audience,
    problem::{ApiError, ApiResult},
    request::Body,
    store::{Error, schools::SchoolRow, sessions::Role},
};

/// The cookies of a login, and the address of the page to open.
type LoginCookies = (Vec<Cookie<'static>>, String);

/// Logs in as one of the demo school's people without a mail.
///
/// # Errors
/// `not_found` outside a playground.
pub async fn create_dev_login(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<DevLogin>,
) -> ApiResult {
    let (cookies, location) = open(&app, &req, &school, body.value.kind).await?;
    let mut response = HttpResponse::Created();
    for cookie in cookies {
        response.cookie(cookie);
    }
    Ok(response.json(json!({ "as": body.value.kind, "location": location })))
}

/// The person whom an address of the start message logs in.
#[derive(Deserialize)]
pub struct LoginPath {
    who: DevActor,
}

/// `GET /s/{school}/dev/login/{who}`: logs in from a link in the terminal. This is the only GET
/// that changes something, and it exists only in a playground.
///
/// # Errors
/// `not_found` outside a playground.
pub async fn follow_dev_login(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    path: Path<LoginPath>,
) -> ApiResult {
    let (cookies, location) = open(&app, &req, &school, path.who).await?;
    let mut response = HttpResponse::SeeOther();
    for cookie in cookies {
        response.cookie(cookie);
    }
    Ok(response.insert_header((header::LOCATION, location)).finish())
}

async fn open(
    app: &App,
    req: &HttpRequest,
    school: &SchoolRow,
    kind: DevActor,
) -> ApiResult<LoginCookies> {
    require_dev_tools(app, req)?;
    let (role, page) = match kind {
        DevActor::Guest => return guest(app, req, school).await,
        DevActor::Parent => (Role::Parent, ""),
        DevActor::Teacher => (Role::Teacher, "teacher"),
        DevActor::Staff => (Role::Staff, "staff"),
    };
    let (ctx, school_id) = (app.context(), school.id());
    let session = app.store.write(move |db| demo::log_in(db, &ctx, school_id, role)).await?;
    Ok((session_cookies(app, req, &session)?, format!("{}{page}", cookies::path(req))))
}

async fn guest(app: &App, req: &HttpRequest, school: &SchoolRow) -> ApiResult<LoginCookies> {
    let (ctx, school_id) = (app.context(), school.id());
    let now = ctx.now;
    let (session, view) =
        app.store.write(move |db| demo::log_guest_in(db, &ctx, school_id)).await?;
    let life = (view.link_ends_at - now).max(TimeDelta::hours(1));
    let value = app
        .keys
        .cookie(Audience::Guest, &[session.into()], now + life)
        .map_err(|_| ApiError::from(Error::Internal))?;
    Ok((
        vec![cookies::make(&app.config, req, cookies::GUEST, value, life)],
        format!("{}guest/appointments", cookies::path(req)),
    ))
}
