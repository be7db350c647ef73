//! Form in which staff set the contact details of the school's office.

use leptos::prelude::*;
use parlour_wire::{School, SchoolChange};

use crate::{
    api,
    components::{FailureNotice, Field, Heading, Panel},
    query::Query,
    session::session,
    task::Task,
    texts::{office as o, t},
};

#[component]
pub(crate) fn OfficePage() -> impl IntoView {
    let school = Query::new(api::get_school);
    let show = move |school: School| view! { <ContactForm school /> }.into_any();
    view! {
        <a class="up" href="staff">
            {t().staff_title}
        </a>
        <Heading text=o().contact_title />
        <p class="lede">{o().contact_lede}</p>
        <Panel data=school show />
    }
}

#[component]
fn ContactForm(school: School) -> impl IntoView {
    let (session, task, saved) = (session(), Task::new(), RwSignal::new(false));
    let kept = |text: &Option<String>| RwSignal::new(text.clone().unwrap_or_default());
    let (phone, email, hours) =
        (kept(&school.phone), kept(&school.email), kept(&school.office_hours));
    let error = move |field: &'static str| {
        Signal::derive(move || {
            task.failure
                .with(|failure| failure.as_ref().and_then(|failure| failure.of_field(field)))
        })
    };
    let general = Signal::derive(move || {
        let of_a_field = |failure: &api::Failure| {
            ["phone", "email", "office_hours"].iter().any(|field| failure.of_field(field).is_some())
        };
        task.failure.get().filter(|failure| !of_a_field(failure))
    });
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        let change = SchoolChange {
            phone: Some(phone.get_untracked()),
            email: Some(email.get_untracked()),
            office_hours: Some(hours.get_untracked()),
        };
        task.run(async move { api::change_school(&change).await }, move |school: School| {
            saved.set(true);
            session.school.set(Some(school));
        });
    };
    view! {
        <form class="card" novalidate on:submit=save>
            <Field
                id="phone"
                label=o().contact_phone
                value=phone
                error=error("phone")
                kind="tel"
                required=false
            />
            <Field
                id="office-email"
                label=t().email
                value=email
                error=error("email")
                kind="email"
                required=false
            />
            <Field
                id="hours"
                label=o().contact_hours
                value=hours
                error=error("office_hours")
                hint=o().contact_hours_hint
                required=false
            />
            <FailureNotice failure=general />
            <div class="buttons">
                <button class="btn primary" type="submit" aria-disabled=task.disabled()>
                    {o().save}
                </button>
                <span
                    role="status"
                    class="soft"
                    prop:textContent=move || if saved.get() { o().saved } else { "" }
                ></span>
            </div>
        </form>
    }
}
