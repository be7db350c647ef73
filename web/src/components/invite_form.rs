//! Invite form, and the step that shows the address back before the invite is sent.
#![expect(clippy::needless_pass_by_value, reason = "a component owns its props")]

use leptos::prelude::*;
use parlour_domain::{EmailAddress, PersonName, Refusal};
use parlour_wire::{ConsentChannel, InvitableStudent, NewInvite};
use uuid::Uuid;

use super::{FailureNotice, Field};
use crate::{
    api::Failure,
    task::Task,
    texts::{self, fill, t},
};

/// The values that were filled in so far.
#[derive(Clone, Copy)]
pub(crate) struct InviteDraft {
    pub(crate) name: RwSignal<String>,
    pub(crate) email: RwSignal<String>,
    pub(crate) students: RwSignal<Vec<Uuid>>,
    pub(crate) consent: RwSignal<bool>,
    pub(crate) channel: RwSignal<Option<ConsentChannel>>,
    /// The refusals of the form's own checks, each with the name of its field.
    errors: RwSignal<Vec<Refusal>>,
}

impl InviteDraft {
    pub(crate) fn new() -> Self {
        Self {
            name: RwSignal::new(String::new()),
            email: RwSignal::new(String::new()),
            students: RwSignal::new(Vec::new()),
            consent: RwSignal::new(false),
            channel: RwSignal::new(None),
            errors: RwSignal::new(Vec::new()),
        }
    }

    /// Refills the form; the consent is always left empty.
    pub(crate) fn reset(self, name: String, email: String, students: Vec<Uuid>) {
        self.name.set(name);
        self.email.set(email);
        self.students.set(students);
        self.consent.set(false);
        self.channel.set(None);
        self.errors.set(Vec::new());
    }

    /// Returns the error of a field, from the form's own check or from the server.
    fn error(
        self,
        field: &'static str,
        failure: RwSignal<Option<Failure>>,
    ) -> Signal<Option<String>> {
        Signal::derive(move || {
            let refusal = self.errors.with(|errors| {
                errors.iter().copied().find(|refusal| refusal.field() == Some(field))
            });
            match refusal {
                Some(refusal) => Some(
                    texts::error(refusal.code()).map_or_else(|| refusal.to_string(), str::to_owned),
                ),
                None => failure
                    .with(|failure| failure.as_ref().and_then(|failure| failure.of_field(field))),
            }
        })
    }

    /// Returns the invite if all values are valid; otherwise shows the errors.
    fn check(self, students: &[InvitableStudent], by_staff: bool) -> Option<NewInvite> {
        let mut errors = Vec::new();
        let name = PersonName::parse(&self.name.read_untracked())
            .map_err(|refusal| errors.push(refusal))
            .ok();
        let email = EmailAddress::parse(&self.email.read_untracked())
            .map_err(|refusal| errors.push(refusal))
            .ok();
        let chosen: Vec<Uuid> = if let [only] = students {
            vec![only.student.id]
        } else {
            self.students.get_untracked()
        };
        if chosen.is_empty() {
            errors.push(Refusal::NoStudentChosen);
        }
        let consent_record = self.channel.get_untracked();
        if by_staff && consent_record.is_none() {
            errors.push(Refusal::ConsentRecordMissing);
        }
        if !self.consent.get_untracked() {
            errors.push(Refusal::ConsentMissing);
        }
        let sound = errors.is_empty();
        self.errors.set(errors);
        let (name, email) = name.zip(email).filter(|_| sound)?;
        Some(NewInvite {
            name: name.to_string(),
            email: email.to_string(),
            student_ids: chosen,
            consent: true,
            consent_record,
        })
    }
}

/// The invite form. `on_ready` receives a valid invite, which is then shown back.
#[component]
pub(crate) fn InviteForm(
    draft: InviteDraft,
    students: Vec<InvitableStudent>,
    consent_text: String,
    by_staff: bool,
    failure: RwSignal<Option<Failure>>,
    on_ready: Callback<NewInvite>,
    on_back: Callback<()>,
) -> impl IntoView {
    let students = StoredValue::new(students);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        failure.set(None);
        match students.with_value(|students| draft.check(students, by_staff)) {
            Some(invite) => on_ready.run(invite),
            None => focus_first_error(),
        }
    };
    let several = students.with_value(|students| students.len() > 1);
    let general = Signal::derive(move || failure.get().filter(|failure| !is_of_a_field(failure)));
    view! {
        <form novalidate autocomplete="off" on:submit=submit>
            <Field
                id="guest-name"
                label=t().name
                value=draft.name
                error=draft.error("name", failure)
            />
            <Field
                id="guest-email"
                label=t().email
                value=draft.email
                error=draft.error("email", failure)
                kind="email"
                inputmode="email"
            />
            <Suggestion email=draft.email />
            {several
                .then(|| {
                    view! {
                        <StudentChoice
                            students=students.get_value()
                            chosen=draft.students
                            error=draft.error("student_ids", failure)
                        />
                    }
                })}
            {by_staff
                .then(|| {
                    view! {
                        <ChannelChoice
                            channel=draft.channel
                            error=draft.error("consent_record", failure)
                        />
                    }
                })}
            <Consent
                text=consent_text
                consent=draft.consent
                error=draft.error("consent", failure)
            />
            <FailureNotice failure=general />
            <div class="buttons">
                <button class="btn primary" type="submit">
                    {t().send_invite}
                </button>
                <button class="btn quiet" type="button" on:click=move |_| on_back.run(())>
                    {t().cancel}
                </button>
            </div>
        </form>
    }
}

fn is_of_a_field(failure: &Failure) -> bool {
    ["name", "email", "student_ids", "consent_record", "consent"]
        .iter()
        .any(|field| failure.of_field(field).is_some())
}

fn focus_first_error() {
    request_animation_frame(|| {
        if let Some(root) = document().document_element()
            && let Some(wrong) = crate::browser::find(&root, "dialog[open] [aria-invalid]")
        {
            crate::browser::focus_after_paint(wrong);
        }
    });
}

/// Suggests a correction as `Did you mean …?`; it is never forced (rule I2).
#[component]
fn Suggestion(email: RwSignal<String>) -> impl IntoView {
    let meant = Memo::new(move |_| {
        EmailAddress::parse(&email.read())
            .ok()
            .and_then(|address| address.suggested_correction())
            .map(|meant| meant.to_string())
    });
    view! {
        <div class="suggestion" role="status">
            {move || {
                meant
                    .get()
                    .map(|meant| {
                        let text = fill(t().did_you_mean, &[("email", &meant)]);
                        view! {
                            <button
                                class="btn quiet"
                                type="button"
                                on:click=move |_| email.set(meant.clone())
                                prop:textContent=text
                            ></button>
                        }
                    })
            }}
        </div>
    }
}

#[component]
fn StudentChoice(
    students: Vec<InvitableStudent>,
    chosen: RwSignal<Vec<Uuid>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let items = students.into_iter().map(|entry| {
        let id = entry.student.id;
        let ticked = move || !entry.invited && chosen.read().contains(&id);
        let detail = if entry.invited {
            t().already_invited.to_owned()
        } else {
            entry.appointments.join(" · ")
        };
        let toggle = move |event: leptos::ev::Event| {
            let on = event_target_checked(&event);
            chosen.update(|chosen| {
                chosen.retain(|other| *other != id);
                if on {
                    chosen.push(id);
                }
            });
        };
        view! {
            <label class="tick">
                <input
                    type="checkbox"
                    disabled=entry.invited
                    prop:checked=ticked
                    on:change=toggle
                    aria-invalid=move || error.read().is_some().then_some("true")
                />
                <span>
                    <span translate="no">{entry.student.name}</span>
                    <span class="soft">{detail}</span>
                </span>
            </label>
        }
    });
    view! {
        <fieldset aria-describedby="students-error">
            <legend>{t().which_students}</legend>
            {items.collect_view()}
            <p
                class="error"
                id="students-error"
                prop:textContent=move || error.get().unwrap_or_default()
            ></p>
        </fieldset>
    }
}

#[component]
fn ChannelChoice(
    channel: RwSignal<Option<ConsentChannel>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let all = [
        (ConsentChannel::InPerson, t().channel_in_person),
        (ConsentChannel::Phone, t().channel_phone),
        (ConsentChannel::Email, t().channel_email),
        (ConsentChannel::Letter, t().channel_letter),
    ];
    let items = all.map(|(value, text)| {
        view! {
            <label class="tick">
                <input
                    type="radio"
                    name="channel"
                    prop:checked=move || channel.get() == Some(value)
                    on:change=move |_| channel.set(Some(value))
                    aria-invalid=move || error.read().is_some().then_some("true")
                />
                <span>{text}</span>
            </label>
        }
    });
    view! {
        <fieldset class="inline" aria-describedby="channel-error">
            <legend>{t().which_channel}</legend>
            {items.collect_view()}
            <p
                class="error"
                id="channel-error"
                prop:textContent=move || error.get().unwrap_or_default()
            ></p>
        </fieldset>
    }
}

#[component]
fn Consent(text: String, consent: RwSignal<bool>, error: Signal<Option<String>>) -> impl IntoView {
    view! {
        <label class="tick consent">
            <input
                type="checkbox"
                prop:checked=consent
                on:change=move |event| consent.set(event_target_checked(&event))
                aria-required="true"
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby="consent-error"
            />
            <span>{text}</span>
        </label>
        <p
            class="error"
            id="consent-error"
            prop:textContent=move || error.get().unwrap_or_default()
        ></p>
    }
}

/// Shows the address back before sending: `Send to jordan@example.org?`
#[component]
pub(crate) fn InviteCheck(
    invite: NewInvite,
    task: Task,
    on_send: Callback<()>,
    on_back: Callback<()>,
) -> impl IntoView {
    view! {
        <p class="big address">{fill(t().send_to, &[("email", &invite.email)])}</p>
        <p>{fill(t().send_to_what, &[("name", &invite.name)])}</p>
        <FailureNotice failure=task.failure />
        <div class="buttons">
            <button
                class="btn primary"
                type="button"
                aria-disabled=task.disabled()
                on:click=move |_| on_send.run(())
            >
                {t().send_yes}
            </button>
            <button class="btn quiet" type="button" on:click=move |_| on_back.run(())>
                {t().send_no}
            </button>
        </div>
    }
}
