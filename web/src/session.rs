//! Session of the web app: the school, the person, the token of the link, and the latest
//! announcement.

use leptos::prelude::*;
use parlour_web_logic::route;
use parlour_wire::{Me, Role, School};

use crate::{
    api::{self, ApiResult, Failure},
    browser, person,
    route::Router,
    task::spawn,
    texts::t,
};

const RETURN_TO: &str = "parlour.return_to";

/// The state that all pages share: a few signals, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// The school; `None` while it is being fetched.
    pub(crate) school: RwSignal<Option<School>>,
    /// The logged-in person; `None` until known.
    pub(crate) me: RwSignal<Option<ApiResult<Me>>>,
    /// The token of the link that led here, kept in memory only.
    pub(crate) token: RwSignal<Option<String>>,
    /// The next text for screen readers.
    pub(crate) announcement: RwSignal<String>,
    /// The message that the next page shows first, about an action on the previous page.
    pub(crate) flash: StoredValue<Option<String>>,
    /// The page that last took the focus, so that it takes the focus only once.
    focused: StoredValue<Option<String>>,
    is_loading_me: StoredValue<bool>,
}

impl Session {
    /// Creates the session of a freshly loaded page.
    pub(crate) fn new(token: Option<String>) -> Self {
        let session = Self {
            school: RwSignal::new(None),
            me: RwSignal::new(None),
            token: RwSignal::new(token),
            announcement: RwSignal::new(String::new()),
            flash: StoredValue::new(None),
            focused: StoredValue::new(None),
            is_loading_me: StoredValue::new(false),
        };
        spawn(Box::pin(async move {
            if let Ok(school) = api::get_school().await {
                session.school.set(Some(school));
            }
        }));
        session
    }

    /// Fetches the logged-in person, once.
    pub(crate) fn load_me(self) {
        if self.is_loading_me.get_value() || self.me.with_untracked(Option::is_some) {
            return;
        }
        self.is_loading_me.set_value(true);
        spawn(Box::pin(async move {
            let me = api::get_me().await;
            self.is_loading_me.set_value(false);
            self.me.set(Some(me));
        }));
    }

    /// Stores the answer of a login or of a change of identity.
    pub(crate) fn set_me(self, me: Me) {
        self.me.set(Some(Ok(me)));
    }

    /// Forgets the person.
    pub(crate) fn clear_me(self) {
        person::clear();
        self.me.set(None);
    }

    /// Returns the role of the person, once it is known.
    pub(crate) fn role(self) -> Option<Role> {
        self.me
            .with(|me| me.as_ref()?.as_ref().ok()?.identity.as_ref().map(|identity| identity.role))
    }

    /// Announces a text to screen readers without moving the focus.
    pub(crate) fn announce(self, text: impl Into<String>) {
        self.announcement.set(text.into());
    }

    /// Sets the document's title, and moves the focus to the heading on arrival from another page.
    pub(crate) fn focus_heading(self, title: &str, heading: web_sys::HtmlElement) {
        let school =
            self.school.with_untracked(|school| school.as_ref().map(|school| school.name.clone()));
        document().set_title(&[title, " · ", school.as_deref().unwrap_or(t().product)].concat());
        // A step within a page counts as an arrival; the same page with fresh data does not.
        let here = [&browser::current_path(), "#", title].concat();
        let last = self.focused.get_value();
        if last.as_ref() != Some(&here) {
            if last.is_some() {
                browser::focus_after_paint(heading);
            }
            self.focused.set_value(Some(here));
        }
    }
}

/// Returns the session of this app.
pub(crate) fn session() -> Session {
    expect_context()
}

/// Returns the page to which a failure redirects instead of showing a message: the login when
/// nobody is logged in or access has ended (the login shows that message), or the choice of an
/// identity when none was chosen.
pub(crate) fn redirect_for(failure: &Failure) -> Option<&'static str> {
    route::redirect_for(failure.code(), &browser::current_path())
}

/// Redirects if the failure does, and remembers the page to come back to.
pub(crate) fn redirect_on(router: Router, session: Session, failure: &Failure) {
    let Some(way) = redirect_for(failure) else { return };
    if failure.code() == "access_ended" && browser::current_path() != way {
        session.flash.set_value(Some(failure.to_string()));
    }
    browser::store_item(RETURN_TO, &browser::current_path());
    if way == "/login" {
        session.clear_me();
    }
    router.replace(way);
}

/// Returns the page to open after the login, once.
pub(crate) fn return_path() -> String {
    let kept = browser::stored_item(RETURN_TO);
    browser::remove_item(RETURN_TO);
    route::return_path(kept)
}
