//! `POST /oauth/token`: an access token for a program. Its answers are those of RFC 6749, not ours:
//! whatever reads them was not written for us.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
    web::Data,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use parlour_domain::{
    id::{ClientId, ClientSecretId},
    scope::Scopes,
};
use parlour_wire::{AccessToken, TokenRefusal};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    auth::CurrentSchool,
    keys::{ParsedToken, Purpose},
    problem::{ApiError, ApiResult},
    request::Form,
    store::{Error, api_clients},
    tokens,
};

/// How many tokens a program may ask for in a minute: one is good for ten.
const TOKENS_PER_MINUTE: u32 = 60;

/// What comes in the form.
#[derive(Deserialize)]
struct FormFields {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Gives a token for the scopes that are asked for, or for all that the program has.
///
/// # Errors
/// `unknown_school`, `busy`, `too_many_requests`, those of a body that can't be read; refusals of
/// the standard are answers.
pub async fn issue_token(
    req: HttpRequest,
    app: Data<App>,
    CurrentSchool(school): CurrentSchool,
    Form(body): Form,
) -> ApiResult {
    let form = body.and_then(|body| serde_urlencoded::from_bytes::<FormFields>(&body).ok());
    let Some(form) = form else {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Send a body of application/x-www-form-urlencoded, each parameter once.",
        ));
    };
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            return Ok(refuse(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The grant_type is client_credentials.",
            ));
        }
        None => {
            return Ok(refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Say grant_type=client_credentials.",
            ));
        }
    }
    let by_header = req.headers().contains_key(header::AUTHORIZATION);
    if by_header && form.client_secret.is_some() {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Send the secret either in the Authorization header or in the body.",
        ));
    }
    let credentials = if by_header { basic(&req) } else { form.client_id.zip(form.client_secret) };
    let Some((client, secret)) = credentials
        .and_then(|(id, secret)| Some((ClientId(id.parse().ok()?), ParsedToken::parse(&secret)?)))
    else {
        return Ok(unknown_client());
    };
    if !app.keys.is_genuine(Purpose::Client, &secret, 0) {
        return Ok(unknown_client());
    }
    // Only whoever has a secret of ours is counted, so that nobody can use up what is another's.
    let rate = app.token_rate_limiter.take(secret.id, TOKENS_PER_MINUTE, app.clock.real());
    if rate.is_exceeded {
        return Err(ApiError::too_many(rate.reset));
    }
    let Ok(wanted) = form.scope.as_deref().map(str::parse::<Scopes>).transpose() else {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "There is no such scope. See the contract for those that there are.",
        ));
    };
    let (id, now) = (school.id(), app.clock.now());
    let row = match app
        .store
        .write(move |db| api_clients::log_in(db, id, client, ClientSecretId(secret.id), now))
        .await
    {
        Ok(row) => row,
        Err(Error::NotFound) => return Ok(unknown_client()),
        Err(error) => return Err(error.into()),
    };
    let (allowed, real) = (row.scopes(), app.clock.real());
    let scopes = wanted.filter(|wanted| !wanted.is_empty()).unwrap_or_else(|| allowed.clone());
    if !allowed.contains_all(&scopes) {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "The school has not given the program all of these scopes.",
        ));
    }
    let token = tokens::issue(&app.keys, id, client, &scopes, app.context().new_id::<Uuid>(), real)
        .map_err(|_| ApiError::not_ready())?;
    let answer = AccessToken {
        access_token: token,
        token_type: "Bearer".into(),
        expires_in: tokens::LIFE.num_seconds().try_into().unwrap_or_default(),
        scope: scopes.to_string(),
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// What HTTP Basic says; each half is form-encoded (RFC 6749, 2.3.1), which changes none of our
/// letters.
fn basic(req: &HttpRequest) -> Option<(String, String)> {
    let (scheme, rest) =
        req.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let text = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.to_owned()))
}

fn unknown_client() -> HttpResponse {
    let mut response = HttpResponse::Unauthorized();
    response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"parlour\""));
    refusal(
        response,
        "invalid_client",
        "The client_id or the secret is wrong, was revoked, or is another school's.",
    )
}

fn refuse(status: StatusCode, error: &str, description: &str) -> HttpResponse {
    refusal(HttpResponse::build(status), error, description)
}

fn refusal(mut response: HttpResponseBuilder, error: &str, description: &str) -> HttpResponse {
    response
        .json(TokenRefusal { error: error.to_owned(), error_description: description.to_owned() })
}
