//! Choice of an identity, for an address that belongs to several people or roles.

use leptos::prelude::*;
use parlour_wire::{ChosenIdentity, Identity, Me, NewLoginLink, Role};
use uuid::Uuid;

use super::login::CodeStep;
use crate::{
    api::{self, ApiResult},
    components::{FailureNotice, Heading, Skeleton, rebuild_on_change},
    route::router,
    session::{return_path, session},
    task::Task,
    texts::{fill, t},
};

/// The outcome of a choice.
enum Outcome {
    Entered(Me),
    /// A code was mailed first; it is submitted with this id.
    CodeMailed(Uuid),
}

/// Chooses an identity. A bound session, which a standing link of a confirmation mail began,
/// requires a code first, which is requested at once.
async fn choose_or_mail_code(chosen: ChosenIdentity) -> ApiResult<Outcome> {
    match api::choose_identity(&chosen).await {
        Ok(me) => Ok(Outcome::Entered(me)),
        Err(failure) if failure.code() == "code_required" => {
            api::create_login_link(&code_for_session())
                .await
                .map(|link| Outcome::CodeMailed(link.id))
        }
        Err(failure) => Err(failure),
    }
}

/// A code for the current session: the server mails it to the address of that session.
fn code_for_session() -> NewLoginLink {
    NewLoginLink { session: Some(true), ..NewLoginLink::default() }
}

#[component]
pub(crate) fn IdentityPage() -> impl IntoView {
    let session = session();
    let task = Task::new();
    let router = router();
    let asked = RwSignal::new(None::<(Uuid, ChosenIdentity)>);
    let enter = Callback::new(move |me: Me| {
        session.set_me(me);
        router.go(&return_path());
    });
    let choose = Callback::new(move |identity: Identity| {
        let chosen = ChosenIdentity { person_id: identity.person_id, role: identity.role };
        task.run(choose_or_mail_code(chosen), move |outcome| match outcome {
            Outcome::Entered(me) => enter.run(me),
            Outcome::CodeMailed(id) => asked.set(Some((id, chosen))),
        });
    });
    view! {
        <div class="narrow">
            {rebuild_on_change(move || match asked.get() {
                Some((id, chosen)) => {
                    let (lede, on_back) = (
                        t().identity_code.to_owned(),
                        Callback::new(move |()| asked.set(None)),
                    );
                    view! {
                        <CodeStep
                            id
                            asked=code_for_session()
                            chosen
                            lede
                            back=t().back
                            on_back
                            enter
                        />
                    }
                        .into_any()
                }
                None => choices(task, choose),
            })}
        </div>
    }
}

/// The list of identities to choose from.
fn choices(task: Task, choose: Callback<Identity>) -> AnyView {
    let session = session();
    let list = move |identities: &[Identity]| {
        let items = identities
            .iter()
            .cloned()
            .map(|identity| view! { <IdentityItem identity choose /> })
            .collect_view();
        view! { <ul class="choices">{items}</ul> }.into_any()
    };
    view! {
        <Heading text=t().identity_title />
        <p class="lede">{t().identity_lede}</p>
        <FailureNotice failure=task.failure />
        {rebuild_on_change(move || {
            session
                .me
                .with(|me| match me {
                    None => Skeleton().into_any(),
                    Some(Ok(me)) => list(&me.identities),
                    Some(Err(failure)) => {
                        let failure = Some(failure.clone());
                        view! { <FailureNotice failure=Signal::stored(failure) /> }.into_any()
                    }
                })
        })}
    }
    .into_any()
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
