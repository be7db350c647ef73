//! The mark of the person that a browser's session is: a page that was made for one person gets no
//! answer as another. The tabs of a browser share its cookie. Where somebody else logs in in one of
//! them, the others go on sending what their person wants, with the new person's cookie.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use actix_web::{
    HttpMessage, HttpRequest,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    web::Data,
};

use crate::{
    app::App,
    keys::Keys,
    problem::{ApiError, ApiResult},
    store::sessions::{PersonSession, Role},
};

/// In an answer: whom it is for. In a request: whom the page that sends it was made for.
pub const HEADER: HeaderName = HeaderName::from_static("parlour-person");

/// So many characters of a hash are enough to tell people apart.
const LENGTH: usize = 22;

/// The mark of a session's person and role, a keyed hash; none while nobody is chosen. Another
/// session of the same person has the same one.
#[must_use]
pub fn of(keys: &Keys, session: &PersonSession) -> Option<String> {
    let (person, role) = session.identity.as_ref()?;
    let role = match role {
        Role::Parent => "parent",
        Role::Teacher => "teacher",
        Role::Staff => "staff",
    };
    let mut mark =
        keys.hash("person mark", format!("{} {} {role}", session.school, person.id()).as_bytes());
    mark.truncate(LENGTH);
    Some(mark)
}

/// What a request says of its person, and what its session turns out to be.
#[derive(Clone)]
pub struct PersonTags {
    app: Data<App>,
    expected: Option<String>,
    found: Arc<OnceLock<String>>,
}

impl PersonTags {
    /// Those of a request, which keeps them for its answer.
    pub(super) fn of(app: Data<App>, req: &HttpRequest) -> Self {
        let expected = req
            .headers()
            .get(HEADER)
            .map(|mark| String::from_utf8_lossy(mark.as_bytes()).into_owned());
        let person_tags = Self { app, expected, found: Arc::default() };
        req.extensions_mut().insert(person_tags.clone());
        person_tags
    }

    /// Lets a session pass that is the expected person's.
    ///
    /// # Errors
    /// `session_changed`.
    pub(super) fn check(&self, session: &PersonSession) -> ApiResult<()> {
        let found = of(&self.app.keys, session);
        if self.expected.is_some() && self.expected != found {
            return Err(session_changed());
        }
        if let Some(found) = found {
            let _ = self.found.set(found);
        }
        Ok(())
    }

    /// For the answer.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.found.get()?).ok()
    }
}

impl fmt::Debug for PersonTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks").field("expected", &self.expected).finish_non_exhaustive()
    }
}

fn session_changed() -> ApiError {
    let detail = "Another person has logged in in this browser since the page was loaded. Nothing \
                  was done. Load the page again.";
    ApiError::new(StatusCode::UNAUTHORIZED, "session_changed", detail)
}
