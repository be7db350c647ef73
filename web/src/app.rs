//! The frame of all pages and the routes.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::use_navigate,
    path,
};
use parlour_wire::DevActor;

use crate::{
    api, browser,
    components::{DemoStrip, Header},
    pages::{
        BarsRoute, BookRoute, BookingsRoute, GuestAppointmentsRoute, GuestRoute, HomeRoute, IdentityRoute, LoginPage, MailboxRoute, MissingPage, ScheduleRoute,
        StaffParentRoute, StaffRoute, TeacherRoute,
    },
    session::{Session, session},
    task::{Task, spawn},
    texts::t,
};

/// The app.
#[component]
pub(crate) fn App(token: Option<String>) -> impl IntoView {
    let session = Session::new(token);
    provide_context(session);
    // A link that is followed while the app is open changes the fragment only.
    window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(token) = browser::take_token() {
            session.token.set(Some(token));
        }
    });
    let moving = RwSignal::new(false);
    view! {
        <Router base=browser::base_path() set_is_routing=moving>
            <a class="skip" href="#main" on:click=move |event| { event.prevent_default(); focus_main(); }>{t().skip}</a>
            <Top />
            <div class="moving" class:on=moving aria-hidden="true"></div>
            <main id="main" tabindex="-1">
                <FlatRoutes fallback=MissingPage>
                    <Route path=path!("") view=HomeRoute />
                    <Route path=path!("login") view=LoginPage />
                    <Route path=path!("identity") view=IdentityRoute />
                    <Route path=path!("evenings/:id") view=BookingsRoute />
                    <Route path=path!("evenings/:id/book") view=BookRoute />
                    <Route path=path!("guest") view=GuestRoute />
                    <Route path=path!("guest/appointments") view=GuestAppointmentsRoute />
                    <Route path=path!("teacher") view=TeacherRoute />
                    <Route path=path!("teacher/evenings/:id") view=ScheduleRoute />
                    <Route path=path!("staff") view=StaffRoute />
                    <Route path=path!("staff/bars") view=BarsRoute />
                    <Route path=path!("staff/parents/:id") view=StaffParentRoute />
                    <Route path=path!("dev/mailbox") view=MailboxRoute />
                </FlatRoutes>
            </main>
            <p class="unseen" role="status">{session.said}</p>
        </Router>
    }
}

#[component]
fn Top() -> impl IntoView {
    let session = session();
    let navigate = use_navigate();
    let task = Task::new();
    let log_out = Callback::new(move |everywhere: bool| {
        let navigate = navigate.clone();
        let request = async move { if everywhere { api::delete_sessions().await } else { api::delete_session().await } };
        task.run(request, move |()| {
            session.leave();
            navigate("/login", NavigateOptions::default());
        });
    });
    let log_in = Callback::new(move |kind: DevActor| {
        spawn(Box::pin(async move {
            if let Ok(door) = api::create_dev_login(kind).await {
                let _ = window().location().assign(&door.location);
            }
        }));
    });
    let school = Signal::derive(move || session.school.with(|school| school.as_ref().map(|school| school.name.clone()).unwrap_or_default()));
    let demo = Memo::new(move |_| session.school.with(|school| school.as_ref().is_some_and(|school| school.demo)));
    let me = Signal::derive(move || session.me.get().and_then(Result::ok));
    view! {
        {move || demo.get().then(|| view! { <DemoStrip log_in /> })}
        <Header school me log_out />
    }
}

fn focus_main() {
    if let Some(root) = document().body()
        && let Some(main) = browser::find(&root, "main h1, main")
    {
        let _ = main.focus();
    }
}

/// The app can't go on: says so, with a way to begin again.
pub(crate) fn show_crash(cause: &str) {
    leptos::logging::error!("{cause}");
    let Some(body) = document().body() else { return };
    if let Ok(notice) = document().create_element("div") {
        notice.set_class_name("crash");
        let _ = notice.set_attribute("role", "alert");
        notice.set_text_content(Some(t().crashed));
        if let Ok(link) = document().create_element("a") {
            // Not a link of the router, which is no more.
            let _ = link.set_attribute("href", &window().location().href().unwrap_or_default());
            let _ = link.set_attribute("target", "_top");
            link.set_text_content(Some(t().reload));
            let _ = notice.append_child(&link);
        }
        let _ = body.append_child(&notice);
    }
}
