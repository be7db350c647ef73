//! Live page of a teacher's evening. It polls the schedule every few seconds to show who is
//! waiting, and keeps what the teacher has typed.

use std::{collections::BTreeSet, time::Duration};

use leptos::{ev::Custom, prelude::*};
use parlour_web_logic::schedule::{AppointmentStage, others, waiting};
use parlour_wire::{Mode, Schedule, ScheduledAppointment};
use uuid::Uuid;

use super::record::{RecordForm, SaveState};
use crate::{
    api::{self, Failure},
    components::{
        Heading, Icon, LatenessControl, NextUp, Notice, Presence, Shape, Tone, names,
        rebuild_on_change, stranded_notice, when,
    },
    route::router,
    session::{Session, redirect_for, redirect_on, session},
    task::{Task, spawn},
    texts::{count, fill, t},
    time_format,
};

/// The interval between two polls while the page is visible.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// The number of consecutive failures after which the page says that its data may be outdated.
const STALE_AFTER_FAILURES: u32 = 2;

/// The schedule as last fetched.
#[derive(Clone, Copy)]
struct LiveSchedule {
    schedule: RwSignal<Schedule>,
    failures: RwSignal<u32>,
    /// A counter of the saves by this page. An answer to a request sent before a save would undo
    /// the change on the screen.
    writes: StoredValue<u32>,
    is_refreshing: StoredValue<bool>,
}

impl LiveSchedule {
    /// Polls every few seconds while the page is visible, and at once when it becomes visible
    /// again.
    fn poll(self, evening: Uuid) {
        let (router, session) = (router(), session());
        let leave = move |failure: &Failure| redirect_on(router, session, failure);
        let look = move || {
            if !document().hidden() {
                self.refresh(evening, leave);
            }
        };
        let ticking = set_interval_with_handle(look, POLL_INTERVAL).ok();
        let back =
            window_event_listener(Custom::<web_sys::Event>::new("visibilitychange"), move |_| {
                look()
            });
        on_cleanup(move || {
            if let Some(ticking) = ticking {
                ticking.clear();
            }
            back.remove();
        });
    }

    fn refresh(self, evening: Uuid, leave: impl Fn(&Failure) + 'static) {
        if self.is_refreshing.get_value() {
            return;
        }
        self.is_refreshing.set_value(true);
        let before = self.writes.get_value();
        spawn(Box::pin(async move {
            let answer = api::get_schedule(evening).await;
            // The page and its signals may be gone by now.
            let Some(now) = self.writes.try_get_value() else { return };
            self.is_refreshing.set_value(false);
            match answer {
                Ok(fresh) => {
                    self.clear_failures();
                    if now == before {
                        self.schedule.set(fresh);
                    }
                }
                Err(failure) if redirect_for(&failure).is_some() => leave(&failure),
                Err(_) => self.failures.update(|failures| *failures += 1),
            }
        }));
    }

    fn clear_failures(self) {
        if self.failures.get_untracked() > 0 {
            self.failures.set(0);
        }
    }

    fn appointment(self, id: Uuid) -> Option<ScheduledAppointment> {
        self.schedule
            .with(|schedule| schedule.appointments.iter().find(|one| one.booking_id == id).cloned())
    }
}

/// The page, once the first answer has arrived.
#[component]
pub(super) fn Run(schedule: Schedule) -> impl IntoView {
    let evening = schedule.evening.clone();
    let live = LiveSchedule {
        schedule: RwSignal::new(schedule),
        failures: RwSignal::new(0),
        writes: StoredValue::new(0),
        is_refreshing: StoredValue::new(false),
    };
    live.poll(evening.id);
    let session = session();
    let me = Memo::new(move |_| {
        session.me.with(|me| {
            me.as_ref()?.as_ref().ok()?.identity.as_ref().map(|identity| identity.person_id)
        })
    });
    announce(live, me, session);
    let ids = Memo::new(move |_| {
        live.schedule.with(|schedule| {
            schedule.appointments.iter().map(|one| one.booking_id).collect::<Vec<_>>()
        })
    });
    let is_empty = Memo::new(move |_| ids.read().is_empty());
    let old = Memo::new(move |_| live.failures.get() >= STALE_AFTER_FAILURES);
    let top = rebuild_on_change(move || {
        if is_empty.get() {
            view! {
                <Notice tone=Tone::Plain>
                    <p>{t().schedule_empty}</p>
                </Notice>
            }
            .into_any()
        } else {
            view! {
                <div class="run-top">
                    <NextUp schedule=live.schedule me />
                    <div class="card">
                        <Waiting live me />
                        <Late live evening=evening.id />
                    </div>
                </div>
            }
            .into_any()
        }
    });
    view! {
        <Heading text=t().schedule_title />
        <p class="lede">{[&evening.title, ". ", &when(&evening)].concat()}</p>
        {move || {
            old.get()
                .then(|| {
                    view! {
                        <Notice tone=Tone::Wait>
                            <p>{t().run_stale}</p>
                        </Notice>
                    }
                })
        }}
        {top}
        <div class="bar">
            <span
                class="soft"
                prop:textContent=move || count(t().appointments, ids.read().len())
            ></span>
            <a class="btn quiet push" href="devices">
                <Icon shape=Shape::Video />
                {t().check_devices}
            </a>
            <button
                class="btn quiet"
                type="button"
                on:click=move |_| {
                    let _ = window().print();
                }
            >
                <Icon shape=Shape::Print />
                {t().print}
            </button>
        </div>
        <ol class="lineup run">
            <For each=move || ids.get() key=|id| *id let(id)>
                <Row live id me />
            </For>
        </ol>
    }
}

/// Announces to screen readers who has just started to wait.
fn announce(live: LiveSchedule, me: Memo<Option<Uuid>>, session: Session) {
    Effect::new(move |known: Option<BTreeSet<(Uuid, String)>>| {
        let here =
            live.schedule.with(|schedule| waiting(&schedule.appointments, schedule.now, me.get()));
        let mut seen = BTreeSet::new();
        for (one, names) in here {
            for name in names {
                let is_new = known
                    .as_ref()
                    .is_some_and(|known| !known.contains(&(one.booking_id, name.clone())));
                if is_new {
                    session.announce(fill(
                        t().run_waits,
                        &[("name", &name), ("time", &time_format::format_time(&one.starts_at))],
                    ));
                }
                seen.insert((one.booking_id, name));
            }
        }
        seen
    });
}

/// The people who are waiting, for all appointments whose calls can be entered.
#[component]
fn Waiting(live: LiveSchedule, me: Memo<Option<Uuid>>) -> impl IntoView {
    let here = Memo::new(move |_| {
        let all =
            live.schedule.with(|schedule| waiting(&schedule.appointments, schedule.now, me.get()));
        all.into_iter()
            .map(|(one, names)| {
                (
                    one.booking_id,
                    time_format::format_time(&one.starts_at),
                    one.student.name,
                    names.join(", "),
                )
            })
            .collect::<Vec<_>>()
    });
    let entry = |(id, time, student, names): (Uuid, String, String, String)| {
        let label = fill(t().run_enter_label, &[("student", &student), ("time", &time)]);
        view! {
            <li>
                <span class="time" translate="no" prop:textContent=time></span>
                <span class="grow" translate="no" prop:textContent=names></span>
                <a class="action" href=format!("calls/{id}") aria-label=label>
                    {t().run_enter_this}
                </a>
            </li>
        }
    };
    let list = move || {
        let here = here.get();
        if here.is_empty() {
            view! { <p class="soft">{t().run_nobody_waits}</p> }.into_any()
        } else {
            view! { <ul class="waiting">{here.into_iter().map(entry).collect_view()}</ul> }
                .into_any()
        }
    };
    view! {
        <h2>{t().run_waiting}</h2>
        {list}
    }
}

/// The control of the teacher's lateness.
#[component]
fn Late(live: LiveSchedule, evening: Uuid) -> impl IntoView {
    let task = Task::new();
    // The choice is shown at once; if saving fails, the previous value returns.
    let minutes = Memo::new(move |_| live.schedule.with(|schedule| schedule.late_minutes));
    let choose = Callback::new(move |choice: u32| {
        let before = minutes.get_untracked();
        live.writes.update_value(|writes| *writes += 1);
        live.schedule.update(|schedule| schedule.late_minutes = choice);
        let request = async move {
            let answer = api::set_lateness(evening, choice).await;
            live.writes.try_update_value(|writes| *writes += 1);
            if answer.is_err() {
                live.schedule.try_update(|schedule| schedule.late_minutes = before);
            }
            answer
        };
        task.abandon();
        task.run(request, |_| ());
    });
    view! { <LatenessControl minutes choose failure=task.failure /> }
}

/// One appointment of the list.
#[component]
fn Row(live: LiveSchedule, id: Uuid, me: Memo<Option<Uuid>>) -> impl IntoView {
    let one = Memo::new(move |_| live.appointment(id));
    let stage = Memo::new(move |_| {
        one.with(|one| {
            one.as_ref()
                .map(|one| AppointmentStage::of(one, live.schedule.with(|schedule| schedule.now)))
        })
    });
    let first = one.get_untracked()?;
    let record = RecordForm::new(&first, live.writes);
    Effect::new(move || one.with(|one| one.iter().for_each(|one| record.update_from(one))));
    let people = Memo::new(move |_| {
        one.with(|one| one.as_ref().map(|one| others(one, me.get())).unwrap_or_default())
    });
    let is_open =
        Memo::new(move |_| first.video && stage.get().is_some_and(AppointmentStage::is_open));
    let can_miss = Memo::new(move |_| {
        matches!(stage.get(), Some(AppointmentStage::Running | AppointmentStage::Over))
            || record.no_show.get()
    });
    let starts_at = Memo::new(move |_| one.with(|one| one.as_ref().map(|one| one.starts_at)));
    let strands = Memo::new(move |_| one.with(|one| one.as_ref().and_then(|one| one.stranded)));
    // If all appointments are of the same mode, the top of the page shows it.
    let is_hybrid = live.schedule.with_untracked(|schedule| schedule.evening.mode == Mode::Hybrid);
    let (shape, place) =
        if first.video { (Shape::Video, t().by_video) } else { (Shape::Person, t().at_school) };
    let place = is_hybrid.then(|| {
        view! {
            <span class="place">
                <Icon shape />
                {place}
            </span>
        }
    });
    let (student, student_of_label) = (first.student.name.clone(), first.student.name.clone());
    let time = move || starts_at.get().map(|at| time_format::format_time(&at)).unwrap_or_default();
    let no_show_label =
        move || fill(t().no_show_label, &[("student", &student_of_label), ("time", &time())]);
    let enter_label = {
        let student = student.clone();
        move || fill(t().run_enter_label, &[("student", &student), ("time", &time())])
    };
    let enter_label = StoredValue::new(enter_label);
    let no_show_label = StoredValue::new(no_show_label);
    Some(view! {
        <li
            class:over=move || stage.get() == Some(AppointmentStage::Over)
            class:running=move || stage.get() == Some(AppointmentStage::Running)
        >
            <time
                class="time"
                datetime=move || starts_at.get().map(|at| time_format::to_rfc3339(&at))
                translate="no"
                prop:textContent=time
            ></time>
            <div class="grow">
                <strong translate="no">{student.clone()}</strong>
                <span>{[&first.subject, " · ", &first.parent].concat()}</span>
                {more(&first).map(|more| view! { <span class="soft">{more}</span> })}
                {move || strands.get().map(|why| stranded_notice(why, t().stranded_stands))}
                {move || is_open.get().then(|| view! { <Presence people /> })}
                <Note id record student />
            </div>
            <div class="run-actions">
                {place}
                {move || {
                    (stage.get() == Some(AppointmentStage::Over))
                        .then(|| view! { <span class="place">{t().appointment_over}</span> })
                }}
                {move || {
                    is_open
                        .get()
                        .then(|| {
                            view! {
                                <a
                                    class="btn quiet"
                                    href=format!("calls/{id}")
                                    aria-label=enter_label.with_value(|label| label())
                                >
                                    {t().run_enter_this}
                                </a>
                            }
                        })
                }}
                {move || {
                    can_miss
                        .get()
                        .then(|| {
                            view! {
                                <button
                                    class="btn"
                                    class=("quiet", move || !record.no_show.get())
                                    class=("danger", move || record.no_show.get())
                                    type="button"
                                    aria-pressed=move || {
                                        if record.no_show.get() { "true" } else { "false" }
                                    }
                                    aria-label=no_show_label.with_value(|label| label())
                                    on:click=move |_| record.toggle_no_show()
                                >
                                    {move || {
                                        record
                                            .no_show
                                            .get()
                                            .then(|| view! { <Icon shape=Shape::Tick /> })
                                    }}
                                    {t().no_show}
                                </button>
                            }
                        })
                }}
            </div>
        </li>
    })
}

/// Returns the further participants: the guest, and the other teachers of a joint appointment.
fn more(one: &ScheduledAppointment) -> Option<String> {
    let with = (one.teachers.len() > 1).then(|| names(&one.teachers));
    let guest = one.guest.as_ref().map(|guest| fill(t().joined_by, &[("names", guest)]));
    let more: Vec<String> = guest.into_iter().chain(with).collect();
    (!more.is_empty()).then(|| more.join(" · "))
}

/// The private note, collapsed while it is empty and not being edited.
#[component]
fn Note(id: Uuid, record: RecordForm, student: String) -> impl IntoView {
    let is_written = record.note.with_untracked(|note| !note.is_empty());
    let (field, hint) = (format!("note-{id}"), format!("note-hint-{id}"));
    let sign = move || match record.state.get() {
        SaveState::Idle => None,
        SaveState::Changed => Some(t().note_unsaved),
        SaveState::Saving => Some(t().note_saving),
        SaveState::Saved => Some(t().note_saved),
        SaveState::Failed => Some(t().note_failed),
    };
    let again = move || {
        (record.state.get() == SaveState::Failed).then(|| {
            view! {
                <button class="action" type="button" on:click=move |_| record.save_now()>
                    {t().try_again}
                </button>
            }
        })
    };
    view! {
        <details class="note" open=is_written>
            <summary>{t().note}</summary>
            <label class="unseen" for=field.clone()>
                {fill(t().note_label, &[("student", &student)])}
            </label>
            <textarea
                id=field
                rows="2"
                maxlength="2000"
                aria-describedby=hint.clone()
                prop:value=record.note
                on:input:target=move |event| record.set_note(event.target().value())
                on:focus=move |_| record.focused.set_value(true)
                on:blur=move |_| {
                    record.focused.set_value(false);
                    record.save_now();
                }
            ></textarea>
            <p class="hint" id=hint>
                {t().note_hint}
            </p>
        </details>
        <p class="keeping" role="status" prop:textContent=move || sign().unwrap_or_default()></p>
        {again}
    }
}
