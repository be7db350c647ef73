//! The programs of other makers that staff have connected: connecting one, what it may do, a new
//! secret, and the end of it.

use leptos::prelude::*;
use parlour_wire::{ApiClient, ApiClientChange, IssuedApiClient, NewApiClient};

use super::handover::HandOver;
use crate::{
    api,
    components::{Confirm, Dialog, FailureNotice, Field, Heading, More, Notice, Tone},
    moments,
    paged::Paged,
    session::session,
    task::Task,
    texts::{fill, office as o, t},
};

/// Every scope and what it is to a person.
fn scopes() -> [(&'static str, &'static str); 8] {
    [
        ("evenings:read", o().evenings),
        ("evenings:write", o().evenings_write),
        ("bookings:read", o().bookings),
        ("attendance:read", o().attendance),
        ("invites:read", o().invites),
        ("guests:read", o().guests),
        (ROSTER, o().roster),
        (ROSTER_STAFF, o().roster_staff),
    ]
}

/// Brings in the roster; the other one, with it, members of staff.
const ROSTER: &str = "roster:write";
const ROSTER_STAFF: &str = "roster:write_staff";

/// How much a program may ask in a minute unless staff say otherwise, as the contract has it.
const REQUESTS_PER_MINUTE: u32 = 600;

/// What the dialogs of the page share.
#[derive(Clone, Copy)]
struct Desk {
    programs: Paged<ApiClient>,
    /// The program that is asked about.
    about: RwSignal<Option<ApiClient>>,
    form: RwSignal<bool>,
    rotating: RwSignal<bool>,
    revoking: RwSignal<bool>,
    /// What is to be handed over.
    issued: RwSignal<Option<IssuedApiClient>>,
    handing: RwSignal<bool>,
    task: Task,
}

impl Desk {
    fn load(self) {
        self.programs.load(move |cursor| async move { api::list_clients(cursor.as_deref()).await });
    }

    fn ask(self, about: Option<ApiClient>, dialog: RwSignal<bool>) {
        self.task.failure.set(None);
        self.about.set(about);
        dialog.set(true);
    }

    /// Takes a program as it is now, and shows its secret.
    fn hand_over(self, issued: IssuedApiClient) {
        self.put(issued.client.clone());
        self.issued.set(Some(issued));
        self.handing.set(true);
    }

    fn put(self, client: ApiClient) {
        self.programs.items.update(|items| {
            match items.iter_mut().find(|one| one.id == client.id) {
                Some(known) => *known = client,
                None => items.insert(0, client),
            }
        });
    }

    fn named(self, text: &'static str) -> Signal<String> {
        Signal::derive(move || {
            self.about.with(|about| {
                about
                    .as_ref()
                    .map(|client| fill(text, &[("name", &client.name)]))
                    .unwrap_or_default()
            })
        })
    }
}

#[component]
pub(crate) fn ClientsPage() -> impl IntoView {
    let closed = || RwSignal::new(false);
    let desk = Desk {
        programs: Paged::new(),
        about: RwSignal::new(None),
        form: closed(),
        rotating: closed(),
        revoking: closed(),
        issued: RwSignal::new(None),
        handing: closed(),
        task: Task::new(),
    };
    desk.load();
    let (programs, session) = (desk.programs, session());
    let rotate = Callback::new(move |()| {
        let Some(id) = desk.about.with_untracked(|about| about.as_ref().map(|client| client.id))
        else {
            return;
        };
        desk.task.run(api::create_client_secret(id), move |issued| {
            desk.rotating.set(false);
            desk.hand_over(issued);
        });
    });
    let revoke = Callback::new(move |()| {
        let Some(id) = desk.about.with_untracked(|about| about.as_ref().map(|client| client.id))
        else {
            return;
        };
        desk.task.run(api::revoke_client(id), move |()| {
            desk.revoking.set(false);
            programs.items.update(|items| items.retain(|client| client.id != id));
            session.say(o().revoked);
        });
    });
    let row = move |id: uuid::Uuid| {
        move || {
            programs
                .items
                .with(|items| items.iter().find(|client| client.id == id).cloned())
                .map(|client| program(desk, client))
        }
    };
    view! {
        <a class="up" href="staff">
            {t().staff_title}
        </a>
        <Heading text=o().title />
        <p class="lede">{o().lede}</p>
        <div class="buttons">
            <button class="btn primary" type="button" on:click=move |_| desk.ask(None, desk.form)>
                {o().connect}
            </button>
        </div>
        {move || {
            (programs.loaded.get() && programs.items.read().is_empty())
                .then(|| view! { <p>{o().none}</p> })
        }}
        <ul class="lineup">
            <For
                each=move || {
                    programs
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
            <More next=programs.next task=programs.task load=Callback::new(move |()| desk.load()) />
        </div>
        <FormDialog desk />
        <SecretDialog desk />
        <Confirm
            id="rotate"
            open=desk.rotating
            title=o().new_secret_title
            question=desk.named(o().new_secret_question)
            yes=o().new_secret
            no=t().cancel
            busy=desk.task.busy
            failure=desk.task.failure
            on_yes=rotate
        />
        <Confirm
            id="revoke"
            open=desk.revoking
            title=desk.named(o().revoke_title)
            question=o().revoke_question
            yes=o().revoke
            no=t().cancel
            busy=desk.task.busy
            failure=desk.task.failure
            on_yes=revoke
        />
    }
}

fn program(desk: Desk, client: ApiClient) -> impl IntoView {
    let may: Vec<&str> = scopes()
        .into_iter()
        .filter(|(scope, _)| client.scopes.iter().any(|one| one == scope))
        .map(|(_, text)| text)
        .collect();
    let used = client.used_at.map_or_else(
        || o().unused.to_owned(),
        |at| fill(o().used, &[("when", &moments::day_and_clock(&at))]),
    );
    let older = client.secrets.iter().filter_map(|secret| secret.expires_at).next().map(|at| {
        view! {
            <span
                class="soft"
                prop:textContent=fill(o().two_secrets, &[("when", &moments::day_and_clock(&at))])
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
                on:click=move |_| desk.ask(Some(client.clone()), dialog)
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
                    &[("name", &client.created_by), ("when", &moments::day(&client.created_at))],
                )}
            </span>
        </span>
        {button("action", o().change, desk.form, client.clone())}
        {button("action", o().new_secret, desk.rotating, client.clone())}
        {button("action stop", o().revoke, desk.revoking, client)}
    }
}

/// A program to connect, or to change.
#[component]
fn FormDialog(desk: Desk) -> impl IntoView {
    let (session, name, chosen) =
        (session(), RwSignal::new(String::new()), RwSignal::new(Vec::<String>::new()));
    let none_chosen = RwSignal::new(false);
    let (limit, no_number) = (RwSignal::new(String::new()), RwSignal::new(false));
    Effect::new(move || {
        if desk.form.get() {
            let about = desk.about.get_untracked();
            limit.set(
                about
                    .as_ref()
                    .map_or(REQUESTS_PER_MINUTE, |client| client.requests_per_minute)
                    .to_string(),
            );
            let (named, scopes) =
                about.map(|client| (client.name, client.scopes)).unwrap_or_default();
            name.set(named);
            chosen.set(scopes);
            none_chosen.set(false);
            no_number.set(false);
        }
    });
    let title = Signal::derive(move || {
        desk.about.with(|about| {
            about.as_ref().map_or_else(
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
        match desk.about.with_untracked(|about| about.as_ref().map(|client| client.id)) {
            Some(id) => {
                let change =
                    ApiClientChange { name: Some(name), scopes: Some(scopes), requests_per_minute };
                desk.task.run(
                    async move { api::change_client(id, &change).await },
                    move |client| {
                        desk.form.set(false);
                        desk.put(client);
                        session.say(o().saved);
                    },
                );
            }
            None => {
                let new = NewApiClient { name, scopes, requests_per_minute };
                desk.task.run(async move { api::create_client(&new).await }, move |issued| {
                    desk.form.set(false);
                    desk.hand_over(issued);
                });
            }
        }
    };
    let of_field = move |field: &'static str| {
        desk.task
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
                    // Without the roster there are no members of staff to bring in.
                    all.retain(|one| one != scope && (scope != ROSTER || one != ROSTER_STAFF));
                } else {
                    if scope == ROSTER_STAFF && !all.iter().any(|one| one == ROSTER) {
                        all.push(ROSTER.to_owned());
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
        <Dialog id="program" open=desk.form title>
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
                <FailureNotice failure=desk.task.failure />
                <div class="buttons">
                    <button
                        class="btn primary"
                        type="submit"
                        aria-disabled=desk.task.disabled()
                        prop:textContent=move || {
                            if desk.about.read().is_some() { o().save } else { o().connect }
                        }
                    ></button>
                    <button class="btn quiet" type="button" on:click=move |_| desk.form.set(false)>
                        {t().cancel}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// The two texts that the maker of a program needs.
#[component]
fn SecretDialog(desk: Desk) -> impl IntoView {
    Effect::new(move || {
        if !desk.handing.get() {
            desk.issued.set(None);
        }
    });
    let lede = move || {
        desk.issued.with(|issued| {
            issued.as_ref().map(|issued| fill(o().secret_lede, &[("name", &issued.client.name)]))
        })
    };
    let lines = move || {
        desk.issued.get().map(|issued| {
            let lost = issued.client_secret.is_none().then(|| {
                view! {
                    <Notice tone=Tone::Wait>
                        <p>{o().secret_lost}</p>
                    </Notice>
                }
            });
            let secret = issued
                .client_secret
                .map(|secret| view! { <HandOver label=o().client_secret text=secret /> });
            view! {
                <ul class="lineup">
                    <HandOver label=o().client_id text=issued.client.id.to_string() />
                    {secret}
                </ul>
                {lost}
            }
        })
    };
    view! {
        <Dialog id="secret" open=desk.handing title=o().secret_title.to_owned()>
            <p prop:textContent=move || lede().unwrap_or_default()></p>
            {lines}
            <div class="buttons">
                <button class="btn primary" type="button" on:click=move |_| desk.handing.set(false)>
                    {o().done}
                </button>
            </div>
        </Dialog>
    }
}
