//! API clients of a school: adding and changing a client, rotating its secret, revoking it.

use leptos::prelude::*;
use parlour_wire::{ApiClient, ApiClientChange, IssuedApiClient, NewApiClient};

use super::copyable_text::CopyableText;
use crate::{
    api,
    components::{Confirm, Dialog, FailureNotice, Field, Heading, LoadMore, Notice, Tone},
    paged::Paged,
    session::session,
    task::Task,
    texts::{fill, office as o, t},
    time_format,
};

/// Returns every scope with its description for people.
fn scopes() -> [(&'static str, &'static str); 8] {
    [
        ("evenings:read", o().evenings),
        ("evenings:write", o().evenings_write),
        ("bookings:read", o().bookings),
        ("attendance:read", o().attendance),
        ("invites:read", o().invites),
        ("guests:read", o().guests),
        (ROSTER_SCOPE, o().roster),
        (ROSTER_STAFF_SCOPE, o().roster_staff),
    ]
}

/// `roster:write` permits a client to import the roster; `roster:write_staff` extends it to members
/// of staff.
const ROSTER_SCOPE: &str = "roster:write";
const ROSTER_STAFF_SCOPE: &str = "roster:write_staff";

/// The default limit of requests per minute, as in the contract.
const REQUESTS_PER_MINUTE: u32 = 600;

/// The state that the dialogs of the page share.
#[derive(Clone, Copy)]
struct ApiClientsState {
    clients: Paged<ApiClient>,
    /// The API client that the open dialog is about.
    selected: RwSignal<Option<ApiClient>>,
    form_open: RwSignal<bool>,
    rotating: RwSignal<bool>,
    revoking: RwSignal<bool>,
    /// The new id and secret, to be handed over to the client's operator.
    issued: RwSignal<Option<IssuedApiClient>>,
    secret_open: RwSignal<bool>,
    task: Task,
}

impl ApiClientsState {
    fn load(self) {
        self.clients.load(move |cursor| async move { api::list_clients(cursor.as_deref()).await });
    }

    fn open_dialog(self, selected: Option<ApiClient>, dialog: RwSignal<bool>) {
        self.task.failure.set(None);
        self.selected.set(selected);
        dialog.set(true);
    }

    /// Stores the current state of an API client, and shows its secret.
    fn show_secret(self, issued: IssuedApiClient) {
        self.upsert(issued.client.clone());
        self.issued.set(Some(issued));
        self.secret_open.set(true);
    }

    fn upsert(self, client: ApiClient) {
        self.clients.items.update(|items| match items.iter_mut().find(|one| one.id == client.id) {
            Some(known) => *known = client,
            None => items.insert(0, client),
        });
    }

    fn with_client_name(self, text: &'static str) -> Signal<String> {
        Signal::derive(move || {
            self.selected.with(|selected| {
                selected
                    .as_ref()
                    .map(|client| fill(text, &[("name", &client.name)]))
                    .unwrap_or_default()
            })
        })
    }
}

#[component]
pub(crate) fn ApiClientsPage() -> impl IntoView {
    let closed = || RwSignal::new(false);
    let shared = ApiClientsState {
        clients: Paged::new(),
        selected: RwSignal::new(None),
        form_open: closed(),
        rotating: closed(),
        revoking: closed(),
        issued: RwSignal::new(None),
        secret_open: closed(),
        task: Task::new(),
    };
    shared.load();
    let (clients, session) = (shared.clients, session());
    let rotate = Callback::new(move |()| {
        let Some(id) =
            shared.selected.with_untracked(|selected| selected.as_ref().map(|client| client.id))
        else {
            return;
        };
        shared.task.run(api::create_client_secret(id), move |issued| {
            shared.rotating.set(false);
            shared.show_secret(issued);
        });
    });
    let revoke = Callback::new(move |()| {
        let Some(id) =
            shared.selected.with_untracked(|selected| selected.as_ref().map(|client| client.id))
        else {
            return;
        };
        shared.task.run(api::revoke_client(id), move |()| {
            shared.revoking.set(false);
            clients.items.update(|items| items.retain(|client| client.id != id));
            session.announce(o().revoked);
        });
    });
    let row = move |id: uuid::Uuid| {
        move || {
            clients
                .items
                .with(|items| items.iter().find(|client| client.id == id).cloned())
                .map(|client| api_client_row(shared, client))
        }
    };
    view! {
        <a class="up" href="staff">
            {t().staff_title}
        </a>
        <Heading text=o().title />
        <p class="lede">{o().lede}</p>
        <div class="buttons">
            <button
                class="btn primary"
                type="button"
                on:click=move |_| shared.open_dialog(None, shared.form_open)
            >
                {o().connect}
            </button>
        </div>
        {move || {
            (clients.loaded.get() && clients.items.read().is_empty())
                .then(|| view! { <p>{o().none}</p> })
        }}
        <ul class="lineup">
            <For
                each=move || {
                    clients
                        .items
                        .with(|items| items.iter().map(|client| client.id).collect::<Vec<_>>())
                }
                key=|id| *id
                let(id)
            >
                <li>{row(id)}</li>
            </For>
        </ul>
        <div class="buttons">
            <LoadMore
                next=clients.next
                task=clients.task
                load=Callback::new(move |()| shared.load())
            />
        </div>
        <FormDialog shared />
        <SecretDialog shared />
        <Confirm
            id="rotate"
            open=shared.rotating
            title=o().new_secret_title
            question=shared.with_client_name(o().new_secret_question)
            yes=o().new_secret
            no=t().cancel
            busy=shared.task.busy
            failure=shared.task.failure
            on_yes=rotate
        />
        <Confirm
            id="revoke"
            open=shared.revoking
            title=shared.with_client_name(o().revoke_title)
            question=o().revoke_question
            yes=o().revoke
            no=t().cancel
            busy=shared.task.busy
            failure=shared.task.failure
            on_yes=revoke
        />
    }
}

fn api_client_row(shared: ApiClientsState, client: ApiClient) -> impl IntoView {
    let may: Vec<&str> = scopes()
        .into_iter()
        .filter(|(scope, _)| client.scopes.iter().any(|one| one == scope))
        .map(|(_, text)| text)
        .collect();
    let used = client.used_at.map_or_else(
        || o().unused.to_owned(),
        |at| fill(o().used, &[("when", &time_format::format_date_time(&at))]),
    );
    let older = client.secrets.iter().filter_map(|secret| secret.expires_at).next().map(|at| {
        view! {
            <span
                class="soft"
                prop:textContent=fill(
                    o().two_secrets,
                    &[("when", &time_format::format_date_time(&at))],
                )
            ></span>
        }
    });
    let button = move |class: &'static str,
                       text: &'static str,
                       dialog: RwSignal<bool>,
                       client: ApiClient| {
        let label = [text, " ", &client.name].concat();
        view! {
            <button
                class=class
                type="button"
                aria-label=label
                on:click=move |_| shared.open_dialog(Some(client.clone()), dialog)
            >
                {text}
            </button>
        }
    };
    view! {
        <span class="grow wide">
            <strong prop:textContent=client.name.clone()></strong>
            <span prop:textContent=may.join(" · ")></span>
            <span class="soft" prop:textContent=used></span>
            <span
                class="soft"
                prop:textContent=fill(
                    o().up_to,
                    &[("count", &client.requests_per_minute.to_string())],
                )
            ></span>
            {older}
            <span class="soft">
                {fill(
                    o().made,
                    &[
                        ("name", &client.created_by),
                        ("when", &time_format::format_date(&client.created_at)),
                    ],
                )}
            </span>
        </span>
        {button("action", o().change, shared.form_open, client.clone())}
        {button("action", o().new_secret, shared.rotating, client.clone())}
        {button("action stop", o().revoke, shared.revoking, client)}
    }
}

/// The dialog that adds or changes an API client.
#[component]
fn FormDialog(shared: ApiClientsState) -> impl IntoView {
    let (session, name, chosen) =
        (session(), RwSignal::new(String::new()), RwSignal::new(Vec::<String>::new()));
    let none_chosen = RwSignal::new(false);
    let (limit, no_number) = (RwSignal::new(String::new()), RwSignal::new(false));
    Effect::new(move || {
        if shared.form_open.get() {
            let selected = shared.selected.get_untracked();
            limit.set(
                selected
                    .as_ref()
                    .map_or(REQUESTS_PER_MINUTE, |client| client.requests_per_minute)
                    .to_string(),
            );
            let (named, scopes) =
                selected.map(|client| (client.name, client.scopes)).unwrap_or_default();
            name.set(named);
            chosen.set(scopes);
            none_chosen.set(false);
            no_number.set(false);
        }
    });
    let title = Signal::derive(move || {
        shared.selected.with(|selected| {
            selected.as_ref().map_or_else(
                || o().connect.to_owned(),
                |client| fill(o().change_title, &[("name", &client.name)]),
            )
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (name, scopes) = (name.get_untracked().trim().to_owned(), chosen.get_untracked());
        let requests_per_minute = limit.get_untracked().trim().parse().ok();
        none_chosen.set(scopes.is_empty());
        no_number.set(requests_per_minute.is_none());
        if scopes.is_empty() || requests_per_minute.is_none() {
            return;
        }
        match shared.selected.with_untracked(|selected| selected.as_ref().map(|client| client.id)) {
            Some(id) => {
                let change =
                    ApiClientChange { name: Some(name), scopes: Some(scopes), requests_per_minute };
                shared.task.run(
                    async move { api::change_client(id, &change).await },
                    move |client| {
                        shared.form_open.set(false);
                        shared.upsert(client);
                        session.announce(o().saved);
                    },
                );
            }
            None => {
                let new = NewApiClient { name, scopes, requests_per_minute };
                shared.task.run(async move { api::create_client(&new).await }, move |issued| {
                    shared.form_open.set(false);
                    shared.show_secret(issued);
                });
            }
        }
    };
    let of_field = move |field: &'static str| {
        shared
            .task
            .failure
            .with(|failure| failure.as_ref().and_then(|failure| failure.of_field(field)))
    };
    let name_error = Signal::derive(move || of_field("name"));
    let limit_error = Signal::derive(move || {
        if no_number.get() {
            Some(o().limit_wrong.to_owned())
        } else {
            of_field("requests_per_minute")
        }
    });
    let tick = move |(scope, text): (&'static str, &'static str)| {
        let is_chosen = move || chosen.with(|all| all.iter().any(|one| one == scope));
        let toggle = move |_| {
            none_chosen.set(false);
            chosen.update(|all| {
                if all.iter().any(|one| one == scope) {
                    // Importing members of staff requires the permission to import the roster.
                    all.retain(|one| {
                        one != scope && (scope != ROSTER_SCOPE || one != ROSTER_STAFF_SCOPE)
                    });
                } else {
                    if scope == ROSTER_STAFF_SCOPE && !all.iter().any(|one| one == ROSTER_SCOPE) {
                        all.push(ROSTER_SCOPE.to_owned());
                    }
                    all.push(scope.to_owned());
                }
            });
        };
        view! {
            <label class="tick">
                <input type="checkbox" prop:checked=is_chosen on:change=toggle />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <Dialog id="program" open=shared.form_open title>
            <form novalidate on:submit=submit>
                <Field
                    id="program-name"
                    label=o().name
                    value=name
                    error=name_error
                    hint=o().name_hint
                />
                <fieldset>
                    <legend>{o().may}</legend>
                    {scopes().map(tick).collect_view()}
                    <p
                        class="error"
                        prop:textContent=move || {
                            if none_chosen.get() { o().may_missing } else { "" }
                        }
                    ></p>
                </fieldset>
                <Field
                    id="program-limit"
                    label=o().limit
                    value=limit
                    error=limit_error
                    hint=o().limit_hint
                    inputmode="numeric"
                />
                <FailureNotice failure=shared.task.failure />
                <div class="buttons">
                    <button
                        class="btn primary"
                        type="submit"
                        aria-disabled=shared.task.disabled()
                        prop:textContent=move || {
                            if shared.selected.read().is_some() { o().save } else { o().connect }
                        }
                    ></button>
                    <button
                        class="btn quiet"
                        type="button"
                        on:click=move |_| shared.form_open.set(false)
                    >
                        {t().cancel}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// The dialog with the id and the secret that the client's operator needs.
#[component]
fn SecretDialog(shared: ApiClientsState) -> impl IntoView {
    Effect::new(move || {
        if !shared.secret_open.get() {
            shared.issued.set(None);
        }
    });
    let lede = move || {
        shared.issued.with(|issued| {
            issued.as_ref().map(|issued| fill(o().secret_lede, &[("name", &issued.client.name)]))
        })
    };
    let lines = move || {
        shared.issued.get().map(|issued| {
            let lost = issued.client_secret.is_none().then(|| {
                view! {
                    <Notice tone=Tone::Wait>
                        <p>{o().secret_lost}</p>
                    </Notice>
                }
            });
            let secret = issued
                .client_secret
                .map(|secret| view! { <CopyableText label=o().client_secret text=secret /> });
            view! {
                <ul class="lineup">
                    <CopyableText label=o().client_id text=issued.client.id.to_string() />
                    {secret}
                </ul>
                {lost}
            }
        })
    };
    view! {
        <Dialog id="secret" open=shared.secret_open title=o().secret_title.to_owned()>
            <p prop:textContent=move || lede().unwrap_or_default()></p>
            {lines}
            <div class="buttons">
                <button
                    class="btn primary"
                    type="button"
                    on:click=move |_| shared.secret_open.set(false)
                >
                    {o().done}
                </button>
            </div>
        </Dialog>
    }
}
