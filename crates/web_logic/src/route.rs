//! The addresses of the pages below the base, and where a failure leads.

use uuid::Uuid;

/// A page, with the id in its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The evenings, or the page of one's role.
    Home,
    /// Logging in.
    Login,
    /// The choice of an identity.
    Identity,
    /// My Bookings of an evening.
    Bookings(Uuid),
    /// Booking appointments of an evening.
    Book(Uuid),
    /// The link of an invite.
    Guest,
    /// The appointments of a guest.
    GuestAppointments,
    /// A teacher's evenings.
    Teacher,
    /// A teacher's schedule of an evening.
    Schedule(Uuid),
    /// The staff's search for a parent.
    Staff,
    /// The bars that staff have set.
    Bars,
    /// The API clients.
    ApiClients,
    /// How families reach the school's office.
    Office,
    /// A parent, as staff see them.
    StaffParent(Uuid),
    /// The webhook endpoints.
    Webhooks,
    /// The deliveries of a webhook endpoint.
    WebhookLog(Uuid),
    /// The demo's mailbox.
    Mailbox,
    /// A call, as the person who is logged in.
    Call(Uuid),
    /// A call, as a guest.
    GuestCall(Uuid),
    /// The check of camera and microphone.
    Devices,
    /// No page has this address.
    NotFound,
}

impl Page {
    /// The page at a path, which may have a query behind it.
    #[must_use]
    pub fn at(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let with_id = |make: fn(Uuid) -> Self, text: &str| id(text).map_or(Self::NotFound, make);
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
            ["staff", "connections"] => Self::ApiClients,
            ["staff", "office"] => Self::Office,
            ["staff", "parents", id] => with_id(Self::StaffParent, id),
            ["staff", "webhooks"] => Self::Webhooks,
            ["staff", "webhooks", id] => with_id(Self::WebhookLog, id),
            ["dev", "mailbox"] => Self::Mailbox,
            ["calls", id] => with_id(Self::Call, id),
            ["guest", "calls", id] => with_id(Self::GuestCall, id),
            ["devices"] | ["guest", "devices"] => Self::Devices,
            _ => Self::NotFound,
        }
    }

    /// The id in the page's address.
    #[must_use]
    pub const fn id(self) -> Option<Uuid> {
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

/// The id in the query of a path, by its name.
#[must_use]
pub fn query_id(path: &str, name: &str) -> Option<Uuid> {
    let mut pairs = path.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value)).and_then(id)
}

/// The page that a failure leads to instead of a message: the login when nobody is logged in or
/// access has ended, the choice of an identity when none was made. `path` is the page that failed.
#[must_use]
pub fn redirect_for(code: &str, path: &str) -> Option<&'static str> {
    match code {
        // A guest has no login: what they need is the link in their mail.
        "not_logged_in" if path.starts_with("/guest/") => Some("/guest/appointments"),
        "not_logged_in" => Some("/login"),
        // A guest has no login: their pages tell it themselves.
        "access_ended" if !path.starts_with("/guest") => Some("/login"),
        "choose_identity" => Some("/identity"),
        _ => None,
    }
}

/// The page to come back to after a login: the one that was kept, if it is one of ours and none of
/// the way in; else the home page.
#[must_use]
pub fn return_path(kept: Option<String>) -> String {
    let is_page = |path: &String| {
        path.starts_with('/') && !path.starts_with("/login") && !path.starts_with("/identity")
    };
    kept.filter(is_page).unwrap_or_else(|| "/".to_owned())
}

fn id(text: &str) -> Option<Uuid> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x01a1_f640_bc00_7105_b3b8_73d2_fa5a_365d);

    #[test]
    fn a_path_names_a_page() {
        let check = |path: &str, page: Page| {
            assert_eq!(Page::at(&path.replace("ID", &ID.to_string())), page, "{path}");
        };
        check("", Page::Home);
        check("/", Page::Home);
        check("/login", Page::Login);
        check("/login/", Page::Login);
        check("/identity", Page::Identity);
        check("/evenings/ID", Page::Bookings(ID));
        check("/evenings/ID/book", Page::Book(ID));
        check("/evenings/ID?parent_id=ID", Page::Bookings(ID));
        check("/evenings/ID/book?change=a/b", Page::Book(ID));
        check("/guest", Page::Guest);
        check("/guest/appointments", Page::GuestAppointments);
        check("/guest/calls/ID", Page::GuestCall(ID));
        check("/teacher", Page::Teacher);
        check("/teacher/evenings/ID", Page::Schedule(ID));
        check("/staff", Page::Staff);
        check("/staff/bars", Page::Bars);
        check("/staff/connections", Page::ApiClients);
        check("/staff/office", Page::Office);
        check("/staff/parents/ID", Page::StaffParent(ID));
        check("/staff/webhooks", Page::Webhooks);
        check("/staff/webhooks/ID", Page::WebhookLog(ID));
        check("/dev/mailbox", Page::Mailbox);
        check("/calls/ID", Page::Call(ID));
        check("/devices", Page::Devices);
        check("/guest/devices", Page::Devices);
        for missing in ["/evenings", "/evenings/x", "/evenings/ID/x", "/calls/", "/Login", "/x"] {
            check(missing, Page::NotFound);
        }
    }

    #[test]
    fn a_page_has_the_id_of_its_path() {
        let check = |path: &str, id: Option<Uuid>| {
            assert_eq!(Page::at(&path.replace("ID", &ID.to_string())).id(), id, "{path}");
        };
        for path in [
            "/evenings/ID",
            "/evenings/ID/book",
            "/teacher/evenings/ID",
            "/staff/parents/ID",
            "/staff/webhooks/ID",
            "/calls/ID",
            "/guest/calls/ID",
        ] {
            check(path, Some(ID));
        }
        check("/login", None);
        check("/evenings/x", None);
    }

    #[test]
    fn an_id_of_the_query_is_found_by_its_name() {
        let check = |query: &str, found: Option<Uuid>| {
            let path = format!("/evenings/x{}", query.replace("ID", &ID.to_string()));
            assert_eq!(query_id(&path, "parent_id"), found, "{path}");
        };
        check("", None);
        check("?", None);
        check("?parent_id", None);
        check("?parent_id=", None);
        check("?parent_id=x", None);
        check("?student_id=ID", None);
        check("?parent_id=ID", Some(ID));
        check("?change=1&parent_id=ID", Some(ID));
        check("?parent_id=ID&parent_id=x", Some(ID));
        check("?my_parent_id=ID", None);
    }

    #[test]
    fn a_failure_leads_where_it_can_be_mended() {
        let check = |code: &str, path: &str, way: Option<&str>| {
            assert_eq!(redirect_for(code, path), way, "{code} at {path}");
        };
        check("not_logged_in", "/evenings/x", Some("/login"));
        check("not_logged_in", "/guest/calls/x", Some("/guest/appointments"));
        check("access_ended", "/", Some("/login"));
        check("access_ended", "/guest", None);
        check("access_ended", "/guest/appointments", None);
        check("choose_identity", "/", Some("/identity"));
        check("slot_taken", "/", None);
        check("", "/", None);
    }

    #[test]
    fn after_a_login_one_comes_back_to_a_page_of_ours() {
        let check = |kept: Option<&str>, path: &str| {
            assert_eq!(return_path(kept.map(str::to_owned)), path, "{kept:?}");
        };
        check(None, "/");
        check(Some(""), "/");
        check(Some("/evenings/x?change=1"), "/evenings/x?change=1");
        check(Some("/login"), "/");
        check(Some("/identity"), "/");
        check(Some("https://example.org"), "/");
    }

    proptest::proptest! {
        #[test]
        fn any_path_has_a_page_and_only_its_own_id(path in "[/a-z?=&.%é-]{0,40}") {
            // No path of these letters holds an id.
            proptest::prop_assert_eq!(Page::at(&path).id(), None);
        }
    }
}
