//! Choosing who one is, when an address belongs to several.

use leptos::prelude::*;
use parlour_wire::{ChosenIdentity, Identity, LoginLink, Me, NewLoginLink, NewSession, Role};
use uuid::Uuid;

use crate::{
    api::{self, Answer},
    components::{FailureNotice, Field, Heading, Skeleton, fresh},
    route::router,
    session::{return_path, session},
    task::Task,
    texts::{fill, t},
};

/// What became of a choice.
enum Outcome {
    Entered(Me),
    /// A code was mailed first; it is given with this id.
    CodeMailed(Uuid),
}

/// Chooses an identity. A session by a confirmation mail's link has to show a code first, which is asked for at once.
async fn choose_or_ask(chosen: ChosenIdentity) -> Answer<Outcome> {
    match api::choose_identity(&chosen).await {
        Ok(me) => Ok(Outcome::Entered(me)),
        Err(failure) if failure.code() == "code_required" => mail_code().await.map(|link| Outcome::CodeMailed(link.id)),
        Err(failure) => Err(failure),
    }
}

async fn mail_code() -> Answer<LoginLink> {
    api::create_login_link(&NewLoginLink { session: Some(true), ..NewLoginLink::default() }).await
}

#[component]
pub(crate) fn IdentityPage() -> impl IntoView {
    let session = session();
    let task = Task::new();
    let router = router();
    let asked = RwSignal::new(None::<(Uuid, ChosenIdentity)>);
    let enter = Callback::new(move |me: Me| {
        session.enter(me);
        router.go(&return_path());
    });
    let choose = Callback::new(move |identity: Identity| {
        let chosen = ChosenIdentity { person_id: identity.person_id, role: identity.role };
        task.run(choose_or_ask(chosen), move |outcome| match outcome {
            Outcome::Entered(me) => enter.run(me),
            Outcome::CodeMailed(id) => asked.set(Some((id, chosen))),
        });
    });
    view! {
        <div class="narrow">
            {move || match asked.get() {
                Some((id, chosen)) => view! { <CodeStep asked id chosen enter /> }.into_any(),
                None => choices(task, choose),
            }}
        </div>
    }
}

/// All that one may be.
fn choices(task: Task, choose: Callback<Identity>) -> AnyView {
    let session = session();
    let list = move |identities: &[Identity]| {
        let items = identities.iter().cloned().map(|identity| view! { <IdentityItem identity choose /> }).collect_view();
        view! { <ul class="choices">{items}</ul> }.into_any()
    };
    view! {
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
    }
    .into_any()
}

/// The code that makes a session of its own, in which the identity is chosen again.
#[component]
fn CodeStep(asked: RwSignal<Option<(Uuid, ChosenIdentity)>>, id: Uuid, chosen: ChosenIdentity, enter: Callback<Me>) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let (task, resend) = (Task::new(), Task::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let given = NewSession { login_link_id: Some(id), code: Some(code.get_untracked()), token: None };
        if given.code.as_ref().is_none_or(|code| code.trim().is_empty()) {
            error.set(Some(t().code_incomplete.to_owned()));
            return;
        }
        error.set(None);
        let log_in = async move {
            api::create_session(&given).await?;
            api::choose_identity(&chosen).await
        };
        task.run(log_in, move |me| enter.run(me));
    };
    let again = move |_| resend.run(mail_code(), move |link| asked.set(Some((link.id, chosen))));
    view! {
        <Heading text=t().code_title />
        <p class="lede">{t().identity_code}</p>
        <form class="card" novalidate on:submit=submit>
            <Field id="code" label=t().code value=code error class="code" autocomplete="one-time-code" inputmode="numeric" hint=t().code_hint />
            <FailureNotice failure=task.failure />
            <button class="btn primary wide" type="submit" aria-disabled=task.disabled()>
                {t().log_in}
            </button>
        </form>
        <FailureNotice failure=resend.failure />
        <button class="btn quiet" type="button" aria-disabled=resend.disabled() on:click=again>
            {t().code_resend}
        </button>
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
