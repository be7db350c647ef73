//! Deliveries of a webhook endpoint with their attempts, and the resending of an event.

use leptos::prelude::*;
use parlour_wire::{Moment, WebhookAttempt, WebhookDelivery, WebhookDeliveryState, WebhookError};
use uuid::Uuid;

use super::webhooks::event_name;
use crate::{
    api,
    components::{FailureNotice, Heading, LoadMore},
    paged::Paged,
    route,
    session::session,
    task::Task,
    texts::{fill, webhooks},
    time_format,
};

#[component]
pub(crate) fn WebhookLogPage() -> impl IntoView {
    let (webhook, t) = (route::page_id(), webhooks());
    let log = Paged::<WebhookDelivery>::new();
    let load = move || {
        log.load(move |cursor| async move {
            api::list_webhook_deliveries(webhook, cursor.as_deref()).await
        })
    };
    load();
    let (session, task) = (session(), Task::new());
    let look_again = move |_| {
        log.renew();
        load();
    };
    let again = Callback::new(move |delivery: Uuid| {
        task.run(api::replay_webhook_delivery(webhook, delivery), move |_| {
            session.announce(t.again_sent);
            log.renew();
            load();
        });
    });
    view! {
        <a class="up" href="staff/webhooks">
            {t.title}
        </a>
        <Heading text=t.log_title />
        <div class="buttons">
            <button class="btn quiet" type="button" on:click=look_again>
                {t.look_again}
            </button>
        </div>
        <FailureNotice failure=task.failure />
        {move || {
            (log.loaded.get() && log.items.read().is_empty()).then(|| view! { <p>{t.log_none}</p> })
        }}
        <ul class="lineup">
            <For
                each=move || log.items.get()
                key=|delivery| (delivery.id, delivery.due_at, delivery.attempts.len())
                let(delivery)
            >
                {delivery_row(&delivery, task, again)}
            </For>
        </ul>
        <div class="buttons">
            <LoadMore next=log.next task=log.task load=Callback::new(move |()| load()) />
        </div>
    }
}

fn delivery_row(
    delivery: &WebhookDelivery,
    task: Task,
    again: Callback<Uuid>,
) -> impl IntoView + use<> {
    let (t, id) = (webhooks(), delivery.id);
    let (state, class) = match delivery.state {
        WebhookDeliveryState::Pending => (t.pending, "tag"),
        WebhookDeliveryState::Delivered => (t.delivered, "tag go"),
        WebhookDeliveryState::Failed => (t.failed, "tag stop"),
        WebhookDeliveryState::Dropped => (t.dropped, "tag stop"),
    };
    let name = [event_name(delivery.event_type), ", ", &when(&delivery.created_at)].concat();
    let label = [t.again, ": ", &name].concat();
    let attempts = delivery
        .attempts
        .iter()
        .map(|attempt| view! { <span class="soft">{attempt_text(attempt)}</span> })
        .collect_view();
    view! {
        <li>
            <span class="grow">
                <strong>{name}</strong>
                {delivery
                    .due_at
                    .map(|due_at| {
                        view! {
                            <span class="soft">
                                {fill(t.next_try, &[("when", &when(&due_at))])}
                            </span>
                        }
                    })}
                {attempts}
            </span>
            <span class=class>{state}</span>
            <button
                class="action"
                type="button"
                aria-label=label
                aria-disabled=task.disabled()
                on:click=move |_| again.run(id)
            >
                {t.again}
            </button>
        </li>
    }
}

/// Returns the outcome of an attempt as a sentence.
fn attempt_text(attempt: &WebhookAttempt) -> String {
    let (t, when) = (webhooks(), when(&attempt.at));
    let text = match (attempt.status, attempt.error) {
        (Some(status), _) => {
            return fill(
                t.answered,
                &[
                    ("when", &when),
                    ("status", &status.to_string()),
                    ("ms", &attempt.duration_ms.to_string()),
                ],
            );
        }
        (None, Some(WebhookError::Timeout)) => t.timeout,
        (None, Some(WebhookError::AddressNotAllowed)) => t.address_not_allowed,
        (None, Some(WebhookError::BrokenAnswer)) => t.broken_answer,
        (None, Some(WebhookError::Unreachable) | None) => t.unreachable,
    };
    fill(text, &[("when", &when)])
}

fn when(at: &Moment) -> String {
    time_format::format_date_time(at)
}
