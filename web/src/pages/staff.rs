//! Search for a parent by the school office.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use parlour_wire::Parent;

use crate::{
    api,
    components::{Field, Heading, Icon, LoadMore, Shape, student_names},
    paged::Paged,
    texts::{count, office, t},
};

#[component]
pub(crate) fn StaffStart() -> impl IntoView {
    let words = RwSignal::new(String::new());
    let parents = Paged::<Parent>::new();
    let load = move || {
        let words = words.get_untracked();
        parents.load(move |cursor| async move {
            api::list_parents(words.trim(), cursor.as_deref()).await
        });
    };
    // The search starts a moment after the last key press, so that typing a name sends one request.
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let search = move || {
        parents.renew();
        load();
    };
    Effect::new(move |again: Option<()>| {
        words.track();
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        let pause = if again.is_some() { 300 } else { 0 };
        waiting.set_value(set_timeout_with_handle(search, Duration::from_millis(pause)).ok());
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    });
    let found = move || {
        if parents.loaded.get() {
            count(t().parents_found, parents.items.read().len())
        } else {
            String::new()
        }
    };
    view! {
        <Heading text=t().staff_title />
        <p class="lede">{t().staff_lede}</p>
        <form role="search" class="card" on:submit=move |event| event.prevent_default()>
            <Field
                id="search"
                label=t().staff_search
                value=words
                error=Signal::stored(None::<String>)
                kind="search"
                required=false
            />
            <a class="action" href="staff/bars">
                <Icon shape=Shape::Warning />
                {t().all_bars}
            </a>
            <a class="action" href="staff/connections">
                {office().title}
            </a>
            <a class="action" href="staff/office">
                {office().contact_title}
            </a>
            <a class="action" href="staff/webhooks">
                {crate::texts::webhooks().title}
            </a>
        </form>
        <p class="unseen" role="status" prop:textContent=found></p>
        {move || {
            (parents.loaded.get() && parents.items.read().is_empty())
                .then(|| view! { <p>{t().nobody_found}</p> })
        }}
        <ul class="cards">
            <For each=move || parents.items.get() key=|parent| parent.id let(parent)>
                <li>{parent_card(&parent)}</li>
            </For>
        </ul>
        <div class="buttons">
            <LoadMore next=parents.next task=parents.task load=Callback::new(move |()| load()) />
        </div>
    }
}

fn parent_card(parent: &Parent) -> impl IntoView + use<> {
    let students: Vec<_> = parent.students.iter().map(|linked| linked.student.clone()).collect();
    view! {
        <a class="choice" href=format!("staff/parents/{}", parent.id)>
            <span class="grow">
                <strong translate="no">{parent.name.clone()}</strong>
                <span class="soft address">
                    {parent.email.clone().unwrap_or_else(|| t().no_address.to_owned())}
                </span>
            </span>
            <span class="soft" translate="no">
                {student_names(&students)}
            </span>
        </a>
    }
}
