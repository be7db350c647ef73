//! History of the bookings and invites of an evening; its code and its data are fetched when it is
//! opened.

use leptos::prelude::*;
use parlour_wire::HistoryEntry;
use uuid::Uuid;

use super::lazy;
use crate::{
    api,
    components::{Icon, LazyPanel, LoadMore, Shape},
    paged::Paged,
    texts::t,
    time_format,
};

#[component]
pub(crate) fn HistoryPanel(evening: Uuid, parent: Option<Uuid>) -> impl IntoView {
    let opened = RwSignal::new(false);
    view! {
        <details
            class="history"
            on:toggle=move |_| {
                if !opened.get_untracked() {
                    opened.set(true)
                }
            }
        >
            <summary
                on:pointerenter=|_| lazy::preload_dialogs()
                on:focus=|_| lazy::preload_dialogs()
            >
                <Icon shape=Shape::Clock />
                {t().history}
            </summary>
            {move || {
                opened
                    .get()
                    .then(|| {
                        view! {
                            <LazyPanel part=Box::new(move || Box::pin(
                                lazy::history(evening, parent),
                            )) />
                        }
                    })
            }}
        </details>
    }
}

#[component]
pub(super) fn Entries(evening: Uuid, parent: Option<Uuid>) -> impl IntoView {
    let entries = Paged::<HistoryEntry>::new();
    let load = move || {
        entries.load(move |cursor| async move {
            api::get_history(evening, parent, cursor.as_deref()).await
        })
    };
    load();
    view! {
        <ol>
            <For each=move || entries.items.get() key=|entry| entry.id let(entry)>
                <li>
                    <span class="soft">{time_format::format_date_time(&entry.at)}</span>
                    <span>
                        {entry.summary}" "
                        <span class="soft">{["(", &entry.actor, ")"].concat()}</span>
                    </span>
                </li>
            </For>
        </ol>
        {move || {
            (entries.loaded.get() && entries.items.read().is_empty())
                .then(|| view! { <p class="soft">{t().history_empty}</p> })
        }}
        <LoadMore next=entries.next task=entries.task load=Callback::new(move |()| load()) />
    }
}
