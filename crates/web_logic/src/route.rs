//! Paths of the pages below the base, and the redirects for failures.

use uuid::Uuid;

/// A page, with the id from its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The list of evenings, or the start page of the person's role.
    Home,
    /// The login.
    Login,
    /// The choice of an identity.
    Identity,
    /// The page My Bookings of an evening.
    Bookings(Uuid),
    /// The booking of appointments of an evening.
    Book(Uuid),
    /// The page that an invite's link opens.
    Guest,
    /// The list of a guest's appointments.
    GuestAppointments,
    /// The list of a teacher's evenings.
    Teacher,
    /// The schedule of a teacher for an evening.
    Schedule(Uuid),
    /// The staff's search for a parent.
    Staff,
    /// The list of bars set by staff.
    Bars,
    /// The list of API clients.
    ApiClients,
    /// The contact details of the school's office.
    Office,
    /// A parent, as the staff see them.
    StaffParent(Uuid),
    /// The list of webhook endpoints.
    Webhooks,
    /// The deliveries of one webhook endpoint.
    WebhookLog(Uuid),
    /// The mailbox of a demo server.
    Mailbox,
    /// A call, for the logged-in person.
    Call(Uuid),
    /// A call, for a guest.
    GuestCall(Uuid),
    /// The check of camera, microphone and network.
    Devices,
    /// The path belongs to no page.
    NotFound,
}

impl Page {
    /// Returns the page of a path; a query at the end of the path is ignored.
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

    /// Returns the id in the page's path.
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

/// Returns the id with this name in the query of a path.
#[must_use]
pub fn query_id(path: &str, name: &str) -> Option<Uuid> {
    let mut pairs = path.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value)).and_then(id)
}

/// Returns the page to which a failure redirects: the login when nobody is logged in or access has
/// ended, the choice of an identity when none was chosen. `path` is the page on which the failure
/// happened. Other failures are shown as a message and return `None`.
#[must_use]
pub fn redirect_for(code: &str, path: &str) -> Option<&'static str> {
    match code {
        // A guest has no login; the appointments page asks for the link in their mail.
        "not_logged_in" if path.starts_with("/guest/") => Some("/guest/appointments"),
        "not_logged_in" => Some("/login"),
        // A guest has no login; the guest pages show this failure themselves.
        "access_ended" if !path.starts_with("/guest") => Some("/login"),
        "choose_identity" => Some("/identity"),
        _ => None,
    }
}

/// Returns the page to open after a login: the remembered path if it is a path of the web app and
/// belongs neither to the login nor to the choice of an identity; otherwise the home page.
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
            // A path made of these characters can't contain an id.
            proptest::prop_assert_eq!(Page::at(&path).id(), None);
        }
    }
}
