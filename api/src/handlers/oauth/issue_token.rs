//! `POST /oauth/token`: issues an access token to an API client. Errors have the format of RFC 6749
//! and not ours, because standard OAuth libraries read them.

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

/// Limit of token requests per secret and minute. One token is valid for ten minutes.
const TOKENS_PER_MINUTE: u32 = 60;

/// The fields of the form.
#[derive(Deserialize)]
struct FormFields {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Issues a token for the requested scopes, or for all scopes of the API client if none are
/// requested.
///
/// # Errors
/// `unknown_school`, `busy`, `too_many_requests`, `not_ready`, and those of a body that can't be
/// read. Refusals of RFC 6749 are returned as responses, not as errors.
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
    // Only requests with a genuine secret are counted, so that nobody else can use up an API
    // client's limit.
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
            "The school has not given this API client all of these scopes.",
        ));
    }
    let token = tokens::issue(&app.keys, id, client, &scopes, app.context().new_id::<Uuid>(), real)
        .map_err(|error| {
            tracing::error!(cause = format!("{error:#}"), "token signing failed");
            ApiError::not_ready()
        })?;
    let answer = AccessToken {
        access_token: token,
        token_type: "Bearer".into(),
        expires_in: tokens::LIFE.num_seconds().try_into().unwrap_or_default(),
        scope: scopes.to_string(),
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// The credentials of HTTP Basic. Each half is form-encoded (RFC 6749, 2.3.1), which does not
/// change any character of our ids and secrets.
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
