//! Login: by an email address and a mailed code, or by a mailed link.

use leptos::prelude::*;
use parlour_domain::link_token::is_cut;
use parlour_wire::{ChosenIdentity, LoginLink, LoginLinkPreview, Me, NewLoginLink, NewSession};
use uuid::Uuid;

use crate::{
    api::{self, Failure},
    browser,
    components::{
        FailureNotice, Field, Heading, Notice, Panel, Tone, contact, rebuild_on_change,
        submitted_address,
    },
    query::Query,
    route::router,
    session::{return_path, session},
    task::Task,
    texts::{fill, t},
};

/// The step of the login.
#[derive(Clone, PartialEq)]
enum LoginStep {
    /// The form for the address.
    Address,
    /// A link was opened; its token.
    Link(String),
    /// A code was mailed. It was requested with this address or token, and is submitted with this
    /// id.
    Code(Uuid, NewLoginLink),
}

#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let session = session();
    super::lazy::preload_parent_pages();
    let step = RwSignal::new(LoginStep::Address);
    // The message that led here: the school has ended the access (rule I13).
    let told = session.flash.try_update_value(Option::take).flatten();
    // A link may be opened while the page is already open.
    Effect::new(move || {
        if let Some(token) = session.token.get() {
            session.token.set(None);
            step.set(LoginStep::Link(token));
        }
    });
    let router = router();
    let enter = Callback::new(move |me: Me| {
        let path = if me.identity.is_some() { return_path() } else { "/identity".to_owned() };
        session.set_me(me);
        router.replace(&path);
    });
    // Without cookies the login would be lost at once, so the link must not be used up.
    if !browser::cookies_enabled() {
        return view! {
            <div class="narrow">
                <CookiesOff title=t().login_title />
            </div>
        }
        .into_any();
    }
    view! {
        <div class="narrow">
            {told
                .map(|told| {
                    view! {
                        <Notice tone=Tone::Wait>
                            <p>{told}</p>
                            {contact()}
                        </Notice>
                    }
                })}
            {rebuild_on_change(move || match step.get() {
                LoginStep::Address => view! { <AddressStep step /> }.into_any(),
                LoginStep::Link(token) => view! { <LinkStep step token enter /> }.into_any(),
                LoginStep::Code(id, asked) => {
                    let lede = match &asked.email {
                        Some(email) => fill(t().code_lede, &[("email", email)]),
                        None => t().code_lede_masked.to_owned(),
                    };
                    let on_back = Callback::new(move |()| step.set(LoginStep::Address));
                    view! { <CodeStep id asked lede back=t().code_other_address on_back enter /> }
                        .into_any()
                }
            })}
        </div>
    }
    .into_any()
}

/// Says that cookies are switched off, and how to switch them on.
#[component]
pub(super) fn CookiesOff(title: &'static str) -> impl IntoView {
    view! {
        <Heading text=title />
        <Notice tone=Tone::Bad>
            <p>{t().cookies_off}</p>
        </Notice>
    }
}

#[component]
fn AddressStep(step: RwSignal<LoginStep>) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let task = Task::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        let email = submitted_address(&event, email, error);
        if email.is_some() {
            request_code(task, step, NewLoginLink { email, ..NewLoginLink::default() });
        }
    };
    view! {
        <Heading text=t().login_title />
        <p class="lede">{t().login_lede}</p>
        <form class="card" novalidate on:submit=submit>
            <Field
                id="email"
                label=t().email
                value=email
                error
                kind="email"
                autocomplete="email"
                hint=t().login_hint
            />
            <FailureNotice failure=task.failure />
            <button class="btn primary wide" type="submit" aria-disabled=task.disabled()>
                {t().login_send}
            </button>
        </form>
    }
}

fn request_code(task: Task, step: RwSignal<LoginStep>, asked: NewLoginLink) {
    let again = asked.clone();
    task.run(async move { api::create_login_link(&asked).await }, move |link: LoginLink| {
        step.set(LoginStep::Code(link.id, again))
    });
}

/// The form for the mailed code, which replaces a password.
#[component]
pub(super) fn CodeStep(
    id: Uuid,
    /// The request that produced the code; a new code is requested in the same way.
    asked: NewLoginLink,
    /// The identity of the new session, if it was chosen before.
    #[prop(optional)]
    chosen: Option<ChosenIdentity>,
    lede: String,
    /// The label of the button that leads back.
    back: &'static str,
    on_back: Callback<()>,
    enter: Callback<Me>,
) -> impl IntoView {
    let (code, error, id) =
        (RwSignal::new(String::new()), RwSignal::new(None::<String>), StoredValue::new(id));
    let (task, resend, resent) = (Task::new(), Task::new(), RwSignal::new(""));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(digits) = six_digits(&code.read_untracked()) else {
            error.set(Some(t().code_incomplete.to_owned()));
            return;
        };
        error.set(None);
        let given =
            NewSession { login_link_id: Some(id.get_value()), code: Some(digits), token: None };
        let log_in = async move {
            let me = api::create_session(&given).await?;
            match chosen {
                Some(chosen) => api::choose_identity(&chosen).await,
                None => Ok(me),
            }
        };
        task.run(log_in, move |me| enter.run(me));
    };
    let again = move |_| {
        let asked = asked.clone();
        resent.set("");
        resend.run(async move { api::create_login_link(&asked).await }, move |link| {
            id.set_value(link.id);
            task.failure.set(None);
            resent.set(t().code_resent);
        });
    };
    view! {
        <Heading text=t().code_title />
        <p class="lede">{lede}</p>
        <form class="card" novalidate on:submit=submit>
            <Field
                id="code"
                label=t().code
                value=code
                error
                class="code"
                autocomplete="one-time-code"
                inputmode="numeric"
                hint=t().code_hint
            />
            <FailureNotice failure=task.failure />
            <button class="btn primary wide" type="submit" aria-disabled=task.disabled()>
                {t().log_in}
            </button>
        </form>
        <FailureNotice failure=resend.failure />
        <div class="buttons">
            <button class="btn quiet" type="button" aria-disabled=resend.disabled() on:click=again>
                {t().code_resend}
            </button>
            <button class="btn quiet" type="button" on:click=move |_| on_back.run(())>
                {back}
            </button>
        </div>
        <p role="status" prop:textContent=resent></p>
        <p class="soft">{t().code_nothing_came}</p>
        {contact()}
    }
}

/// Returns the six digits of a typed code, however it is formatted; `None` if there are more or
/// fewer.
pub(super) fn six_digits(typed: &str) -> Option<String> {
    let digits: String =
        parlour_domain::typed_code::normalize(typed).chars().filter(char::is_ascii_digit).collect();
    (digits.len() == 6).then_some(digits)
}

#[component]
fn LinkStep(step: RwSignal<LoginStep>, token: String, enter: Callback<Me>) -> impl IntoView {
    let token = StoredValue::new(token);
    let preview = Query::new(move || async move {
        match api::preview_login_link(&token.get_value()).await {
            Ok(preview) => Ok(Some(preview)),
            Err(failure) if is_dead(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    });
    let show = move |preview: Option<LoginLinkPreview>| match preview {
        Some(preview) => view! { <LiveLink step token preview enter /> }.into_any(),
        None => view! { <DeadLink step cut=token.with_value(|token| is_cut(token)) /> }.into_any(),
    };
    view! { <Panel data=preview show /> }
}

fn is_dead(failure: &Failure) -> bool {
    matches!(failure.code(), "link_dead" | "not_found" | "invalid")
}

#[component]
fn LiveLink(
    step: RwSignal<LoginStep>,
    token: StoredValue<String>,
    preview: LoginLinkPreview,
    enter: Callback<Me>,
) -> impl IntoView {
    let task = Task::new();
    let needs_code = preview.needs_code;
    // The server may require a code only after the link was confirmed.
    Effect::new(move || {
        if task.failure.with(|failure| {
            failure.as_ref().is_some_and(|failure| failure.code() == "code_required")
        }) {
            request_code(
                task,
                step,
                NewLoginLink { token: Some(token.get_value()), ..NewLoginLink::default() },
            );
        }
    });
    let go = move |_| {
        let token = token.get_value();
        if needs_code {
            request_code(
                task,
                step,
                NewLoginLink { token: Some(token), ..NewLoginLink::default() },
            );
        } else {
            let given = NewSession { token: Some(token), ..NewSession::default() };
            task.run(async move { api::create_session(&given).await }, move |me| enter.run(me));
        }
    };
    view! {
        <Heading text=t().link_title />
        <div class="card">
            <p class="who">{fill(t().link_whom, &[("name", &preview.masked_name)])}</p>
            {needs_code.then(|| view! { <p class="soft">{t().link_needs_code}</p> })}
            <FailureNotice failure=task.failure />
            <button
                class="btn primary wide"
                type="button"
                aria-disabled=task.disabled()
                on:click=go
            >
                {if needs_code { t().link_mail_code } else { t().log_in }}
            </button>
        </div>
        <p class="soft">{t().link_not_you}</p>
    }
}

#[component]
fn DeadLink(step: RwSignal<LoginStep>, cut: bool) -> impl IntoView {
    let (title, text) = if cut {
        (t().link_cut_title, t().link_cut_text)
    } else {
        (t().link_dead_title, t().link_dead_text)
    };
    view! {
        <Heading text=title />
        <Notice tone=Tone::Wait>
            <p>{text}</p>
        </Notice>
        <button class="btn primary" type="button" on:click=move |_| step.set(LoginStep::Address)>
            {t().link_send_new}
        </button>
    }
}
