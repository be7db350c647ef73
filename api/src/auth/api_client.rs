//! Authentication of API clients by bearer token (RFC 6750), and the extractor for operations that
//! people and API clients share.

use std::{future::Future, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use parlour_domain::{
    id::{ClientId, SchoolId},
    scope::{Scope, Scopes},
};
use uuid::Uuid;

use super::{Caller, app, school_address};
use crate::{
    problem::{ApiError, ApiResult},
    rate_limit::Quota,
    store::{
        Error as StoreError, api_clients, evenings::EveningVisibility, events::Actor,
        schools::SchoolRow,
    },
    tokens,
};

/// The API client's remaining quota, kept in the request's extensions for the rate limit headers of
/// the response.
#[derive(Clone, Copy)]
pub struct RateLimitUsage(pub Quota);

/// An API client with a valid access token.
#[derive(Clone, Debug)]
pub struct ApiClientPrincipal {
    /// The school.
    pub school: SchoolRow,
    /// The API client's id.
    pub client: ClientId,
    /// The name that staff gave it.
    pub name: String,
    /// The scopes of the token that the API client still has.
    scopes: Scopes,
}

impl ApiClientPrincipal {
    /// The school's id.
    #[must_use]
    pub fn school_id(&self) -> SchoolId {
        self.school.id()
    }

    /// Requires this scope.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn require_scope(&self, scope: Scope) -> ApiResult<()> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(scope_missing(scope)) }
    }

    /// Returns whether the token has this scope.
    #[must_use]
    pub fn has_scope(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    async fn of(req: &HttpRequest) -> ApiResult<Self> {
        let app = app(req)?;
        let school = app.schools.find(school_address(req)).await?;
        let token = bearer(req)
            .ok_or_else(|| token_invalid("Send the access token as `Authorization: Bearer …`."))?;
        let (id, now) = (school.id(), app.clock.real());
        let dead = || {
            token_invalid(
                "The access token is not one of this school, or has expired. Get a new one from \
                 the token endpoint.",
            )
        };
        let bearer = tokens::read(&app.keys, id, token, now).ok_or_else(dead)?;
        let row =
            app.store.read(move |db| api_clients::find_row(db, id, bearer.client)).await.map_err(
                |error| match error {
                    StoreError::NotFound => dead(),
                    error => error.into(),
                },
            )?;
        let rate = app.rate_limiter.take(
            bearer.client.0,
            row.requests_per_minute.try_into().unwrap_or(1),
            now,
        );
        req.extensions_mut().insert(RateLimitUsage(rate));
        if rate.is_exceeded {
            return Err(ApiError::too_many(rate.reset));
        }
        // A scope that was withdrawn after the token was issued no longer counts.
        let allowed = row.scopes();
        let scopes = bearer.scopes.iter().filter(|scope| allowed.contains(*scope)).collect();
        Ok(Self { school, client: bearer.client, name: row.name, scopes })
    }
}

impl FromRequest for ApiClientPrincipal {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let known = req.extensions().get::<Self>().cloned();
            if let Some(known) = known { Ok(known) } else { Self::of(&req).await }
        })
    }
}

/// Middleware that counts a request of an API client before its body is read. A request with a
/// malformed body counts as well, and its response has the rate limit headers.
///
/// # Errors
/// Responds with `too_many_requests`. Any other error of the token is ignored here: the extractor
/// of the operation reports it if the operation needs a token.
pub async fn count_api_client_requests(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if req.headers().contains_key(header::AUTHORIZATION) {
        // No borrow of the request may be held across this `await`: the router writes into it.
        let counted = ApiClientPrincipal::of(req.request()).await;
        match counted {
            Ok(api_client) => _ = req.extensions_mut().insert(api_client),
            Err(error) if error.code() == "too_many_requests" => {
                return Ok(req.error_response(error));
            }
            Err(_) => {}
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// A person with a session cookie, or an API client with an access token.
#[derive(Clone, Debug)]
pub enum Principal {
    /// A person in a role.
    Person(Caller),
    /// An API client.
    ApiClient(ApiClientPrincipal),
}

impl Principal {
    /// The school.
    #[must_use]
    pub const fn school(&self) -> &SchoolRow {
        match self {
            Self::Person(caller) => &caller.school,
            Self::ApiClient(api_client) => &api_client.school,
        }
    }

    /// The evenings that the principal may see; an API client with the scope sees all of the
    /// school.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn evening_visibility(&self, scope: Scope) -> ApiResult<EveningVisibility> {
        match self {
            Self::Person(caller) => Ok(caller.evening_visibility()),
            Self::ApiClient(api_client) => {
                api_client.require_scope(scope).map(|()| EveningVisibility::All)
            }
        }
    }
}

impl Principal {
    /// Requires staff, or an API client with this scope.
    ///
    /// # Errors
    /// `wrong_role`, `scope_missing`.
    pub fn require_office(&self, scope: Scope) -> ApiResult<()> {
        match self {
            Self::Person(caller) => caller.require_staff().map(drop),
            Self::ApiClient(api_client) => api_client.require_scope(scope),
        }
    }

    /// The principal as the actor of history and audit log entries.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(caller) => {
                Actor { person: Some(caller.person.id()), name: caller.person.name() }
            }
            Self::ApiClient(api_client) => Actor { person: None, name: api_client.name.clone() },
        }
    }

    /// The owner id under which idempotency keys are stored.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Person(caller) => caller.person.id().into(),
            Self::ApiClient(api_client) => api_client.client.into(),
        }
    }

    /// Returns whether an API client has this scope. Always true for a person, so the operation
    /// must check the role itself.
    #[must_use]
    pub fn is_allowed(&self, scope: Scope) -> bool {
        match self {
            Self::Person(_) => true,
            Self::ApiClient(api_client) => api_client.has_scope(scope),
        }
    }
}

impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if req.headers().contains_key(header::AUTHORIZATION) {
            let api_client = ApiClientPrincipal::from_request(req, payload);
            Box::pin(async move { api_client.await.map(Self::ApiClient) })
        } else {
            let caller = Caller::from_request(req, payload);
            Box::pin(async move { caller.await.map(Self::Person) })
        }
    }
}

fn bearer(req: &HttpRequest) -> Option<&str> {
    let (scheme, token) =
        req.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn token_invalid(detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "token_invalid", detail)
        .challenge("Bearer error=\"invalid_token\"".to_owned())
}

fn scope_missing(scope: Scope) -> ApiError {
    let detail = format!(
        "The access token does not allow this: it needs the scope {scope}. The school's staff \
         give it to a program."
    );
    ApiError::new(StatusCode::FORBIDDEN, "scope_missing", detail)
        .challenge(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
}
