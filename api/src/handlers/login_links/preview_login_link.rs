//! `POST /login_links/preview`: the person whom a login link would log in. Changes nothing, so that
//! a mail scanner may call it.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use parlour_wire::{LinkToken, LoginLinkPreview};

use crate::{
    app::App,
    auth::{CurrentSchool, login_cookies::knows_device},
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    request::{Body, checked},
    store::sessions,
    views::{masked, moment},
};

/// Returns the masked name of the person, and whether a code is needed.
///
/// # Errors
/// `not_found` for a token that this server did not issue; `link_dead`.
pub async fn preview_login_link(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<LinkToken>,
) -> ApiResult<Json<LoginLinkPreview>> {
    checked(&body.value)?;
    let token = ParsedToken::parse(&body.value.token)
        .filter(|token| app.keys.is_genuine(Purpose::Login, token, 0))
        .ok_or_else(ApiError::not_found)?;
    let (school_id, now) = (school.id(), app.clock.now());
    let (link, person) = app
        .store
        .read(move |db| sessions::find_login_link(db, school_id, token.id, now, None))
        .await?;
    let masked_name = person.as_ref().map_or_else(
        || {
            parlour_domain::EmailAddress::parse(&link.email)
                .map(|email| email.masked())
                .unwrap_or_default()
        },
        |person| masked(&person.name()),
    );
    let needs_code = link.is_standing && !knows_device(&app, &req, person.as_ref());
    Ok(Json(LoginLinkPreview {
        masked_name,
        needs_code,
        expires_at: moment(*link.expires_at, school.zone()),
    }))
}
