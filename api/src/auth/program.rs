//! Programs of other makers: who asks by a bearer token (RFC 6750), and what it allows.

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
    problem::{Answer, ApiError},
    rates::Rate,
    store::{Error as StoreError, clients, evenings::Whose, events::Actor, schools::SchoolRow},
    tokens,
};

/// What is left of the program's requests, for the answer's headers.
#[derive(Clone, Copy)]
pub struct Counted(pub Rate);

/// A program with a token.
#[derive(Clone, Debug)]
pub struct Program {
    /// The school.
    pub school: SchoolRow,
    /// Which program.
    pub client: ClientId,
    /// What staff call it.
    pub name: String,
    /// What it may do.
    scopes: Scopes,
}

impl Program {
    /// The school's id.
    #[must_use]
    pub fn school_id(&self) -> SchoolId {
        self.school.id()
    }

    /// Only with this scope.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn may(&self, scope: Scope) -> Answer<()> {
        if self.scopes.allow(scope) { Ok(()) } else { Err(scope_missing(scope)) }
    }

    /// Whether the token has this scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }

    async fn of(req: &HttpRequest) -> Answer<Self> {
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
            app.store.read(move |db| clients::find_row(db, id, bearer.client)).await.map_err(
                |error| match error {
                    StoreError::NotFound => dead(),
                    error => error.into(),
                },
            )?;
        let rate =
            app.rates.take(bearer.client.0, row.requests_per_minute.try_into().unwrap_or(1), now);
        req.extensions_mut().insert(Counted(rate));
        if rate.is_exceeded {
            return Err(ApiError::too_many(rate.reset));
        }
        // What was taken away since the token was made is gone.
        let allowed = row.scopes();
        let scopes = bearer.scopes.iter().filter(|scope| allowed.allow(*scope)).collect();
        Ok(Self { school, client: bearer.client, name: row.name, scopes })
    }
}

impl FromRequest for Program {
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

/// Counts a program's request before anything of it is read, so that one that can't be read counts
/// as well and is told what is left.
///
/// # Errors
/// Answers `too_many_requests`. Another fault of the token is for the operation to say, if it asks
/// for one.
pub async fn count_programs(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if req.headers().contains_key(header::AUTHORIZATION) {
        // The request must not be held meanwhile: the router writes into it.
        let counted = Program::of(req.request()).await;
        match counted {
            Ok(program) => _ = req.extensions_mut().insert(program),
            Err(error) if error.code() == "too_many_requests" => {
                return Ok(req.error_response(error));
            }
            Err(_) => {}
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// A person with a cookie, or a program with a token.
#[derive(Clone, Debug)]
pub enum Asker {
    /// A person, in a role.
    Person(Caller),
    /// A program.
    Program(Program),
}

impl Asker {
    /// The school.
    #[must_use]
    pub const fn school(&self) -> &SchoolRow {
        match self {
            Self::Person(caller) => &caller.school,
            Self::Program(program) => &program.school,
        }
    }

    /// Whose evenings are seen: a program with the scope sees all.
    ///
    /// # Errors
    /// `scope_missing`.
    pub fn whose(&self, scope: Scope) -> Answer<Whose> {
        match self {
            Self::Person(caller) => Ok(caller.whose()),
            Self::Program(program) => program.may(scope).map(|()| Whose::All),
        }
    }
}

impl Asker {
    /// Staff, or a program with this scope.
    ///
    /// # Errors
    /// `wrong_role`, `scope_missing`.
    pub fn office(&self, scope: Scope) -> Answer<()> {
        match self {
            Self::Person(caller) => caller.staff().map(drop),
            Self::Program(program) => program.may(scope),
        }
    }

    /// Who it is, for the history and the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(caller) => {
                Actor { person: Some(caller.person.id()), name: caller.person.name() }
            }
            Self::Program(program) => Actor { person: None, name: program.name.clone() },
        }
    }

    /// The id that idempotency keys are kept by.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Person(caller) => caller.person.id().into(),
            Self::Program(program) => program.client.into(),
        }
    }

    /// Whether this is allowed as well: to staff it is.
    #[must_use]
    pub fn also(&self, scope: Scope) -> bool {
        match self {
            Self::Person(_) => true,
            Self::Program(program) => program.has(scope),
        }
    }
}

impl FromRequest for Asker {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if req.headers().contains_key(header::AUTHORIZATION) {
            let program = Program::from_request(req, payload);
            Box::pin(async move { program.await.map(Self::Program) })
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
