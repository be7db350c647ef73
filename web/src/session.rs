//! Who is here: the school, the person, the token that was brought along, and what was said last.

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

/// What all pages share. A few signals, copied freely.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// The school; `None` while it is asked for.
    pub(crate) school: RwSignal<Option<School>>,
    /// The person; `None` until known.
    pub(crate) me: RwSignal<Option<ApiResult<Me>>>,
    /// The token of the link that led here, held in memory only.
    pub(crate) token: RwSignal<Option<String>>,
    /// What a screen reader is told next.
    pub(crate) announcement: RwSignal<String>,
    /// What the next page says first: something was done on the one before.
    pub(crate) flash: StoredValue<Option<String>>,
    /// Where the focus was last put, so that it is put there once.
    focused: StoredValue<Option<String>>,
    is_loading_me: StoredValue<bool>,
}

impl Session {
    /// The session of a page that was just loaded.
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

    /// Asks who is here, once.
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

    /// Takes the answer of a login or of a change of identity.
    pub(crate) fn set_me(self, me: Me) {
        self.me.set(Some(Ok(me)));
    }

    /// Forgets who was here.
    pub(crate) fn clear_me(self) {
        person::clear();
        self.me.set(None);
    }

    /// The role of whoever is here, once that is known.
    pub(crate) fn role(self) -> Option<Role> {
        self.me
            .with(|me| me.as_ref()?.as_ref().ok()?.identity.as_ref().map(|identity| identity.role))
    }

    /// Says something to screen readers without moving the focus.
    pub(crate) fn announce(self, text: impl Into<String>) {
        self.announcement.set(text.into());
    }

    /// Names the page, and moves the focus to its heading when one has come from another page.
    pub(crate) fn focus_heading(self, title: &str, heading: web_sys::HtmlElement) {
        let school =
            self.school.with_untracked(|school| school.as_ref().map(|school| school.name.clone()));
        document().set_title(&[title, " · ", school.as_deref().unwrap_or(t().product)].concat());
        // A step within a page is an arrival too; the same page with fresh data is none.
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

/// The session of this app.
pub(crate) fn session() -> Session {
    expect_context()
}

/// Where a failure leads instead of a message: to the login when nobody is logged in or access has
/// ended (which is told there), to the choice of an identity when none was made.
pub(crate) fn redirect_for(failure: &Failure) -> Option<&'static str> {
    route::redirect_for(failure.code(), &browser::current_path())
}

/// Goes where the failure leads, remembering the page to come back to.
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

/// The page to come back to after the login, once.
pub(crate) fn return_path() -> String {
    let kept = browser::stored_item(RETURN_TO);
    browser::remove_item(RETURN_TO);
    route::return_path(kept)
}
