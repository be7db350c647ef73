//! The addresses of the pages, below the base, and the way from one to the other.

use leptos::prelude::*;
use uuid::Uuid;

use crate::browser;

/// A page, with the id in its address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Home,
    Login,
    Identity,
    Bookings(Uuid),
    Book(Uuid),
    Guest,
    GuestAppointments,
    Teacher,
    Schedule(Uuid),
    Staff,
    Bars,
    Clients,
    /// How families reach the school's office.
    Office,
    StaffParent(Uuid),
    Webhooks,
    WebhookLog(Uuid),
    Mailbox,
    /// A call, as the person who is logged in, or as a guest.
    Call(Uuid),
    GuestCall(Uuid),
    Devices,
    Missing,
}

impl Page {
    fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let with_id =
            |make: fn(Uuid) -> Self, text: &str| browser::id(text).map_or(Self::Missing, make);
        match parts.as_slice() {
            [] => Self::Home,
            ["login"] => Self::Login,
            ["identity"] => Self::Identity,
            ["evenings", id] => with_id(Self::Bookings, id),
            ["evenings", id, "book"] => with_id(Self::Book, id),
            ["guest"] => Self::Guest,
            ["guest", "appointments"] => Self::GuestAppointments,
            ["teacher"] => Self::Teacher,
            ["teacher", "evenings", id] => with_id(Self::Schedule, id),
            ["staff"] => Self::Staff,
            ["staff", "bars"] => Self::Bars,
            ["staff", "connections"] => Self::Clients,
            ["staff", "office"] => Self::Office,
            ["staff", "parents", id] => with_id(Self::StaffParent, id),
            ["staff", "webhooks"] => Self::Webhooks,
            ["staff", "webhooks", id] => with_id(Self::WebhookLog, id),
            ["dev", "mailbox"] => Self::Mailbox,
            ["calls", id] => with_id(Self::Call, id),
            ["guest", "calls", id] => with_id(Self::GuestCall, id),
            ["devices"] | ["guest", "devices"] => Self::Devices,
            _ => Self::Missing,
        }
    }

    const fn id(self) -> Option<Uuid> {
        match self {
            Self::Bookings(id)
            | Self::Book(id)
            | Self::Schedule(id)
            | Self::StaffParent(id)
            | Self::WebhookLog(id)
            | Self::Call(id)
            | Self::GuestCall(id) => Some(id),
            _ => None,
        }
    }
}

/// The one who knows where one is, and leads elsewhere without loading the page anew.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    /// The path below the base, with the query.
    here: RwSignal<String>,
}

impl Router {
    /// Follows the address bar and the links of the page. For the app, once: `leptos_router` can do
    /// more, and weighs as much as two pages.
    pub(crate) fn provide() {
        let router = Self { here: RwSignal::new(browser::current_path()) };
        provide_context(router);
        window_event_listener(leptos::ev::popstate, move |_| {
            router.here.set(browser::current_path())
        });
        window_event_listener(leptos::ev::click, move |event| {
            if let Some(path) = browser::followed(&event) {
                event.prevent_default();
                router.go(&path);
            }
        });
    }

    /// Goes to a path below the base.
    pub(crate) fn go(self, path: &str) {
        browser::push_path(path);
        self.arrive();
    }

    /// As `go`; the way back skips the page one is on.
    pub(crate) fn replace(self, path: &str) {
        browser::replace_path(path);
        self.arrive();
    }

    fn arrive(self) {
        self.here.set(browser::current_path());
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// The router of this app.
pub(crate) fn router() -> Router {
    expect_context()
}

/// The page that the address names, followed as it changes.
pub(crate) fn page() -> Memo<Page> {
    let here = router().here;
    Memo::new(move |_| here.with(|here| Page::of(here.split('?').next().unwrap_or_default())))
}

/// The id in the address of this page. It stays as it is: another id is another page.
pub(crate) fn page_id() -> Uuid {
    page().get_untracked().id().unwrap_or_default()
}

/// An id from the query, followed as it changes.
pub(crate) fn query_id(name: &'static str) -> Memo<Option<Uuid>> {
    let here = router().here;
    Memo::new(move |_| here.with(|here| in_query(here, name).and_then(browser::id)))
}

fn in_query<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = path.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}
