//! `POST /sessions`: logs in with the token of a link or the code of a mail.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_wire::NewSession;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{
        CurrentSchool, client_hash, cookies,
        login_cookies::{knows_device, session_cookies},
        person_tag,
    },
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    request::{Body, checked, idempotency_key},
    store::{
        Error, LinkError,
        login::GivenCode,
        schools::SchoolRow,
        sessions::{self, WithIdentities},
    },
    views,
};

/// Starts a session and sets its cookie.
///
/// # Errors
/// `link_dead`, `code_required`, `code_wrong`, `code_dead`, `wrong_browser`, `invalid`.
pub async fn create_session(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<NewSession>,
) -> ApiResult {
    checked(&body.value)?;
    let (session, identities) =
        match (&body.value.token, body.value.login_link_id, &body.value.code) {
            (Some(token), None, None) => by_link(&app, &req, &school, token).await?,
            (None, Some(login_link), Some(code)) => {
                by_code(&app, &req, &school, login_link, code).await?
            }
            _ => {
                return Err(ApiError::field(
                    "token",
                    "missing",
                    "Give either a token, or login_link_id and code.",
                ));
            }
        };
    let me = views::me(&school, &session, &identities, app.config.mode.has_dev_tools());
    let mut response = HttpResponse::Created();
    for cookie in session_cookies(&app, &req, &session)? {
        response.cookie(cookie);
    }
    if let Some(mark) = person_tag::of(&app.keys, &session) {
        response.insert_header((person_tag::HEADER, mark));
    }
    Ok(response.json(me))
}

async fn by_link(
    app: &App,
    req: &HttpRequest,
    school: &SchoolRow,
    token: &str,
) -> ApiResult<WithIdentities> {
    let dead = || ApiError::from(LinkError::Link);
    let token = ParsedToken::parse(token)
        .filter(|token| app.keys.is_genuine(Purpose::Login, token, 0))
        .ok_or_else(dead)?;
    let (ctx, school_id) = (app.context(), school.id());
    let now = ctx.now;
    let key_hash = key_hash(app, req)?;
    let (id, of_request) = (token.id, key_hash.clone());
    let found = app
        .store
        .read(move |db| sessions::find_login_link(db, school_id, id, now, of_request.as_deref()))
        .await;
    let (link, person) = match found {
        Err(Error::NotFound) => return Err(dead()),
        other => other?,
    };
    if link.is_standing && !knows_device(app, req, person.as_ref()) {
        return Err(LinkError::CodeRequired.into());
    }
    // The write checks the link again, because it may have expired or been used since.
    let started = app.store.write(move |db| {
        sessions::create_session_by_link(db, &ctx, school_id, id, key_hash.as_deref())
    });
    Ok(started.await?)
}

async fn by_code(
    app: &App,
    req: &HttpRequest,
    school: &SchoolRow,
    login_link: Uuid,
    code: &str,
) -> ApiResult<WithIdentities> {
    let Some(cookie) = cookies::read(&app.config, req, cookies::LOGIN) else {
        return Err(LinkError::OtherBrowser.into());
    };
    let (ctx, school_id) = (app.context(), school.id());
    let given = GivenCode {
        school: school_id,
        login_link,
        browser_hash: app.keys.hash("browser", cookie.value().as_bytes()),
        client_hash: client_hash(app, school_id, req),
        is_right: app.keys.is_code(login_link, code),
        key_hash: key_hash(app, req)?,
    };
    app.store
        .write(move |db| sessions::create_session_by_code(db, &ctx, &given))
        .await?
        .map_err(ApiError::from)
}

/// The shortest `Idempotency-Key` that counts as a secret of the browser, in characters. Nobody can
/// guess a key of this length, so it proves that the same browser retries its request.
const MIN_SECRET_KEY: usize = 22;

/// The keyed hash of the request's `Idempotency-Key`, if the key is long enough to be a secret.
///
/// # Errors
/// `bad_request` for a key of the wrong form.
fn key_hash(app: &App, req: &HttpRequest) -> ApiResult<Option<String>> {
    let request = idempotency_key(req, Uuid::nil(), &[])?;
    Ok(request
        .filter(|request| request.key.len() >= MIN_SECRET_KEY)
        .map(|request| app.keys.hash("login key", request.key.as_bytes())))
}
