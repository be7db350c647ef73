//! Who is asking: the school by host or path, the person or guest by their cookie. Handlers take
//! these as arguments.

pub mod call_visitor;
mod client_address;
pub mod cookies;
pub mod guest_link;
pub mod login_cookies;
pub mod origin;
pub mod person_mark;
mod program;

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
    problem::{Answer, ApiError},
    store::{
        Db, Error as StoreError,
        bookings::Acting,
        evenings::Whose,
        events::Actor,
        people::{self, PersonRow},
        schools::{SchoolAddress, SchoolRow},
        sessions::{self, PersonSession, Role},
    },
};

pub use client_address::client_hash;
use person_mark::Marks;
pub use program::{Asker, Counted, Program, count_programs};

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The app, from the request.
pub(crate) fn app(req: &HttpRequest) -> Answer<Data<App>> {
    req.app_data::<Data<App>>().cloned().ok_or_else(ApiError::not_found)
}

/// The `Host` header, as the browser sent it. Forwarding headers are not believed: a proxy in front
/// must pass the host on.
#[must_use]
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// How the request names its school. Also before the request was routed.
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

/// The school that the request is for.
#[derive(Clone, Debug)]
pub struct AtSchool(pub SchoolRow);

impl FromRequest for AtSchool {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { app(&req)?.schools.find(school_address(&req)).await.map(Self) })
    }
}

/// Somebody with a cookie, whose session has not been looked up yet: [`Self::read`] does so on the
/// connection that reads what they ask for.
#[derive(Clone, Debug)]
pub struct Visitor {
    school: SchoolRow,
    session: SessionId,
    now: DateTime<Utc>,
    marks: Marks,
}

impl Visitor {
    async fn of(req: &HttpRequest) -> Answer<Self> {
        let app = app(req)?;
        let school = app.schools.find(school_address(req)).await?;
        let cookie = cookies::read(&app.config, req, cookies::PERSON).ok_or_else(|| {
            if req.headers().contains_key(header::AUTHORIZATION) {
                ApiError::for_people()
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
        Ok(Self { school, session: SessionId(id), now, marks: Marks::of(app, req) })
    }

    /// Runs queries for the person who asks, once it is known who that is.
    ///
    /// # Errors
    /// `not_logged_in`, `session_changed`, `access_ended`, `choose_identity`; the closure's own.
    pub async fn read<T: Send + 'static>(
        self,
        app: &App,
        job: impl FnOnce(&mut Db, &Caller) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        app.store
            .read(move |db| {
                Ok(self.log_in(db).and_then(LoggedIn::chosen).and_then(|caller| job(db, &caller)))
            })
            .await?
    }

    fn log_in(self, db: &mut Db) -> Answer<LoggedIn> {
        match sessions::find(db, self.school.id(), self.session, self.now) {
            Ok(session) => {
                self.marks.check(&session).map(|()| LoggedIn { school: self.school, session })
            }
            Err(StoreError::NotFound) => Err(ApiError::not_logged_in()),
            Err(error) => Err(error.into()),
        }
    }
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::of(&req).await })
    }
}

/// A logged-in person, who may not have chosen yet who they are.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The school.
    pub school: SchoolRow,
    /// The session.
    pub session: PersonSession,
}

impl LoggedIn {
    /// The session of a request, if it has a live one.
    ///
    /// # Errors
    /// `not_logged_in`, `session_changed`, `access_ended`.
    pub async fn of(req: &HttpRequest) -> Answer<Self> {
        let (app, visitor) = (app(req)?, Visitor::of(req).await?);
        app.store.read(move |db| Ok(visitor.log_in(db))).await?
    }

    /// The person in the role that they have chosen.
    fn chosen(self) -> Answer<Caller> {
        let (person, role) = self.session.identity.ok_or_else(identity_not_chosen)?;
        Ok(Caller { school: self.school, person, role })
    }

    /// Who it is, in which role.
    ///
    /// # Errors
    /// `choose_identity`.
    pub fn identity(self) -> Answer<(PersonRow, Role)> {
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

    /// Whose evenings this person sees.
    #[must_use]
    pub fn whose(&self) -> Whose {
        match self.role {
            Role::Parent => Whose::Parent(self.person.id()),
            Role::Teacher => Whose::Teacher(self.person.id()),
            Role::Staff => Whose::All,
        }
    }

    /// Only staff.
    ///
    /// # Errors
    /// `wrong_role` for anybody else.
    pub fn staff(&self) -> Answer<PersonId> {
        if self.role == Role::Staff { Ok(self.person.id()) } else { Err(ApiError::wrong_role()) }
    }

    /// Only a teacher.
    ///
    /// # Errors
    /// `wrong_role` for anybody else.
    pub fn teacher(&self) -> Answer<PersonId> {
        if self.role == Role::Teacher { Ok(self.person.id()) } else { Err(ApiError::wrong_role()) }
    }

    /// The parent in whose name something is done: oneself, or, for staff, the parent that the
    /// query names.
    ///
    /// # Errors
    /// `wrong_role` for teachers, `not_found` for a parent who is not oneself, `invalid` for staff
    /// who name nobody.
    pub fn acting(&self, db: &mut Db, parent_id: Option<PersonId>) -> Answer<(Acting, PersonRow)> {
        match (self.role, parent_id) {
            (Role::Teacher, _) => Err(ApiError::wrong_role()),
            (Role::Parent, named) if named.is_none_or(|parent| parent == self.person.id()) => {
                Ok((self.acting_for(self.person.id()), self.person.clone()))
            }
            (Role::Parent, _) => Err(ApiError::not_found()),
            (Role::Staff, None) => Err(ApiError::field(
                "parent_id",
                "missing",
                "Name the parent for whom you do this.",
            )),
            (Role::Staff, Some(parent)) => {
                Ok((self.acting_for(parent), people::find_parent(db, self.school_id(), parent)?))
            }
        }
    }

    /// The parent whose bookings and invites this person may see: their own, or, for staff,
    /// anybody's.
    ///
    /// # Errors
    /// `wrong_role` for teachers.
    pub fn owner(&self) -> Answer<Option<PersonId>> {
        match self.role {
            Role::Parent => Ok(Some(self.person.id())),
            Role::Staff => Ok(None),
            Role::Teacher => Err(ApiError::wrong_role()),
        }
    }

    /// How this person acts on a thing of a certain parent's, after [`Self::owner`] let them see
    /// it.
    #[must_use]
    pub fn acting_for(&self, parent: PersonId) -> Acting {
        let is_staff = self.role == Role::Staff;
        let name =
            if is_staff { format!("{} (school)", self.person.name()) } else { self.person.name() };
        Acting { parent, actor: Actor { person: Some(self.person.id()), name }, is_staff }
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { LoggedIn::of(&req).await?.chosen() })
    }
}

/// The guest sessions of the browser; empty when it has none.
#[derive(Clone, Debug)]
pub struct GuestSessions {
    /// The school.
    pub school: SchoolRow,
    /// The sessions that the cookie names, newest first.
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
