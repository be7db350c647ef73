//! The person tag: stops a page that was loaded for one person from acting as another. All tabs of
//! a browser share its session cookie. When somebody else logs in in one tab, the other tabs go on
//! sending requests of the earlier person, with the new person's cookie.

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

/// Header of the person tag. A response has the tag of the session's person. A request has the tag
/// of the person for whom the page was loaded.
pub const HEADER: HeaderName = HeaderName::from_static("parlour-person");

/// Length of a tag in characters: enough of the hash to tell people apart.
const LENGTH: usize = 22;

/// The tag of a session's person and role, a keyed hash; `None` until an identity is chosen. All
/// sessions of one person in one role have the same tag.
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

/// The tag that a request expects, and the tag of its session once that is loaded.
#[derive(Clone)]
pub struct PersonTags {
    app: Data<App>,
    expected: Option<String>,
    found: Arc<OnceLock<String>>,
}

impl PersonTags {
    /// Reads the expected tag of a request, and stores the tags in its extensions for the
    /// response.
    pub(super) fn of(app: Data<App>, req: &HttpRequest) -> Self {
        let expected = req
            .headers()
            .get(HEADER)
            .map(|mark| String::from_utf8_lossy(mark.as_bytes()).into_owned());
        let person_tags = Self { app, expected, found: Arc::default() };
        req.extensions_mut().insert(person_tags.clone());
        person_tags
    }

    /// Checks that the session has the expected tag, if the request sent one.
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

    /// The header value for the response, once the session is loaded.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.found.get()?).ok()
    }
}

impl fmt::Debug for PersonTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonTags").field("expected", &self.expected).finish_non_exhaustive()
    }
}

fn session_changed() -> ApiError {
    let detail = "Another person has logged in in this browser since the page was loaded. Nothing \
                  was done. Load the page again.";
    ApiError::new(StatusCode::UNAUTHORIZED, "session_changed", detail)
}
