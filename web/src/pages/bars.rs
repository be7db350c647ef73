//! Bars set by hand, of one student or of all students, and their removal.

use leptos::prelude::*;
use parlour_wire::Bar;

use crate::{
    api,
    components::{Confirm, Heading, LoadMore},
    paged::Paged,
    route,
    session::session,
    task::Task,
    texts::{fill, t},
    time_format,
};

#[component]
pub(crate) fn BarsPage() -> impl IntoView {
    let student = route::query_id("student_id").get_untracked();
    let bars = Paged::<Bar>::new();
    let load = move || {
        bars.load(move |cursor| async move { api::list_bars(student, cursor.as_deref()).await })
    };
    load();
    let (session, lifting, open, task) =
        (session(), RwSignal::new(None::<Bar>), RwSignal::new(false), Task::new());
    let lift = Callback::new(move |()| {
        let Some(id) = lifting.with_untracked(|bar| bar.as_ref().map(|bar| bar.id)) else { return };
        task.run(api::lift_bar(id), move |()| {
            open.set(false);
            bars.items.update(|items| items.retain(|bar| bar.id != id));
            session.announce(t().lifted);
        });
    });
    let question = Signal::derive(move || {
        lifting.with(|bar| {
            bar.as_ref()
                .map(|bar| {
                    fill(t().lift_question, &[("who", &whom(bar)), ("student", &bar.student.name)])
                })
                .unwrap_or_default()
        })
    });
    let ask = move |bar: Bar| {
        task.failure.set(None);
        lifting.set(Some(bar));
        open.set(true);
    };
    view! {
        <a class="up" href="staff">
            {t().staff_title}
        </a>
        <Heading text=t().bars_title />
        <p class="lede">{t().bars_lede}</p>
        {move || {
            (bars.loaded.get() && bars.items.read().is_empty())
                .then(|| view! { <p>{t().bars_none}</p> })
        }}
        <ul class="lineup">
            <For each=move || bars.items.get() key=|bar| bar.id let(bar)>
                <li>
                    <span class="grow">
                        <strong class="address">{whom(&bar)}</strong>
                        <span>{fill(t().barred_from, &[("student", &bar.student.name)])}</span>
                        <span class="soft">{bar.note.clone()}</span>
                        <span class="soft">
                            {fill(
                                t().set_by,
                                &[
                                    ("name", &bar.set_by),
                                    ("when", &time_format::format_date(&bar.created_at)),
                                ],
                            )}
                        </span>
                    </span>
                    <button class="action" type="button" on:click=move |_| ask(bar.clone())>
                        {t().lift}
                    </button>
                </li>
            </For>
        </ul>
        <div class="buttons">
            <LoadMore next=bars.next task=bars.task load=Callback::new(move |()| load()) />
        </div>
        <Confirm
            id="lift"
            open
            title=t().lift_title
            question
            yes=t().lift_yes
            busy=task.busy
            failure=task.failure
            on_yes=lift
        />
    }
}

fn whom(bar: &Bar) -> String {
    bar.person_name.clone().or_else(|| bar.email.clone()).unwrap_or_else(|| t().someone.to_owned())
}
