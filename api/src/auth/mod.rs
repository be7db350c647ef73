//! Authentication and roles: extractors for the caller of an operation. A handler takes one as an
//! argument, and the extractor refuses every other caller before the handler runs.
//!
//! Choose the extractor by the `**Who:**` line of the operation in `openapi.yaml`:
//!
//! | who may call it | extractor | method | refuses with |
//! | --- | --- | --- | --- |
//! | anybody | [`CurrentSchool`] | | `unknown_school`, as all of these |
//! | a logged-in person, role chosen or not | [`LoggedIn`] | | `not_logged_in`, `session_changed` |
//! | a person in a role | [`Caller`] | | the same, `choose_identity` |
//! | staff | [`Caller`] | [`Caller::require_staff`] | the same, `wrong_role` |
//! | teachers | [`Caller`] | [`Caller::require_teacher`] | the same, `wrong_role` |
//! | its parent or staff, to read | [`Caller`] | [`Caller::visible_parent`] | the same |
//! | its parent or staff, to change | [`Caller`] | [`Caller::editor`] | the same |
//! | a parent, or staff for one, to read | [`UnresolvedSession`] | `read` | see below |
//! | a parent, or staff for one, to write | [`UnresolvedSession`] | `on_behalf_of` | see below |
//! | an API client | [`ApiClientPrincipal`] | `require_scope` | `token_invalid`, `scope_missing` |
//! | people and API clients | [`Principal`] | [`Principal::evening_visibility`] | as for each |
//! | staff and API clients | [`Principal`] | [`Principal::require_office`] | as for each |
//! | a guest | [`GuestSessions`] | | nothing: without a session, `ids` is empty |
//!
//! For staff, [`UnresolvedSession`] takes the parent from `?parent_id=`. It refuses with the codes
//! of [`Caller`], with `wrong_role` for teachers, with `not_found` for a parent who names another
//! parent, and with `invalid` for staff who name none. [`ApiClientPrincipal`] refuses with
//! `too_many_requests` as well.
//!
//! The extractors do not check who owns a resource. The store functions look it up among those of
//! the caller and return `Error::NotFound` otherwise.

mod api_client;
pub mod call_visitor;
mod client_address;
pub mod cookies;
pub mod guest_link;
pub mod login_cookies;
pub mod origin;
pub mod person_tag;

use std::future::Future;
use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Data,
};
use chrono::{DateTime, Utc};
use parlour_domain::id::{PersonId, SchoolId, SessionId};

use crate::{
    app::App,
    keys::Audience,
    problem::{ApiError, ApiResult},
    store::{
        self, Db, Error as StoreError,
        bookings::{Editor, OnBehalfOf},
        evenings::EveningVisibility,
        events::Actor,
        people::{self, PersonRow},
        schools::{SchoolAddress, SchoolRow},
        sessions::{self, PersonSession, Role},
    },
};

pub use api_client::{ApiClientPrincipal, Principal, RateLimitUsage, count_api_client_requests};
pub use client_address::client_hash;
use person_tag::PersonTags;

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The app state of the request.
pub(crate) fn app(req: &HttpRequest) -> ApiResult<Data<App>> {
    req.app_data::<Data<App>>().cloned().ok_or_else(ApiError::not_found)
}

/// The `Host` header as sent. Forwarding headers are ignored: a proxy in front must pass the host
/// on.
#[must_use]
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// The address of the school in the request. Works before routing too.
#[must_use]
pub fn school_address(req: &HttpRequest) -> SchoolAddress {
    let by_path =
        || req.path().strip_prefix("/s/")?.split('/').next().filter(|slug| !slug.is_empty());
    match req.match_info().get("school").or_else(by_path) {
        Some(slug) => SchoolAddress::Slug(slug.to_owned()),
        None => {
            let host = host(req.headers());
            SchoolAddress::Host(host.rsplit_once(':').map_or(host, |(name, _)| name).to_lowercase())
        }
    }
}

/// The school of the request.
#[derive(Clone, Debug)]
pub struct CurrentSchool(pub SchoolRow);

impl FromRequest for CurrentSchool {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { app(&req)?.schools.find(school_address(&req)).await.map(Self) })
    }
}

/// A session cookie whose session has not been loaded yet. [`Self::read`] loads it on the database
/// connection that runs the query, so that a request waits for one connection and not for two.
#[derive(Clone, Debug)]
pub struct UnresolvedSession {
    school: SchoolRow,
    session: SessionId,
    now: DateTime<Utc>,
    person_tags: PersonTags,
}

impl UnresolvedSession {
    async fn of(req: &HttpRequest) -> ApiResult<Self> {
        let app = app(req)?;
        let school = app.schools.find(school_address(req)).await?;
        let cookie = cookies::read(&app.config, req, cookies::PERSON).ok_or_else(|| {
            if req.headers().contains_key(header::AUTHORIZATION) {
                ApiError::people_only()
            } else {
                ApiError::not_logged_in()
            }
        })?;
        let now = app.clock.now();
        let id = app
            .keys
            .read_cookie(Audience::Person, cookie.value(), now)
            .into_iter()
            .next()
            .ok_or_else(ApiError::not_logged_in)?;
        Ok(Self { school, session: SessionId(id), now, person_tags: PersonTags::of(app, req) })
    }

    /// Loads the session and the parent concerned (see [`ActingCaller`]), and runs a store function
    /// for them on the same connection.
    ///
    /// # Errors
    /// `not_logged_in`, `session_changed`, `access_ended`, `choose_identity`; those of
    /// [`ActingCaller`]; the store function's own.
    pub async fn read<T: Send + 'static>(
        self,
        app: &App,
        parent: Option<PersonId>,
        job: impl FnOnce(&mut Db, &ActingCaller) -> store::Result<T> + Send + 'static,
    ) -> ApiResult<(ActingCaller, T)> {
        app.store
            .read(move |db| {
                let acting = self
                    .log_in(db)
                    .and_then(LoggedIn::require_identity)
                    .and_then(|caller| ActingCaller::of(db, caller, parent));
                Ok(acting.and_then(|acting| {
                    let value = job(db, &acting)?;
                    Ok((acting, value))
                }))
            })
            .await?
    }

    /// Loads the session and the parent concerned, for an operation that writes afterwards.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub async fn on_behalf_of(
        self,
        app: &App,
        parent: Option<PersonId>,
    ) -> ApiResult<ActingCaller> {
        Ok(self.read(app, parent, |_, _| Ok(())).await?.0)
    }

    fn log_in(self, db: &mut Db) -> ApiResult<LoggedIn> {
        match sessions::find(db, self.school.id(), self.session, self.now) {
            Ok(session) => {
                self.person_tags.check(&session).map(|()| LoggedIn { school: self.school, session })
            }
            Err(StoreError::NotFound) => Err(ApiError::not_logged_in()),
            Err(error) => Err(error.into()),
        }
    }
}

impl FromRequest for UnresolvedSession {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::of(&req).await })
    }
}

/// A logged-in person, who may not have chosen an identity yet.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The school.
    pub school: SchoolRow,
    /// The session.
    pub session: PersonSession,
}

impl LoggedIn {
    /// The live session of a request.
    ///
    /// # Errors
    /// `not_logged_in`, `session_changed`, `access_ended`.
    pub async fn of(req: &HttpRequest) -> ApiResult<Self> {
        let (app, visitor) = (app(req)?, UnresolvedSession::of(req).await?);
        app.store.read(move |db| Ok(visitor.log_in(db))).await?
    }

    /// The person in the identity that they have chosen.
    fn require_identity(self) -> ApiResult<Caller> {
        let (person, role) = self.session.identity.ok_or_else(identity_not_chosen)?;
        Ok(Caller { school: self.school, person, role })
    }

    /// The chosen identity: the person and their role.
    ///
    /// # Errors
    /// `choose_identity`.
    pub fn identity(self) -> ApiResult<(PersonRow, Role)> {
        self.session.identity.ok_or_else(identity_not_chosen)
    }
}

fn identity_not_chosen() -> ApiError {
    ApiError::new(
        actix_web::http::StatusCode::FORBIDDEN,
        "choose_identity",
        "This address belongs to several people. Choose who you are first.",
    )
}

impl FromRequest for LoggedIn {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::of(&req).await })
    }
}

/// A logged-in person in a role.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The school.
    pub school: SchoolRow,
    /// The person.
    pub person: PersonRow,
    /// In this role.
    pub role: Role,
}

impl Caller {
    /// The school's id.
    #[must_use]
    pub fn school_id(&self) -> SchoolId {
        self.school.id()
    }

    /// The evenings that this person may see.
    #[must_use]
    pub fn evening_visibility(&self) -> EveningVisibility {
        match self.role {
            Role::Parent => EveningVisibility::Parent(self.person.id()),
            Role::Teacher => EveningVisibility::Teacher(self.person.id()),
            Role::Staff => EveningVisibility::All,
        }
    }

    /// Requires staff, and returns their id.
    ///
    /// # Errors
    /// `wrong_role` for anybody else.
    pub fn require_staff(&self) -> ApiResult<PersonId> {
        if self.role == Role::Staff { Ok(self.person.id()) } else { Err(ApiError::wrong_role()) }
    }

    /// Requires a teacher, and returns their id.
    ///
    /// # Errors
    /// `wrong_role` for anybody else.
    pub fn require_teacher(&self) -> ApiResult<PersonId> {
        if self.role == Role::Teacher { Ok(self.person.id()) } else { Err(ApiError::wrong_role()) }
    }

    /// The parent to whom this person's access to bookings and invites is limited: parents
    /// themselves, `None` (no limit) for staff.
    ///
    /// # Errors
    /// `wrong_role` for teachers.
    pub fn visible_parent(&self) -> ApiResult<Option<PersonId>> {
        match self.role {
            Role::Parent => Ok(Some(self.person.id())),
            Role::Staff => Ok(None),
            Role::Teacher => Err(ApiError::wrong_role()),
        }
    }

    /// This person as the editor of bookings and invites: a parent of their own, staff of any
    /// parent's.
    ///
    /// # Errors
    /// `wrong_role` for teachers.
    pub fn editor(&self) -> ApiResult<Editor> {
        Ok(Editor { school: self.school_id(), owner: self.visible_parent()?, actor: self.actor() })
    }

    fn actor(&self) -> Actor {
        let name = self.person.name();
        let name = if self.role == Role::Staff { format!("{name} (school)") } else { name };
        Actor { person: Some(self.person.id()), name }
    }
}

/// A person who acts on behalf of a parent. A parent acts for themselves; staff act for the parent
/// named in the query.
#[derive(Clone, Debug)]
pub struct ActingCaller {
    /// The person who sends the request.
    pub caller: Caller,
    /// The editor and the parent concerned, for the store.
    pub acting: OnBehalfOf,
    /// The parent.
    pub parent: PersonRow,
}

impl ActingCaller {
    /// # Errors
    /// `wrong_role` for teachers, `not_found` for a parent who names another parent, `invalid` for
    /// staff who name none.
    fn of(db: &mut Db, caller: Caller, parent: Option<PersonId>) -> ApiResult<Self> {
        let own = caller.person.id();
        let parent = match (caller.role, parent) {
            (Role::Teacher, _) => return Err(ApiError::wrong_role()),
            (Role::Parent, Some(named)) if named != own => return Err(ApiError::not_found()),
            (Role::Parent, _) => caller.person.clone(),
            (Role::Staff, None) => {
                return Err(ApiError::field(
                    "parent_id",
                    "missing",
                    "Name the parent for whom you do this.",
                ));
            }
            (Role::Staff, Some(parent)) => people::find_parent(db, caller.school_id(), parent)?,
        };
        let acting = caller.editor()?.on_behalf_of_parent(parent.id());
        Ok(Self { caller, acting, parent })
    }

    /// The school's id.
    #[must_use]
    pub fn school_id(&self) -> SchoolId {
        self.caller.school_id()
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { LoggedIn::of(&req).await?.require_identity() })
    }
}

/// The guest sessions of the browser; empty without a guest cookie.
#[derive(Clone, Debug)]
pub struct GuestSessions {
    /// The school.
    pub school: SchoolRow,
    /// The session ids in the cookie, newest first.
    pub ids: Vec<SessionId>,
}

impl FromRequest for GuestSessions {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let app = app(&req)?;
            let school = app.schools.find(school_address(&req)).await?;
            let ids = match cookies::read(&app.config, &req, cookies::GUEST) {
                Some(cookie) => {
                    app.keys.read_cookie(Audience::Guest, cookie.value(), app.clock.now())
                }
                None => Vec::new(),
            };
            Ok(Self { school, ids: ids.into_iter().map(SessionId).collect() })
        })
    }
}
