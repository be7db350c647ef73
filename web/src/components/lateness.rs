//! Control with which a teacher states how late they are running.

use leptos::prelude::*;

use super::FailureNotice;
use crate::{
    api::Failure,
    texts::{count, t},
};

/// The largest regular choice, in minutes.
const MAX_MINUTES: u32 = 60;
/// The step between two choices, in minutes.
const STEP_MINUTES: usize = 5;

/// Shows `minutes`; a new choice is passed to `choose`.
#[component]
pub(crate) fn LatenessControl(
    #[prop(into)] minutes: Signal<u32>,
    choose: Callback<u32>,
    failure: RwSignal<Option<Failure>>,
) -> impl IntoView {
    // A value set through the API may lie between the steps; it is added to the choices.
    let choices = Memo::new(move |_| {
        let mut choices: Vec<u32> =
            (0..=MAX_MINUTES).step_by(STEP_MINUTES).chain([minutes.get()]).collect();
        choices.sort_unstable();
        choices.dedup();
        choices
    });
    let option = move |choice: u32| {
        let text = if choice == 0 {
            t().late_none.to_owned()
        } else {
            count(t().late_minutes, choice as usize)
        };
        view! {
            <option
                value=choice
                prop:selected=move || minutes.get() == choice
                prop:textContent=text
            ></option>
        }
    };
    let chosen = move |value: String| {
        if let Ok(choice) = value.parse() {
            choose.run(choice);
        }
    };
    view! {
        <div class="field lateness" class:late=move || minutes.get().gt(&0)>
            <label for="late">{t().late_label}</label>
            <select
                id="late"
                aria-describedby="late-hint"
                on:change:target=move |event| chosen(event.target().value())
            >
                {move || choices.get().into_iter().map(option).collect_view()}
            </select>
            <p class="hint" id="late-hint">
                {t().late_hint}
            </p>
            <FailureNotice failure />
        </div>
    }
}
