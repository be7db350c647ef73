//! Invite dialog of an evening: the list of invites, the form, and the step before sending. Its
//! content is fetched when the dialog is opened.

use std::time::Duration;

use leptos::prelude::*;
use parlour_wire::{Invite, Invites, NewInvite};
use uuid::Uuid;

use super::lazy;
use crate::{
    api::{self, ApiResult, Failure},
    browser,
    components::{
        Dialog, FailureNotice, Icon, InviteActions, InviteCheck, InviteDraft, InviteForm,
        InviteItem, LazyPanel, Notice, Shape, Skeleton, Tone, rebuild_on_change,
    },
    task::{Task, spawn},
    texts::{self, fill, t},
};

const ID: &str = "invites";

/// The view that the dialog shows.
#[derive(Clone, PartialEq)]
enum View {
    List,
    Form,
    /// The step before this invite is sent.
    Check(NewInvite),
}

/// The loading state of the data.
#[derive(Clone, PartialEq)]
enum LoadState {
    Loading,
    Failed(Failure),
    Loaded,
}

/// The state that the parts of the dialog share.
#[derive(Clone, Copy)]
pub(super) struct InvitesState {
    evening: Uuid,
    parent: Option<Uuid>,
    invites: RwSignal<Option<ApiResult<Invites>>>,
    view: RwSignal<View>,
    draft: InviteDraft,
    /// The message about the latest action.
    news: RwSignal<Option<String>>,
    sending: Task,
    on_change: Callback<()>,
}

#[component]
pub(crate) fn InviteDialog(
    evening: Uuid,
    parent: Option<Uuid>,
    open: RwSignal<bool>,
    on_change: Callback<()>,
) -> impl IntoView {
    let shared = InvitesState {
        evening,
        parent,
        invites: RwSignal::new(None),
        view: RwSignal::new(View::List),
        draft: InviteDraft::new(),
        news: RwSignal::new(None),
        sending: Task::new(),
        on_change,
    };
    let title = Signal::derive(move || {
        match *shared.view.read() {
            View::List => t().manage_title,
            View::Form | View::Check(_) => t().invite_title,
        }
        .to_owned()
    });
    view! {
        <Dialog id=ID open title>
            <LazyPanel part=Box::new(move || Box::pin(lazy::invites(shared, open))) />
        </Dialog>
    }
}

impl InvitesState {
    fn begin(self) {
        self.invites.set(None);
        self.news.set(None);
        self.sending.failure.set(None);
        self.draft.reset(String::new(), String::new(), Vec::new());
        self.view.set(View::List);
        spawn(Box::pin(async move {
            let answer = api::get_invites(self.evening, self.parent).await;
            if answer.as_ref().is_ok_and(|invites| invites.items.is_empty() && invites.can_invite) {
                self.view.set(View::Form);
            }
            self.invites.set(Some(answer));
            self.watch(6);
        }));
    }

    /// Polls while a mail is queued, so that its fate appears.
    fn watch(self, times: u8) {
        let waiting = self.invites.with_untracked(|invites| {
            let invites = invites.as_ref().and_then(|invites| invites.as_ref().ok());
            invites.is_some_and(|invites| {
                invites.items.iter().any(|invite| invite.state == parlour_wire::InviteState::Queued)
            })
        });
        if !waiting || times == 0 {
            return;
        }
        let look = move || {
            spawn(Box::pin(async move {
                self.refresh().await;
                self.watch(times - 1);
            }));
        };
        set_timeout(look, Duration::from_secs(3));
    }

    /// Fetches the current invites. After a failure the old ones stay.
    async fn refresh(self) {
        if let Ok(invites) = api::get_invites(self.evening, self.parent).await {
            let fresh = Some(Ok(invites));
            if self.invites.try_with_untracked(|known| *known != fresh) == Some(true) {
                self.invites.set(fresh);
            }
        }
    }

    fn send(self, invite: NewInvite) {
        let email = invite.email.clone();
        let request = async move { api::send_invite(self.evening, self.parent, &invite).await };
        self.sending.run(request, move |sent: Invite| {
            self.done(
                fill(t().invite_sent_news, &[("name", &sent.name), ("email", &email)]),
                View::List,
            );
        });
    }

    /// Finishes an action: refetches the data first, then shows the next view.
    fn done(self, news: String, next: View) {
        self.on_change.run(());
        spawn(Box::pin(async move {
            self.refresh().await;
            let may = self.invites.with_untracked(
                |invites| matches!(invites, Some(Ok(invites)) if invites.can_invite),
            );
            self.news.set(Some(news));
            self.view.set(if may { next } else { View::List });
            self.watch(6);
        }));
    }

    fn actions(self) -> InviteActions {
        InviteActions {
            resend: Callback::new(move |(invite, task): (Invite, Task)| {
                task.run(api::resend_invite(invite.id), move |invite: Invite| {
                    self.done(
                        fill(
                            t().invite_resent_news,
                            &[("name", &invite.name), ("email", &invite.email)],
                        ),
                        View::List,
                    );
                });
            }),
            renew: Callback::new(move |(invite, task): (Invite, Task)| {
                task.run(api::renew_invite(invite.id), move |invite: Invite| {
                    self.done(
                        fill(
                            t().link_renewed_news,
                            &[("name", &invite.name), ("email", &invite.email)],
                        ),
                        View::List,
                    );
                });
            }),
            remove: Callback::new(move |(invite, task): (Invite, Task)| {
                task.run(api::remove_invite(invite.id), move |()| {
                    let students = invite.students.iter().map(|student| student.id).collect();
                    let news = fill(t().invite_removed_news, &[("name", &invite.name)]);
                    self.draft.reset(invite.name, invite.email, students);
                    self.done(news, View::Form);
                });
            }),
        }
    }
}

/// The content of the dialog, rebuilt each time it opens.
#[component]
pub(super) fn InviteDialogContent(shared: InvitesState, open: RwSignal<bool>) -> impl IntoView {
    shared.begin();
    // When the view changes, its first control takes the focus; fresh data in the same view does
    // not move the focus.
    let shown = Memo::new(move |_| shared.invites.read().is_some().then(|| shared.view.get()));
    Effect::new(move || {
        if shown.read().is_some()
            && let Some(dialog) = document().get_element_by_id(ID)
        {
            request_animation_frame(move || {
                if let Some(first) = browser::find(
                    &dialog,
                    ".dialog-body input:not(:disabled), .dialog-body button:not(:disabled)",
                ) {
                    browser::focus_after_paint(first);
                }
            });
        }
    });
    // Fresh data alone rebuilds nothing: the list updates itself, and a form keeps its state.
    let load_state = Memo::new(move |_| match &*shared.invites.read() {
        None => LoadState::Loading,
        Some(Err(failure)) => LoadState::Failed(failure.clone()),
        Some(Ok(_)) => LoadState::Loaded,
    });
    view! {
        <div role="status">
            {move || {
                shared
                    .news
                    .get()
                    .map(|news| {
                        view! {
                            <div class="notice good">
                                <Icon shape=Shape::Tick />
                                <div prop:textContent=news></div>
                            </div>
                        }
                    })
            }}
        </div>
        {rebuild_on_change(move || match (load_state.get(), shared.view.get()) {
            (LoadState::Loading, _) => Skeleton().into_any(),
            (LoadState::Failed(failure), _) => {
                view! {
                    <FailureNotice
                        failure=Signal::stored(Some(failure))
                        retry=Callback::new(move |()| shared.begin())
                    />
                }
                    .into_any()
            }
            (LoadState::Loaded, View::List) => view! { <List shared /> }.into_any(),
            (LoadState::Loaded, View::Form) => form(shared, open),
            (LoadState::Loaded, View::Check(invite)) => check(shared, invite),
        })}
    }
}

fn form(shared: InvitesState, open: RwSignal<bool>) -> AnyView {
    let Some(Ok(invites)) = shared.invites.get_untracked() else { return ().into_any() };
    let has_list = !invites.items.is_empty();
    let on_ready = Callback::new(move |invite| {
        shared.news.set(None);
        shared.view.set(View::Check(invite));
    });
    let on_back =
        Callback::new(
            move |()| if has_list { shared.view.set(View::List) } else { open.set(false) },
        );
    view! {
        <InviteForm
            draft=shared.draft
            students=invites.students
            consent_text=invites.consent_text
            by_staff=shared.parent.is_some()
            failure=shared.sending.failure
            on_ready
            on_back
        />
    }
    .into_any()
}

fn check(shared: InvitesState, invite: NewInvite) -> AnyView {
    let sent = invite.clone();
    // If the server refuses a field, the form is shown again with the error at that field.
    Effect::new(move || {
        if shared.sending.failure.with(|failure| failure.as_ref().is_some_and(about_a_field)) {
            shared.view.set(View::Form);
        }
    });
    view! {
        <InviteCheck
            invite
            task=shared.sending
            on_send=Callback::new(move |()| shared.send(sent.clone()))
            on_back=Callback::new(move |()| {
                shared.sending.failure.set(None);
                shared.view.set(View::Form);
            })
        />
    }
    .into_any()
}

fn about_a_field(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(problem) if problem.status == 422)
}

#[component]
fn List(shared: InvitesState) -> impl IntoView {
    let actions = shared.actions();
    let of = move |what: fn(&Invites) -> Option<String>| {
        shared.invites.with(|invites| {
            invites.as_ref().and_then(|invites| invites.as_ref().ok()).and_then(what)
        })
    };
    let items = move || {
        shared.invites.with(|invites| {
            invites
                .as_ref()
                .and_then(|invites| invites.as_ref().ok())
                .map(|invites| invites.items.clone())
                .unwrap_or_default()
        })
    };
    let another = move |_| {
        shared.news.set(None);
        shared.draft.reset(String::new(), String::new(), Vec::new());
        shared.view.set(View::Form);
    };
    let refusal = Memo::new(move |_| of(refusal));
    view! {
        <ul class="invites">
            <For
                each=items
                key=|invite| (invite.id, invite.state as u8, invite.state_at)
                let(invite)
            >
                <InviteItem invite actions />
            </For>
        </ul>
        {rebuild_on_change(move || match refusal.get() {
            None => {
                view! {
                    <button class="btn go wide" type="button" on:click=another>
                        <Icon shape=Shape::Add />
                        {t().invite_another}
                    </button>
                }
                    .into_any()
            }
            Some(text) => {
                view! {
                    <Notice tone=Tone::Plain>
                        <p>{text}</p>
                    </Notice>
                }
                    .into_any()
            }
        })}
    }
}

/// Returns the text that explains why no further invite can be sent.
fn refusal(invites: &Invites) -> Option<String> {
    if invites.can_invite {
        return None;
    }
    let code = invites.refusal.as_deref().unwrap_or("invite_exists");
    Some(
        texts::error(code)
            .map(str::to_owned)
            .or_else(|| invites.refusal_detail.clone())
            .unwrap_or_default(),
    )
}
