//! Root component of the web app: the frame of all pages, and the routes.

use leptos::prelude::*;
use parlour_wire::DevActor;

use crate::{
    api, browser,
    components::{DemoStrip, FailureNotice, Header, Notice, Tone, rebuild_on_change},
    pages::{
        ApiClientsRoute, BarsRoute, BookRoute, BookingsRoute, CallRoute, CallRouteProps,
        DevicesRoute, GuestAppointmentsRoute, GuestRoute, HomeRoute, IdentityRoute, LoginPage,
        MailboxRoute, NotFoundPage, OfficeRoute, ScheduleRoute, StaffParentRoute, StaffRoute,
        TeacherRoute, WebhookLogRoute, WebhooksRoute,
    },
    person::{self, SessionChange},
    route::{self, Page, Router, router},
    session::{Session, session},
    task::{Task, spawn},
    texts::t,
};

/// The root component.
#[component]
pub(crate) fn App(token: Option<String>) -> impl IntoView {
    let session = Session::new(token);
    provide_context(session);
    Router::provide();
    person::listen_to_tabs();
    // Following a link while the app is open changes only the fragment of the address.
    window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(token) = browser::take_token() {
            session.token.set(Some(token));
        }
    });
    view! {
        <a
            class="skip"
            href="#main"
            on:click=move |event| {
                event.prevent_default();
                focus_main();
            }
        >
            {t().skip}
        </a>
        <PageTop />
        <main id="main" tabindex="-1">
            <RoutedPage />
        </main>
        <p class="unseen" role="status" prop:textContent=session.announcement></p>
    }
}

/// The page that the current path names.
#[component]
fn RoutedPage() -> impl IntoView {
    let page = route::page();
    rebuild_on_change(move || match page.get() {
        Page::Home => HomeRoute().into_any(),
        Page::Login => LoginPage().into_any(),
        Page::Identity => IdentityRoute().into_any(),
        Page::Bookings(_) => BookingsRoute().into_any(),
        Page::Book(_) => BookRoute().into_any(),
        Page::Guest => GuestRoute().into_any(),
        Page::GuestAppointments => GuestAppointmentsRoute().into_any(),
        Page::Teacher => TeacherRoute().into_any(),
        Page::Schedule(_) => ScheduleRoute().into_any(),
        Page::Staff => StaffRoute().into_any(),
        Page::Bars => BarsRoute().into_any(),
        Page::ApiClients => ApiClientsRoute().into_any(),
        Page::Office => OfficeRoute().into_any(),
        Page::StaffParent(_) => StaffParentRoute().into_any(),
        Page::Webhooks => WebhooksRoute().into_any(),
        Page::WebhookLog(_) => WebhookLogRoute().into_any(),
        Page::Mailbox => MailboxRoute().into_any(),
        Page::Call(_) => CallRoute(CallRouteProps { guest: false }).into_any(),
        Page::GuestCall(_) => CallRoute(CallRouteProps { guest: true }).into_any(),
        Page::Devices => DevicesRoute().into_any(),
        Page::NotFound => NotFoundPage().into_any(),
    })
}

#[component]
fn PageTop() -> impl IntoView {
    let session = session();
    let router = router();
    let task = Task::new();
    let log_out = Callback::new(move |everywhere: bool| {
        let request = async move {
            if everywhere { api::delete_sessions().await } else { api::delete_session().await }
        };
        task.run(request, move |()| {
            session.clear_me();
            person::logged_out();
            router.go("/login");
        });
    });
    let log_in = Callback::new(move |kind: DevActor| {
        spawn(Box::pin(async move {
            if let Ok(door) = api::create_dev_login(kind).await {
                let _ = window().location().assign(&door.location);
            }
        }));
    });
    // The reloaded page fetches all data that depends on the time.
    let go_to_evening = Callback::new(move |()| {
        spawn(Box::pin(async move {
            if api::move_dev_clock().await.is_ok() {
                let _ = window().location().reload();
            }
        }));
    });
    let school = Signal::derive(move || {
        session
            .school
            .with(|school| school.as_ref().map(|school| school.name.clone()).unwrap_or_default())
    });
    let demo = Memo::new(move |_| {
        session.school.with(|school| school.as_ref().is_some_and(|school| school.demo))
    });
    let me = Signal::derive(move || session.me.get().and_then(Result::ok));
    view! {
        {move || demo.get().then(|| view! { <DemoStrip log_in go_to_evening /> })}
        <Header school me log_out />
        <ReloadNotice />
        // The failure stands above the page, which does not change.
        <FailureNotice failure=task.failure />
    }
}

/// Explains a reload of the page that nobody in this tab asked for.
#[component]
fn ReloadNotice() -> impl IntoView {
    let news = RwSignal::new(person::take_reset_reason());
    move || {
        let text = match news.get()? {
            SessionChange::OtherPerson => t().anew_another,
            SessionChange::LoggedOut => t().anew_logged_out,
        };
        Some(view! {
            <Notice tone=Tone::Wait>
                <p role="status">{text}</p>
                <button class="btn quiet" type="button" on:click=move |_| news.set(None)>
                    {t().close}
                </button>
            </Notice>
        })
    }
}

fn focus_main() {
    if let Some(root) = document().body()
        && let Some(main) = browser::find(&root, "main h1, main")
    {
        let _ = main.focus();
    }
}

/// Shows that the app has crashed, with a link that reloads it.
pub(crate) fn show_crash(cause: &str) {
    leptos::logging::error!("{cause}");
    let Some(body) = document().body() else { return };
    if let Ok(notice) = document().create_element("div") {
        notice.set_class_name("crash");
        let _ = notice.set_attribute("role", "alert");
        notice.set_text_content(Some(t().crashed));
        if let Ok(link) = document().create_element("a") {
            // The router has crashed too, so this link must not be one of the router's.
            let _ = link.set_attribute("href", &window().location().href().unwrap_or_default());
            let _ = link.set_attribute("target", "_top");
            link.set_text_content(Some(t().reload));
            let _ = notice.append_child(&link);
        }
        let _ = body.append_child(&notice);
    }
}
