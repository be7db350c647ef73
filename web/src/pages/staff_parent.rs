//! Page of a parent for the school office: the parent's evenings, students and bars.

use leptos::prelude::*;
use parlour_wire::{Evening, EveningState, LinkedStudent, NewBar, Page, Parent, Student};
use uuid::Uuid;

use super::provenance::provenance;
use crate::{
    api,
    components::{Confirm, Dialog, EveningCard, FailureNotice, Field, Heading, Panel},
    query::Query,
    route,
    session::session,
    task::Task,
    texts::{fill, t},
};

#[component]
pub(crate) fn ParentPage() -> impl IntoView {
    view! { <ParentPanels parent=route::page_id() /> }
}

#[component]
fn ParentPanels(parent: Uuid) -> impl IntoView {
    let person = Query::new(move || api::get_parent(parent));
    let evenings = Query::new(api::list_evenings);
    let (barring, allowing) = (RwSignal::new(None::<Student>), RwSignal::new(None::<Student>));
    let show = move |person: Parent| {
        let provenance = provenance(&person);
        let students = person
            .students
            .into_iter()
            .map(|linked| student_line(linked, barring, allowing))
            .collect_view();
        view! {
            <Heading text=person.name />
            <p class="lede address">{person.email.unwrap_or_else(|| t().no_address.to_owned())}</p>
            <h2>{t().their_students}</h2>
            <ul class="lineup">{students}</ul>
            {provenance}
        }
        .into_any()
    };
    let show_evenings = move |page: Page<Evening>| {
        // Parents can't be booked into a draft.
        let cards =
            page.items.into_iter().filter(|evening| evening.state != EveningState::Draft).map(
                |evening| {
                    let href = format!("evenings/{}?parent_id={parent}", evening.id);
                    view! {
                        <li>
                            <EveningCard evening href />
                        </li>
                    }
                },
            );
        view! { <ul class="cards">{cards.collect_view()}</ul> }.into_any()
    };
    view! {
        <a class="up" href="staff">
            {t().staff_title}
        </a>
        <Panel data=person show />
        <h2>{t().their_evenings}</h2>
        <p class="soft">{t().their_evenings_what}</p>
        <Panel data=evenings show=show_evenings />
        <BarDialog parent student=barring on_done=Callback::new(move |()| person.refetch()) />
        <AllowDialog parent student=allowing on_done=Callback::new(move |()| person.refetch()) />
    }
}

fn student_line(
    linked: LinkedStudent,
    barring: RwSignal<Option<Student>>,
    allowing: RwSignal<Option<Student>>,
) -> impl IntoView {
    let (student, to_allow) =
        (linked.student.clone(), linked.can_allow.then(|| linked.student.clone()));
    let (text, class) = if linked.allowed {
        (t().contact_allowed, "tag go")
    } else {
        (t().contact_not_allowed, "tag stop")
    };
    let label = [t().bar, " ", &linked.student.name].concat();
    let allow = to_allow.map(|student| {
        let label = [t().allow, " ", &student.name].concat();
        view! {
            <button
                class="action"
                type="button"
                aria-label=label
                on:click=move |_| allowing.set(Some(student.clone()))
            >
                {t().allow}
            </button>
        }
    });
    view! {
        <li>
            <span class="grow">
                <strong translate="no">{linked.student.name}</strong>
                <span class="soft">{linked.relationship}</span>
            </span>
            <span class=class>{text}</span>
            {allow}
            <button
                class="action stop"
                type="button"
                aria-label=label
                on:click=move |_| barring.set(Some(student.clone()))
            >
                {t().bar}
            </button>
            <a class="action" href=format!("staff/bars?student_id={}", linked.student.id)>
                {t().bars_of_student}
            </a>
        </li>
    }
}

/// Asks for confirmation before contact with a student is allowed permanently.
#[component]
fn AllowDialog(
    parent: Uuid,
    student: RwSignal<Option<Student>>,
    on_done: Callback<()>,
) -> impl IntoView {
    let (session, task, open) = (session(), Task::new(), RwSignal::new(false));
    Effect::new(move || {
        if student.read().is_some() {
            task.failure.set(None);
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            student.set(None);
        }
    });
    let named = move |text: &'static str| {
        Signal::derive(move || {
            student.with(|student| {
                student
                    .as_ref()
                    .map(|student| fill(text, &[("student", &student.name)]))
                    .unwrap_or_default()
            })
        })
    };
    let allow = Callback::new(move |()| {
        let Some(id) = student.with_untracked(|student| student.as_ref().map(|student| student.id))
        else {
            return;
        };
        task.run(api::allow_contact(parent, id), move |_| {
            open.set(false);
            session.announce(t().contact_allowed);
            on_done.run(());
        });
    });
    let (title, question) = (named(t().allow_title), named(t().allow_question));
    view! {
        <Confirm
            id="allow"
            open
            title
            question
            yes=t().allow
            no=t().cancel
            busy=task.busy
            failure=task.failure
            on_yes=allow
        />
    }
}

/// Bars this parent, or any person's address, from contact with a student.
#[component]
fn BarDialog(
    parent: Uuid,
    student: RwSignal<Option<Student>>,
    on_done: Callback<()>,
) -> impl IntoView {
    let (session, task) = (session(), Task::new());
    let open = RwSignal::new(false);
    let by_address = RwSignal::new(false);
    let (email, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    Effect::new(move || {
        if student.read().is_some() {
            task.failure.set(None);
            by_address.set(false);
            email.set(String::new());
            note.set(String::new());
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            student.set(None);
        }
    });
    let title = Signal::derive(move || {
        student.with(|student| {
            student
                .as_ref()
                .map(|student| fill(t().bar_title, &[("student", &student.name)]))
                .unwrap_or_default()
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(student_id) =
            student.with_untracked(|student| student.as_ref().map(|student| student.id))
        else {
            return;
        };
        let by_address = by_address.get_untracked();
        let bar = NewBar {
            student_id,
            person_id: (!by_address).then_some(parent),
            email: by_address.then(|| email.get_untracked().trim().to_owned()),
            note: note.get_untracked(),
        };
        task.run(async move { api::create_bar(&bar).await }, move |_| {
            open.set(false);
            session.announce(t().barred);
            on_done.run(());
        });
    };
    let error = |field: &'static str| {
        Signal::derive(move || {
            task.failure
                .with(|failure| failure.as_ref().and_then(|failure| failure.of_field(field)))
        })
    };
    let (email_error, note_error) = (error("email"), error("note"));
    view! {
        <Dialog id="bar" open title>
            <form novalidate on:submit=submit>
                <fieldset>
                    <legend>{t().bar_whom}</legend>
                    <label class="tick">
                        <input
                            type="radio"
                            name="whom"
                            prop:checked=move || !by_address.get()
                            on:change=move |_| by_address.set(false)
                        />
                        <span>{t().bar_parent}</span>
                    </label>
                    <label class="tick">
                        <input
                            type="radio"
                            name="whom"
                            prop:checked=by_address
                            on:change=move |_| by_address.set(true)
                        />
                        <span>{t().bar_address}</span>
                    </label>
                </fieldset>
                {move || {
                    by_address
                        .get()
                        .then(|| {
                            view! {
                                <Field
                                    id="bar-email"
                                    label=t().email
                                    value=email
                                    error=email_error
                                    kind="email"
                                />
                            }
                        })
                }}
                <Field
                    id="bar-note"
                    label=t().bar_note
                    value=note
                    error=note_error
                    hint=t().bar_note_hint
                    required=false
                />
                <p class="soft">{t().bar_what}</p>
                <FailureNotice failure=task.failure />
                <div class="buttons">
                    <button class="btn danger solid" type="submit" aria-disabled=task.disabled()>
                        {t().bar}
                    </button>
                    <button class="btn quiet" type="button" on:click=move |_| open.set(false)>
                        {t().cancel}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
