//! Choosing who one is, when an address belongs to several.

use leptos::prelude::*;
use parlour_wire::{ChosenIdentity, Identity, Role};

use crate::{
    api,
    components::{FailureNotice, Heading, Skeleton, fresh},
    route::router,
    session::{return_path, session},
    task::Task,
    texts::{fill, t},
};

#[component]
pub(crate) fn IdentityPage() -> impl IntoView {
    let session = session();
    let task = Task::new();
    let router = router();
    let choose = Callback::new(move |identity: Identity| {
        let chosen = ChosenIdentity { person_id: identity.person_id, role: identity.role };
        task.run(async move { api::choose_identity(&chosen).await }, move |me| {
            session.enter(me);
            router.go(&return_path());
        });
    });
    let list = move |identities: &[Identity]| {
        let items = identities.iter().cloned().map(|identity| view! { <IdentityItem identity choose /> }).collect_view();
        view! { <ul class="choices">{items}</ul> }.into_any()
    };
    view! {
        <div class="narrow">
            <Heading text=t().identity_title />
            <p class="lede">{t().identity_lede}</p>
            <FailureNotice failure=task.failure />
            {fresh(move || session.me.with(|me| match me {
                None => Skeleton().into_any(),
                Some(Ok(me)) => list(&me.identities),
                Some(Err(failure)) => {
                    let failure = Some(failure.clone());
                    view! { <FailureNotice failure=Signal::stored(failure) /> }.into_any()
                }
            }))}
        </div>
    }
}

#[component]
fn IdentityItem(identity: Identity, choose: Callback<Identity>) -> impl IntoView {
    let role = match identity.role {
        Role::Parent if identity.students.is_empty() => t().role_parent.to_owned(),
        Role::Parent => fill(t().role_parent_of, &[("students", &identity.students.join(", "))]),
        Role::Teacher => t().role_teacher.to_owned(),
        Role::Staff => t().role_staff.to_owned(),
    };
    let name = identity.name.clone();
    view! {
        <li>
            <button type="button" class="choice" on:click=move |_| choose.run(identity.clone())>
                <strong translate="no">{name}</strong>
                <span class="soft">{role}</span>
            </button>
        </li>
    }
}
