//! Webhook endpoints of the school: creating, testing, switching off, deleting, and a new secret.

use leptos::prelude::*;
use parlour_wire::{
    NewWebhook, Page, Webhook, WebhookChange, WebhookEventType, WebhookOffReason, WebhookWithSecret,
};

use super::copyable_text::CopyableText;
use crate::{
    api,
    components::{Confirm, Dialog, FailureNotice, Field, Heading, Notice, Panel, Tone},
    query::Query,
    session::session,
    task::Task,
    texts::{fill, office as o, webhooks},
    time_format,
};

/// The types of event that can be chosen.
const CHOICES: [WebhookEventType; 7] = [
    WebhookEventType::BookingCreated,
    WebhookEventType::BookingChanged,
    WebhookEventType::BookingCancelled,
    WebhookEventType::InviteCreated,
    WebhookEventType::InviteRemoved,
    WebhookEventType::EveningChanged,
    WebhookEventType::RosterImported,
];

/// Returns the name of a type of event for people.
pub(super) const fn event_name(of: WebhookEventType) -> &'static str {
    let t = webhooks();
    match of {
        WebhookEventType::BookingCreated => t.booking_created,
        WebhookEventType::BookingChanged => t.booking_changed,
        WebhookEventType::BookingCancelled => t.booking_cancelled,
        WebhookEventType::InviteCreated => t.invite_created,
        WebhookEventType::InviteRemoved => t.invite_removed,
        WebhookEventType::EveningChanged => t.evening_changed,
        WebhookEventType::RosterImported => t.roster_imported,
        WebhookEventType::WebhookTest => t.webhook_test,
    }
}

/// The state that the lines of the list share.
#[derive(Clone, Copy)]
struct WebhooksState {
    all: Query<Page<Webhook>>,
    task: Task,
    /// The secret, shown only once; empty if the answer that contained it was lost.
    secret: RwSignal<Option<String>>,
    deleting: RwSignal<Option<Webhook>>,
}

impl WebhooksState {
    fn show_secret(self, made: WebhookWithSecret) {
        self.secret.set(Some(made.secret.unwrap_or_default()));
        self.all.refetch();
    }
}

#[component]
pub(crate) fn WebhooksPage() -> impl IntoView {
    let t = webhooks();
    let shared = WebhooksState {
        all: Query::new(api::list_webhooks),
        task: Task::new(),
        secret: RwSignal::new(None),
        deleting: RwSignal::new(None),
    };
    let show = move |page: Page<Webhook>| {
        let none = page.items.is_empty().then(|| view! { <p>{t.none}</p> });
        let lines = page.items.into_iter().map(|webhook| line(webhook, shared)).collect_view();
        view! {
            {none}
            <ul class="lineup">{lines}</ul>
        }
        .into_any()
    };
    view! {
        <a class="up" href="staff">
            {crate::texts::t().staff_title}
        </a>
        <Heading text=t.title />
        <p class="lede">{t.lede}</p>
        <Panel data=shared.all show />
        <FailureNotice failure=shared.task.failure />
        <NewEndpoint shared />
        <SecretDialog secret=shared.secret />
        <DeleteDialog shared />
    }
}

fn line(webhook: Webhook, shared: WebhooksState) -> impl IntoView {
    let (t, session, task, id) = (webhooks(), session(), shared.task, webhook.id);
    let (state, class) = match webhook.off_reason {
        None => (t.on, "tag go"),
        Some(WebhookOffReason::Staff) => (t.off_staff, "tag stop"),
        Some(WebhookOffReason::Gone) => (t.off_gone, "tag stop"),
        Some(WebhookOffReason::Failing) => (t.off_failing, "tag stop"),
    };
    let enabled = webhook.enabled;
    let switch = move |_| {
        let change = WebhookChange { url: None, event_types: None, enabled: Some(!enabled) };
        task.run(async move { api::change_webhook(id, &change).await }, move |_| {
            shared.all.refetch()
        });
    };
    let test = move |_| task.run(api::test_webhook(id), move |_| session.announce(t.test_sent));
    let renew =
        move |_| task.run(api::rotate_webhook_secret(id), move |made| shared.show_secret(made));
    let names = webhook.event_types.iter().copied().map(event_name).collect::<Vec<_>>().join(", ");
    let label = |what: &str| [what, ": ", &webhook.url].concat();
    let labels = [
        label(t.log),
        label(t.test),
        label(if enabled { t.switch_off } else { t.switch_on }),
        label(t.renew),
        label(t.delete),
    ];
    let [log_label, test_label, switch_label, renew_label, delete_label] = labels;
    let since = |text: &str, at: &parlour_wire::Moment| {
        fill(text, &[("when", &time_format::format_date_time(at))])
    };
    let failing = webhook
        .failing_since
        .as_ref()
        .map(|at| view! { <span class="soft">{since(t.failing_since, at)}</span> });
    let old = webhook
        .old_secret_until
        .as_ref()
        .map(|at| view! { <span class="soft">{since(t.old_secret_until, at)}</span> });
    let url = webhook.url.clone();
    view! {
        <li>
            <span class="grow alone">
                <strong class="address">{url}</strong>
                <span class="soft">{names}</span>
                {failing}
                {old}
            </span>
            <span class=class>{state}</span>
            <a class="action" href=format!("staff/webhooks/{id}") aria-label=log_label>
                {t.log}
            </a>
            {enabled
                .then(|| {
                    view! {
                        <button
                            class="action"
                            type="button"
                            aria-label=test_label
                            aria-disabled=task.disabled()
                            on:click=test
                        >
                            {t.test}
                        </button>
                    }
                })}
            <button
                class="action"
                type="button"
                aria-label=switch_label
                aria-disabled=task.disabled()
                on:click=switch
            >
                {if enabled { t.switch_off } else { t.switch_on }}
            </button>
            <button
                class="action"
                type="button"
                aria-label=renew_label
                aria-disabled=task.disabled()
                on:click=renew
            >
                {t.renew}
            </button>
            <button
                class="action stop"
                type="button"
                aria-label=delete_label
                on:click=move |_| shared.deleting.set(Some(webhook.clone()))
            >
                {t.delete}
            </button>
        </li>
    }
}

/// The form that creates an endpoint.
#[component]
fn NewEndpoint(shared: WebhooksState) -> impl IntoView {
    let (t, task) = (webhooks(), Task::new());
    let (url, chosen) = (RwSignal::new(String::new()), RwSignal::new(CHOICES.to_vec()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let new = NewWebhook {
            url: url.get_untracked().trim().to_owned(),
            event_types: chosen.get_untracked(),
        };
        task.run(async move { api::create_webhook(&new).await }, move |made| {
            url.set(String::new());
            shared.show_secret(made);
        });
    };
    let error = Signal::derive(move || {
        task.failure.with(|failure| failure.as_ref().and_then(|failure| failure.of_field("url")))
    });
    let ticks = CHOICES.into_iter().map(|kind| {
        let toggle = move |_| {
            chosen.update(|chosen| match chosen.iter().position(|one| *one == kind) {
                Some(place) => _ = chosen.remove(place),
                None => chosen.push(kind),
            });
        };
        view! {
            <label class="tick">
                <input
                    type="checkbox"
                    prop:checked=move || chosen.read().contains(&kind)
                    on:change=toggle
                />
                <span>{event_name(kind)}</span>
            </label>
        }
    });
    view! {
        <h2>{t.add_title}</h2>
        <form class="card" novalidate on:submit=submit>
            <Field id="webhook-url" label=t.url value=url error hint=t.url_hint kind="url" />
            <fieldset>
                <legend>{t.events}</legend>
                {ticks.collect_view()}
            </fieldset>
            <FailureNotice failure=task.failure />
            <div class="buttons">
                <button class="btn primary" type="submit" aria-disabled=task.disabled()>
                    {t.add}
                </button>
            </div>
        </form>
    }
}

/// The dialog that shows the secret once.
#[component]
fn SecretDialog(secret: RwSignal<Option<String>>) -> impl IntoView {
    let (t, open) = (webhooks(), RwSignal::new(false));
    Effect::new(move || {
        if secret.read().is_some() {
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            secret.set(None);
        }
    });
    view! {
        <Dialog id="secret" open title=t.secret_title>
            {move || {
                secret
                    .get()
                    .map(|secret| match secret.is_empty() {
                        true => {
                            view! {
                                <Notice tone=Tone::Wait>
                                    <p>{o().secret_lost}</p>
                                </Notice>
                            }
                                .into_any()
                        }
                        false => {
                            view! {
                                <p>{t.secret_what}</p>
                                <ul class="lineup">
                                    <CopyableText label=o().client_secret text=secret />
                                </ul>
                            }
                                .into_any()
                        }
                    })
            }}
            <div class="buttons">
                <button class="btn primary" type="button" on:click=move |_| open.set(false)>
                    {o().done}
                </button>
            </div>
        </Dialog>
    }
}

/// Asks for confirmation before an endpoint is deleted.
#[component]
fn DeleteDialog(shared: WebhooksState) -> impl IntoView {
    let (t, session, task, open, deleting) =
        (webhooks(), session(), Task::new(), RwSignal::new(false), shared.deleting);
    Effect::new(move || {
        if deleting.read().is_some() {
            task.failure.set(None);
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            deleting.set(None);
        }
    });
    let question = Signal::derive(move || {
        deleting.with(|one| {
            one.as_ref()
                .map(|one| fill(t.delete_question, &[("url", &one.url)]))
                .unwrap_or_default()
        })
    });
    let delete = Callback::new(move |()| {
        let Some(id) = deleting.with_untracked(|one| one.as_ref().map(|one| one.id)) else {
            return;
        };
        task.run(api::delete_webhook(id), move |()| {
            open.set(false);
            session.announce(t.deleted);
            shared.all.refetch();
        });
    });
    view! {
        <Confirm
            id="delete-webhook"
            open
            title=t.delete_title
            question
            yes=t.delete_yes
            busy=task.busy
            failure=task.failure
            on_yes=delete
        />
    }
}
