//! List of an evening's invites with their students and states, `Resend` and `Remove`.

use leptos::prelude::*;
use parlour_wire::{Invite, InviteState, Student};

use super::{FailureNotice, Icon, Shape, rebuild_on_change};
use crate::{
    task::Task,
    texts::{fill, t},
    time_format,
};

/// The actions on an invite. The page carries them out and reports through the task.
#[derive(Clone, Copy)]
pub(crate) struct InviteActions {
    pub(crate) resend: Callback<(Invite, Task)>,
    pub(crate) renew: Callback<(Invite, Task)>,
    pub(crate) remove: Callback<(Invite, Task)>,
}

/// One invite.
#[component]
pub(crate) fn InviteItem(invite: Invite, actions: InviteActions) -> impl IntoView {
    let task = Task::new();
    let asking = RwSignal::new(false);
    let kept = StoredValue::new(invite.clone());
    let about = format!("invite-{}", invite.id);
    // A link that nobody has opened can't be in the wrong hands, so it needs no renewal: resending
    // is enough.
    let is_used = matches!(invite.state, InviteState::Opened | InviteState::Joined);
    view! {
        <li class="invite">
            <div class="invite-top">
                <div class="grow">
                    <strong id=about.clone() translate="no">
                        {invite.name.clone()}
                    </strong>
                    <span class="soft address" translate="no">
                        {invite.email.clone()}
                    </span>
                    <span class="soft">
                        {fill(t().invite_for, &[("students", &student_names(&invite.students))])}
                    </span>
                </div>
                <InviteStateTag
                    state=invite.state
                    at=time_format::format_date_time(&invite.state_at)
                />
            </div>
            {invite.failure.map(|failure| view! { <p class="error">{failure}</p> })}
            <FailureNotice failure=task.failure />
            {rebuild_on_change(move || match asking.get() {
                false => {
                    view! {
                        <div class="buttons">
                            <button
                                class="btn quiet"
                                type="button"
                                aria-describedby=about.clone()
                                aria-disabled=task.disabled()
                                on:click=move |_| actions.resend.run((kept.get_value(), task))
                            >
                                {t().resend}
                            </button>
                            {is_used
                                .then(|| {
                                    view! {
                                        <button
                                            class="btn quiet"
                                            type="button"
                                            aria-describedby=about.clone()
                                            aria-disabled=task.disabled()
                                            on:click=move |_| {
                                                actions.renew.run((kept.get_value(), task))
                                            }
                                        >
                                            {t().renew_link}
                                        </button>
                                    }
                                })}
                            <button
                                class="btn danger"
                                type="button"
                                aria-describedby=about.clone()
                                on:click=move |_| asking.set(true)
                            >
                                {t().remove}
                            </button>
                        </div>
                    }
                        .into_any()
                }
                true => {
                    view! {
                        <AskRemove invite=kept.get_value() asking task remove=actions.remove />
                    }
                        .into_any()
                }
            })}
        </li>
    }
}

#[component]
fn AskRemove(
    invite: Invite,
    asking: RwSignal<bool>,
    task: Task,
    remove: Callback<(Invite, Task)>,
) -> impl IntoView {
    let button = NodeRef::<leptos::html::Button>::new();
    Effect::new(move || {
        if let Some(button) = button.get() {
            crate::browser::focus_after_paint(button.into());
        }
    });
    let question = fill(t().remove_question, &[("name", &invite.name)]);
    let label = question.clone();
    view! {
        <div class="ask" role="group" aria-label=label>
            <p>{question}</p>
            <div class="buttons">
                <button
                    node_ref=button
                    class="btn danger solid"
                    type="button"
                    aria-disabled=task.disabled()
                    on:click=move |_| remove.run((invite.clone(), task))
                >
                    {t().remove_yes}
                </button>
                <button class="btn quiet" type="button" on:click=move |_| asking.set(false)>
                    {t().keep_it}
                </button>
            </div>
        </div>
    }
}

#[component]
fn InviteStateTag(state: InviteState, at: String) -> impl IntoView {
    let (text, class, shape) = match state {
        InviteState::Queued => (t().invite_queued, "tag wait", Shape::Clock),
        InviteState::Sent => (t().invite_sent, "tag go", Shape::Mail),
        InviteState::Failed => (t().invite_failed, "tag stop", Shape::Warning),
        InviteState::Opened => (t().invite_opened, "tag go", Shape::Tick),
        InviteState::Joined => (t().invite_joined, "tag go", Shape::Video),
    };
    view! {
        <div class="state">
            <span class=class>
                <Icon shape />
                {text}
            </span>
            <span class="soft">{at}</span>
        </div>
    }
}

/// Joins the students' names: `Sophie Aaron, Liz Aaron`.
pub(crate) fn student_names(students: &[Student]) -> String {
    let names: Vec<&str> = students.iter().map(|student| student.name.as_str()).collect();
    names.join(", ")
}
