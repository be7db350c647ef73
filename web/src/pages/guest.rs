//! Page of an invite's link: a preview of the invite, a button that continues, and "This was not
//! meant for me".

use leptos::prelude::*;
use parlour_domain::link_token::is_cut;
use parlour_wire::{
    GuestAppointments, GuestInvite, GuestLinkPreview, GuestLinkRenewal, NewGuestLinkRequest,
};

use super::login::CookiesOff;
use crate::{
    api::{self, ApiResult, Failure},
    browser,
    components::{
        AppointmentLine, Appointments, Confirm, FailureNotice, Field, Heading, Notice, Panel, Tone,
        contact, names, rebuild_on_change, student_names, submitted_address,
    },
    query::Query,
    route::router,
    session::session,
    task::Task,
    texts::{fill, guest as g, t},
    time_format,
};

/// The result of checking a link.
#[derive(Clone, PartialEq)]
enum GuestLink {
    Live(GuestLinkPreview),
    Dead(Failure),
}

fn classify_link<T>(
    answer: ApiResult<T>,
    live: impl FnOnce(T) -> GuestLink,
) -> ApiResult<GuestLink> {
    match answer {
        Ok(value) => Ok(live(value)),
        Err(failure)
            if matches!(
                failure.code(),
                "invite_removed"
                    | "link_dead"
                    | "link_renewed"
                    | "access_ended"
                    | "not_found"
                    | "invalid"
            ) =>
        {
            Ok(GuestLink::Dead(failure))
        }
        Err(failure) => Err(failure),
    }
}

#[component]
pub(crate) fn GuestPage() -> impl IntoView {
    let session = session();
    let token = RwSignal::new(None::<String>);
    Effect::new(move || {
        if let Some(fresh) = session.token.get() {
            session.token.set(None);
            token.set(Some(fresh));
        }
    });
    let router = router();
    // Without a token the guest may still have a session; the appointments are a page of their own.
    let known = session.token.get_untracked().is_some();
    if !known {
        Effect::new(move || router.replace("/guest/appointments"));
    }
    let link = rebuild_on_change(move || match token.get() {
        None => ().into_any(),
        Some(_) if !browser::cookies_enabled() => {
            view! { <CookiesOff title=t().guest_appointments_title /> }.into_any()
        }
        Some(token) => view! { <LinkPanel token /> }.into_any(),
    });
    view! { <div class="narrow">{link}</div> }
}

#[component]
fn LinkPanel(token: String) -> impl IntoView {
    let token = StoredValue::new(token);
    let preview = Query::new(move || async move {
        classify_link(api::preview_guest_link(&token.get_value()).await, GuestLink::Live)
    });
    let show = move |link: GuestLink| match link {
        GuestLink::Live(preview) if preview.own_invite => own_invite_view(&preview),
        GuestLink::Live(preview) => view! { <Invitation token preview /> }.into_any(),
        GuestLink::Dead(_) if token.with_value(|token| is_cut(token)) => {
            view! { <LostLink title=t().link_cut_title text=t().guest_cut_text tone=Tone::Wait /> }
                .into_any()
        }
        GuestLink::Dead(failure) => dead_link_view(&failure),
    };
    view! { <Panel data=preview show /> }
}

/// Shown when the parent who sent the invite opens its link.
fn own_invite_view(preview: &GuestLinkPreview) -> AnyView {
    view! {
        <Heading text=fill(t().own_invite_title, &[("name", &preview.guest_name)]) />
        <p class="lede">{t().own_invite_text}</p>
        <a class="btn primary" href="./">
            {t().own_invite_go}
        </a>
    }
    .into_any()
}

/// Explains why a link does not work. Unless the invite was removed or the access ended, a new link
/// can be requested.
fn dead_link_view(failure: &Failure) -> AnyView {
    let lost = |title, text| view! { <LostLink title text tone=Tone::Wait /> }.into_any();
    match failure.code() {
        "invite_removed" => {
            message_view(t().guest_removed_title, t().guest_removed_text, ().into_any())
        }
        "access_ended" => message_view(t().guest_ended_title, failure.to_string(), contact()),
        "link_renewed" => lost(t().guest_renewed_title, t().guest_renewed_text),
        _ => lost(t().link_dead_title, t().guest_dead_text),
    }
}

fn message_view(title: &'static str, text: impl Into<String>, more: AnyView) -> AnyView {
    let text: String = text.into();
    view! {
        <Heading text=title />
        <Notice tone=Tone::Wait>
            <p prop:textContent=text></p>
            {more}
        </Notice>
    }
    .into_any()
}

/// Explains why the link is unusable, with a form that requests a new one by mail.
#[component]
fn LostLink(title: &'static str, text: &'static str, tone: Tone) -> impl IntoView {
    let sent = RwSignal::new(None::<String>);
    rebuild_on_change(move || match sent.get() {
        Some(email) => view! {
            <Heading text=t().code_title />
            <Notice tone=Tone::Good>
                <p prop:textContent=fill(g().again_sent, &[("email", &email)])></p>
            </Notice>
            <p class="soft">{g().again_nothing}</p>
            {contact()}
            <button class="btn quiet" type="button" on:click=move |_| sent.set(None)>
                {t().code_other_address}
            </button>
        }
        .into_any(),
        None => view! {
            <Heading text=title />
            <Notice tone>
                <p>{text}</p>
            </Notice>
            <LinkRequest sent />
        }
        .into_any(),
    })
}

/// Asks for the address to which the invite was sent. `sent` is set to that address; the form does
/// not reveal whether anybody with it is invited.
#[component]
fn LinkRequest(sent: RwSignal<Option<String>>) -> impl IntoView {
    let (email, error, task) =
        (RwSignal::new(String::new()), RwSignal::new(None::<String>), Task::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(email) = submitted_address(&event, email, error) else { return };
        let request = NewGuestLinkRequest { email: email.clone() };
        task.run(async move { api::request_guest_link(&request).await }, move |()| {
            sent.set(Some(email))
        });
    };
    view! {
        <form class="card" novalidate on:submit=submit aria-labelledby="again-title">
            <h2 id="again-title">{g().again_title}</h2>
            <Field
                id="again-email"
                label=t().email
                value=email
                error
                kind="email"
                autocomplete="email"
                hint=g().again_hint
            />
            <FailureNotice failure=task.failure />
            <button class="btn primary wide" type="submit" aria-disabled=task.disabled()>
                {g().again_send}
            </button>
        </form>
    }
}

#[component]
fn Invitation(token: StoredValue<String>, preview: GuestLinkPreview) -> impl IntoView {
    let (task, decline, renew, router) = (Task::new(), Task::new(), Task::new(), router());
    let (asking, declined) = (RwSignal::new(false), RwSignal::new(false));
    let (renewing, renewed) = (RwSignal::new(false), RwSignal::new(false));
    let open = Callback::new(move |()| {
        task.run(async move { api::create_guest_session(&token.get_value()).await }, move |_| {
            router.go("/guest/appointments")
        });
    });
    let end = Callback::new(move |()| {
        decline.run(async move { api::decline_guest_link(&token.get_value()).await }, move |()| {
            asking.set(false);
            declined.set(true);
        });
    });
    let new_link = Callback::new(move |()| {
        let link = GuestLinkRenewal { token: Some(token.get_value()), booking_id: None };
        renew.run(async move { api::renew_guest_link(&link).await }, move |()| {
            renewing.set(false);
            renewed.set(true);
        });
    });
    let preview = StoredValue::new(preview);
    let invited = move || {
        let preview = preview.get_value();
        view! {
            <Heading text=fill(t().guest_title, &[("name", &preview.guest_name)]) />
            <div class="card">
                <p class="who">
                    {fill(
                        t().guest_invited,
                        &[("by", &preview.invited_by), ("evening", &preview.evening_title)],
                    )}
                </p>
                <p>
                    <strong>{preview.school}</strong>
                    <br />
                    {time_format::format_date(&preview.date)}
                </p>
                {(preview.in_call == Some(true)).then(|| view! { <p>{t().guest_in_call}</p> })}
                <FailureNotice failure=task.failure />
                <button
                    class="btn primary wide"
                    type="button"
                    aria-disabled=task.disabled()
                    on:click=move |_| open.run(())
                >
                    {t().guest_see}
                </button>
            </div>
            <p class="soft">{t().guest_only_you}</p>
            <button class="btn quiet" type="button" on:click=move |_| renewing.set(true)>
                {t().guest_new_link}
            </button>
            <button class="btn quiet" type="button" on:click=move |_| asking.set(true)>
                {t().not_for_me}
            </button>
        }
        .into_any()
    };
    let thanks = || {
        view! {
            <Heading text=t().declined_title />
            <Notice tone=Tone::Good>
                <p>{t().declined_text}</p>
            </Notice>
        }
        .into_any()
    };
    let replaced = || {
        view! {
            <Heading text=t().guest_renewed_title />
            <Notice tone=Tone::Good>
                <p>{t().guest_renewed_text}</p>
            </Notice>
        }
        .into_any()
    };
    view! {
        {rebuild_on_change(move || match (declined.get(), renewed.get()) {
            (true, _) => thanks(),
            (_, true) => replaced(),
            _ => invited(),
        })}
        <Confirm
            id="renew"
            open=renewing
            title=t().guest_new_link
            question=t().guest_new_link_question
            yes=t().guest_new_link_yes
            no=t().back
            busy=renew.busy
            failure=renew.failure
            on_yes=new_link
        />
        <Confirm
            id="decline"
            open=asking
            title=t().not_for_me
            question=t().not_for_me_question
            yes=t().not_for_me_yes
            no=t().back
            busy=decline.busy
            failure=decline.failure
            on_yes=end
        />
    }
}

/// The appointments of all invites that were opened in this browser.
#[component]
pub(crate) fn GuestAppointmentsPage() -> impl IntoView {
    #[derive(Clone, PartialEq)]
    enum Seen {
        Here(GuestAppointments),
        Gone(Option<Failure>),
    }
    let appointments = Query::new(|| async {
        match api::get_guest_appointments().await {
            Ok(appointments) => Ok(Seen::Here(appointments)),
            Err(failure) if failure.code() == "not_logged_in" => Ok(Seen::Gone(None)),
            Err(failure)
                if matches!(failure.code(), "invite_removed" | "access_ended" | "link_dead") =>
            {
                Ok(Seen::Gone(Some(failure)))
            }
            Err(failure) => Err(failure),
        }
    });
    let (task, router) = (Task::new(), router());
    let forget = Callback::new(move |()| {
        task.run(api::delete_guest_sessions(), move |()| router.go("/login"));
    });
    let show = move |seen: Seen| match seen {
        Seen::Here(appointments) if !appointments.invites.is_empty() => {
            let invites = appointments.invites.into_iter().map(invite).collect_view();
            view! {
                <Heading text=t().guest_appointments_title />
                {invites}
                <FailureNotice failure=task.failure />
                <div class="bar">
                    <a class="btn quiet" href="guest/devices">
                        {t().check_devices}
                    </a>
                    <button
                        class="btn quiet"
                        type="button"
                        aria-disabled=task.disabled()
                        on:click=move |_| forget.run(())
                    >
                        {t().guest_leave}
                    </button>
                </div>
            }
            .into_any()
        }
        Seen::Gone(Some(failure)) => {
            view! { <div class="narrow">{dead_link_view(&failure)}</div> }.into_any()
        }
        Seen::Gone(None) if !browser::cookies_enabled() => {
            view! { <CookiesOff title=t().guest_appointments_title /> }.into_any()
        }
        Seen::Here(_) | Seen::Gone(None) => view! {
            <div class="narrow">
                <LostLink
                    title=t().guest_appointments_title
                    text=t().guest_open_mail
                    tone=Tone::Plain
                />
            </div>
        }
        .into_any(),
    };
    view! { <Panel data=appointments show /> }
}

fn invite(invite: GuestInvite) -> impl IntoView {
    let title = fill(
        t().guest_evening,
        &[
            ("evening", &invite.evening_title),
            ("day", &time_format::format_date(&invite.starts_at)),
        ],
    );
    let lede = fill(
        t().guest_covered,
        &[
            ("by", &invite.invited_by),
            ("students", &student_names(&invite.students)),
            ("school", &invite.school),
        ],
    );
    let none = invite.appointments.is_empty();
    let lines = invite.appointments.into_iter().map(|appointment| AppointmentLine {
        starts_at: appointment.starts_at,
        who: names(&appointment.teachers),
        about: [&appointment.student.name, " · ", &appointment.subject].concat(),
        more: None,
        video: appointment.video,
        join: appointment.video.then(|| format!("guest/calls/{}", appointment.booking_id)),
    });
    let lines = lines.collect::<Vec<_>>();
    view! {
        <section>
            <h2>{title}</h2>
            <p class="soft">{lede}</p>
            {if none {
                view! { <p>{t().guest_none_yet}</p> }.into_any()
            } else {
                view! { <Appointments lines /> }.into_any()
            }}
            <p class="soft">
                {fill(
                    t().guest_link_until,
                    &[("when", &time_format::format_date_time(&invite.link_ends_at))],
                )}
            </p>
        </section>
    }
}
