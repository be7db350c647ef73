//! The addresses of the pages, below the base.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
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
    StaffParent(Uuid),
    Mailbox,
    Missing,
}

impl Page {
    fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let with_id = |make: fn(Uuid) -> Self, text: &str| browser::id(text).map_or(Self::Missing, make);
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
            ["staff", "parents", id] => with_id(Self::StaffParent, id),
            ["dev", "mailbox"] => Self::Mailbox,
            _ => Self::Missing,
        }
    }

    const fn id(self) -> Option<Uuid> {
        match self {
            Self::Bookings(id) | Self::Book(id) | Self::Schedule(id) | Self::StaffParent(id) => Some(id),
            _ => None,
        }
    }
}

/// The page that the address names, followed as it changes.
pub(crate) fn page() -> Memo<Page> {
    let (path, base) = (use_location().pathname, browser::base_path());
    Memo::new(move |_| path.with(|path| Page::of(path.strip_prefix(&base).unwrap_or(path))))
}

/// The id in the address of this page. It stays as it is: another id is another page.
pub(crate) fn page_id() -> Uuid {
    page().get_untracked().id().unwrap_or_default()
}

/// An id from the query, followed as it changes.
pub(crate) fn query_id(name: &'static str) -> Memo<Option<Uuid>> {
    let query = use_location().query;
    Memo::new(move |_| query.with(|query| query.get_str(name).and_then(browser::id)))
}
