//! `POST /login_links`: requests a login mail. Known and unknown addresses take the same steps.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use parlour_domain::{EmailAddress, id::PersonId};
use parlour_wire::{LoginLink, NewLoginLink};

use crate::{
    app::App,
    auth::{CurrentSchool, LoggedIn, client_hash, cookies},
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    request::{Body, checked},
    store::{
        Error, LinkError,
        login::{self, NewLogin},
        sessions,
    },
    views::moment,
};

/// Queues the mail and binds its code to this browser by a cookie.
///
/// # Errors
/// `invalid`, `email_invalid`, `link_dead`, `not_logged_in`, `access_ended`, `too_many_requests`.
pub async fn create_login_link(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<NewLoginLink>,
) -> ApiResult {
    checked(&body.value)?;
    let ctx = app.context();
    let secret = BASE64_URL_SAFE_NO_PAD.encode(app.random.bytes::<24>());
    let (email, person) =
        match (body.value.email.as_deref(), body.value.token.as_deref(), body.value.session) {
            (Some(email), None, None) => (
                EmailAddress::parse(email).map_err(|refusal| {
                    ApiError::field("email", refusal.code(), &refusal.to_string())
                })?,
                None,
            ),
            (None, Some(token), None) => of_token(&app, &school, token).await?,
            (None, None, Some(true)) => {
                let session = LoggedIn::of(&req).await?.session;
                (app.store.read(move |db| sessions::address_of(db, &session)).await?, None)
            }
            _ => {
                return Err(ApiError::field(
                    "email",
                    "missing",
                    "Give one of these: an email address, a token, or session: true.",
                ));
            }
        };
    let new = NewLogin {
        school: school.id(),
        email,
        person,
        browser_hash: app.keys.hash("browser", secret.as_bytes()),
        client_hash: client_hash(&app, school.id(), &req),
    };
    let (id, expires_at) = app.store.write(move |db| login::request(db, &ctx, &new)).await?;
    let cookie = cookies::make(&app.config, &req, cookies::LOGIN, secret, login::LINK_LIFE);
    Ok(HttpResponse::Accepted()
        .cookie(cookie)
        .json(LoginLink { id: id.into(), expires_at: moment(expires_at, school.zone()) }))
}

/// The address and person of a standing link. The code goes to the address that the link was mailed
/// to.
async fn of_token(
    app: &App,
    school: &crate::store::schools::SchoolRow,
    token: &str,
) -> ApiResult<(EmailAddress, Option<PersonId>)> {
    let dead = || ApiError::from(LinkError::Link);
    let token = ParsedToken::parse(token)
        .filter(|token| app.keys.is_genuine(Purpose::Login, token, 0))
        .ok_or_else(dead)?;
    let (school_id, now) = (school.id(), app.clock.now());
    let link = app.store.read(move |db| login::find_live(db, school_id, token.id, now)).await;
    match link {
        Ok(link) if link.is_standing => {
            Ok((EmailAddress::parse(&link.email)?, link.person_id.map(Into::into)))
        }
        Ok(_) | Err(Error::NotFound) => Err(dead()),
        Err(error) => Err(error.into()),
    }
}
