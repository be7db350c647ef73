//! Booking page: choose times, review them, and book either all of them or none. With `?change=`
//! one appointment is moved.

use leptos::prelude::*;
use parlour_wire::{
    BookingChange, BookingState, InviteAction, Moment, MyBookings, NewBookings, SlotGrid,
};
use uuid::Uuid;

use super::{invites::InviteDialog, lazy, same_time::SameTime};
use crate::{
    api::{self, Failure},
    booking_draft::{BookableClass, BookingDraft, Picks},
    browser,
    components::{
        BookingsTable, FailureNotice, Heading, Icon, InviteControl, Notice, Panel, ReviewList,
        Shape, SlotChoosers, SlotTable, Tone, contact, names, rebuild_on_change, when,
    },
    query::Query,
    route,
    route::router,
    session::session,
    task::Task,
    texts::{count, fill, t},
    time_format,
};

/// The appointments that this page is about.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Case {
    evening: Uuid,
    parent: Option<Uuid>,
    /// The appointment to move.
    change: Option<Uuid>,
}

impl Case {
    fn home(self) -> String {
        let query = self.parent.map(|parent| format!("?parent_id={parent}")).unwrap_or_default();
        format!("evenings/{}{query}", self.evening)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BookingStep {
    Choose,
    Review,
    Done,
}

#[component]
pub(crate) fn BookPage() -> impl IntoView {
    let evening = route::page_id();
    let (parent, change) = (route::query_id("parent_id"), route::query_id("change"));
    let case = Memo::new(move |_| Case { evening, parent: parent.get(), change: change.get() });
    rebuild_on_change(move || view! { <Booking case=case.get() /> }.into_any())
}

#[component]
fn Booking(case: Case) -> impl IntoView {
    let slots = Query::new(move || api::get_slots(case.evening, case.parent));
    let key = case.change.is_none().then(|| {
        format!(
            "parlour.draft.{}.{}",
            case.evening,
            case.parent.map(|parent| parent.to_string()).unwrap_or_default()
        )
    });
    let draft = BookingDraft::new(key);
    let step = RwSignal::new(BookingStep::Choose);
    let show = move |grid: SlotGrid| {
        draft.remove_unoffered(&grid);
        let open = grid.evening.booking_state == BookingState::Open
            || (case.parent.is_some() && grid.evening.booking_state != BookingState::Over);
        if !open {
            return closed(case, &grid);
        }
        if let Some(change) = case.change {
            return move_one(case, change, &grid, draft);
        }
        let grid = StoredValue::new(grid);
        let lessons = StoredValue::new(grid.with_value(|grid| BookableClass::all(&grid.students)));
        rebuild_on_change(move || match step.get() {
            BookingStep::Choose => view! { <Choose case grid lessons draft step /> }.into_any(),
            BookingStep::Review => view! { <Review case lessons draft step slots /> }.into_any(),
            BookingStep::Done => view! { <Done case /> }.into_any(),
        })
    };
    view! { <Panel data=slots show /> }
}

fn closed(case: Case, grid: &SlotGrid) -> AnyView {
    let text = match grid.evening.booking_state {
        BookingState::NotOpen => fill(
            t().opens_at,
            &[("when", &time_format::format_date_time(&grid.evening.booking_opens_at))],
        ),
        _ => t().booking_closed.to_owned(),
    };
    let ask = (grid.evening.booking_state != BookingState::NotOpen).then(contact);
    view! {
        <Heading text=t().book_title />
        <Notice tone=Tone::Wait>
            <p>{text}</p>
            {ask}
        </Notice>
        <a class="btn quiet" href=case.home()>
            {t().to_bookings}
        </a>
    }
    .into_any()
}

#[component]
fn Choose(
    case: Case,
    grid: StoredValue<SlotGrid>,
    lessons: StoredValue<Vec<BookableClass>>,
    draft: BookingDraft,
    step: RwSignal<BookingStep>,
) -> impl IntoView {
    let wide = browser::is_wide();
    let lede = grid.with_value(|grid| {
        [&when(&grid.evening), ". ", &count(t().each_lasts, grid.evening.slot_minutes as usize)]
            .concat()
    });
    let times = StoredValue::new(grid.with_value(|grid| grid.times.clone()));
    let students = grid.with_value(|grid| {
        let section = |entry: &parlour_wire::StudentSlots| {
            let id = entry.student.id;
            let own = lessons.with_value(|lessons| {
                lessons.iter().filter(|lesson| lesson.student.id == id).cloned().collect()
            });
            let name = entry.student.name.clone();
            view! { <StudentSection case name lessons=own times draft wide /> }
        };
        grid.students.iter().map(section).collect_view()
    });
    let nothing = lessons.with_value(Vec::is_empty);
    view! {
        <a class="up" href=case.home()>
            {t().to_bookings}
        </a>
        <Heading text=t().book_title />
        <p class="lede">{lede}</p>
        <LostNotice lessons draft />
        {nothing
            .then(|| {
                view! {
                    <Notice tone=Tone::Plain>
                        <p>{t().no_classes}</p>
                        {contact()}
                    </Notice>
                }
            })}
        {students}
        <ChosenBar draft step />
    }
}

#[component]
fn StudentSection(
    case: Case,
    name: String,
    lessons: Vec<BookableClass>,
    times: StoredValue<Vec<Moment>>,
    draft: BookingDraft,
    wide: Memo<bool>,
) -> impl IntoView {
    let (booked, open): (Vec<_>, Vec<_>) =
        lessons.into_iter().partition(|lesson| lesson.class.booking_id.is_some());
    let (open, full): (Vec<_>, Vec<_>) = open.into_iter().partition(BookableClass::has_free_time);
    let booked =
        booked.into_iter().filter_map(|lesson| booked_line(case, &lesson, times)).collect_view();
    let ask = (!full.is_empty()).then(contact);
    let full = full.iter().map(|lesson| {
        let text = fill(
            t().no_times_left,
            &[("who", &names(&lesson.class.teachers)), ("subject", &lesson.class.subject)],
        );
        view! {
            <li class="full">
                <Icon shape=Shape::Warning />
                {text}
            </li>
        }
    });
    let full = full.collect_view();
    let caption = fill(t().times_for, &[("student", &name)]);
    let none = open.is_empty();
    let choice = rebuild_on_change(move || {
        let (lessons, times) = (open.clone(), times.get_value());
        if lessons.is_empty() {
            ().into_any()
        } else if wide.get() {
            view! { <SlotTable caption=caption.clone() lessons times draft /> }.into_any()
        } else {
            view! { <SlotChoosers lessons times draft open_all=false /> }.into_any()
        }
    });
    view! {
        <section class="student">
            <h2 translate="no">{name}</h2>
            <ul class="lines">{booked}{full}</ul>
            {ask}
            {none.then(|| view! { <p class="soft">{t().nothing_to_choose}</p> })}
            {choice}
        </section>
    }
}

fn booked_line(
    case: Case,
    lesson: &BookableClass,
    times: StoredValue<Vec<Moment>>,
) -> Option<impl IntoView + use<>> {
    let id = lesson.class.booking_id?;
    let place =
        lesson.class.states.iter().position(|state| *state == parlour_wire::SlotState::Yours)?;
    let time = times.with_value(|times| times.get(place).map(time_format::format_time))?;
    let text = fill(
        t().booked_at,
        &[
            ("subject", &lesson.class.subject),
            ("who", &names(&lesson.class.teachers)),
            ("time", &time),
        ],
    );
    let joint = if case.parent.is_some() { '&' } else { '?' };
    let home = case.home();
    let (path, query) = home
        .split_once('?')
        .map_or((home.as_str(), String::new()), |(path, query)| (path, format!("?{query}")));
    let href = format!("{path}/book{query}{joint}change={id}");
    Some(view! {
        <li>
            <Icon shape=Shape::Tick />
            <span>{text}</span>
            <a
                class="action"
                href=href
                aria-label=[t().change, " ", &lesson.class.subject].concat()
            >
                {t().change}
            </a>
        </li>
    })
}

/// Lists the times that somebody else booked first.
#[component]
fn LostNotice(lessons: StoredValue<Vec<BookableClass>>, draft: BookingDraft) -> impl IntoView {
    let line = move |lost: &parlour_wire::LostBooking| {
        let lesson = lessons.with_value(|lessons| {
            lessons
                .iter()
                .find(|lesson| {
                    lesson.student.id == lost.student_id && lesson.class.class_id == lost.class_id
                })
                .cloned()
        })?;
        let text = match lost.code.as_str() {
            "person_busy" => t().lost_busy,
            "already_booked" => t().lost_booked,
            _ => t().lost_taken,
        };
        let text = fill(
            text,
            &[
                ("time", &time_format::format_time(&lost.starts_at)),
                ("who", &names(&lesson.class.teachers)),
                ("student", &lesson.student.name),
            ],
        );
        Some(view! { <p prop:textContent=text></p> })
    };
    move || {
        let lines = draft.lost.with(|lost| lost.iter().filter_map(line).collect::<Vec<_>>());
        (!lines.is_empty()).then(|| view! { <Notice tone=Tone::Bad>{lines}</Notice> })
    }
}

#[component]
fn ChosenBar(draft: BookingDraft, step: RwSignal<BookingStep>) -> impl IntoView {
    let number = Memo::new(move |_| draft.picks.with(|picks| picks.0.len()));
    view! {
        <div class="chosen" class:none-chosen=move || number.get() == 0>
            <span role="status" prop:textContent=move || count(t().chosen, number.get())></span>
            {move || {
                (number.get() > 0)
                    .then(|| {
                        view! {
                            <button
                                class="btn quiet"
                                type="button"
                                on:click=move |_| draft.picks.set(Picks::default())
                            >
                                {t().clear}
                            </button>
                            <button
                                class="btn primary"
                                type="button"
                                on:click=move |_| {
                                    draft.remove_lost();
                                    draft.lost.set(Vec::new());
                                    step.set(BookingStep::Review);
                                }
                            >
                                {t().review}
                            </button>
                        }
                    })
            }}
        </div>
    }
}

#[component]
fn Review(
    case: Case,
    lessons: StoredValue<Vec<BookableClass>>,
    draft: BookingDraft,
    step: RwSignal<BookingStep>,
    slots: Query<SlotGrid>,
) -> impl IntoView {
    let task = Task::new();
    let book = move || {
        let bookings = NewBookings { bookings: draft.picks.get_untracked().0 };
        let request =
            async move { api::create_bookings(case.evening, case.parent, &bookings).await };
        task.run(request, move |_| {
            draft.picks.set(Picks::default());
            step.set(BookingStep::Done);
            window().scroll_to_with_x_and_y(0.0, 0.0);
        });
    };
    Effect::new(move || {
        if let Some(Failure::Refused(problem)) = task.failure.get()
            && !problem.lost.is_empty()
        {
            draft.lost.set(problem.lost);
            slots.refetch();
        }
    });
    // A notice of its own lists the lost times.
    let failure = Signal::derive(move || {
        task.failure.get().filter(
            |failure| !matches!(failure, Failure::Refused(problem) if !problem.lost.is_empty()),
        )
    });
    let any_lost = Memo::new(move |_| {
        draft
            .picks
            .with(|picks| picks.0.iter().any(|pick| draft.is_lost(pick.student_id, pick.class_id)))
    });
    let rest = Memo::new(move |_| {
        draft.picks.with(|picks| {
            picks.0.iter().filter(|pick| !draft.is_lost(pick.student_id, pick.class_id)).count()
        })
    });
    let choose = move |_| {
        draft.remove_lost();
        step.set(BookingStep::Choose);
    };
    let buttons = move || {
        let text = if any_lost.get() { t().book_rest } else { t().book_these };
        view! {
            {(rest.get() > 0)
                .then(|| {
                    view! {
                        <button
                            class="btn primary"
                            type="button"
                            aria-disabled=task.disabled()
                            on:click=move |_| {
                                draft.remove_lost();
                                draft.lost.set(Vec::new());
                                book();
                            }
                            prop:textContent=text
                        ></button>
                    }
                })}
            <button
                class="btn quiet"
                type="button"
                on:click=choose
                prop:textContent=if any_lost.get() { t().choose_another } else { t().choose_more }
            ></button>
        }
    };
    view! {
        <div class="narrow">
            <Heading text=t().review_title />
            <p class="lede">{t().review_lede}</p>
            <LostNotice lessons draft />
            <div class="card">
                <ReviewList lessons draft />
                {move || {
                    draft
                        .picks
                        .read()
                        .0
                        .is_empty()
                        .then(|| view! { <p class="soft">{t().nothing_chosen}</p> })
                }}
            </div>
            <FailureNotice failure />
            <div class="buttons">{buttons}</div>
        </div>
    }
}

/// The step after the booking: the appointments that now exist, and the invite control.
#[component]
fn Done(case: Case) -> impl IntoView {
    let bookings = Query::new(move || api::get_bookings(case.evening, case.parent));
    let inviting = RwSignal::new(false);
    let reload = Callback::new(move |()| bookings.refetch());
    let show = move |mine: MyBookings| {
        let MyBookings { evening, rows, invite_action, .. } = mine;
        view! {
            <Notice tone=Tone::Good>
                <p>{t().booked_text}</p>
            </Notice>
            {(invite_action != InviteAction::None)
                .then(|| {
                    view! {
                        <p>{t().booked_invite}</p>
                        <InviteControl
                            action=invite_action
                            open=inviting
                            on_near=Callback::new(|()| lazy::preload_dialogs())
                        />
                    }
                })}
            <BookingsTable
                rows
                mode=evening.mode
                may_change=false
                change_href=Callback::new(|_| String::new())
                cancel=Callback::new(|_| ())
            />
            <div class="buttons">
                <a class="btn primary" href=case.home()>
                    {t().to_bookings}
                </a>
                <a
                    class="btn quiet"
                    href=api::calendar_href(case.evening, case.parent)
                    download="appointments.ics"
                >
                    <Icon shape=Shape::Calendar />
                    {t().add_to_calendar}
                </a>
            </div>
        }
        .into_any()
    };
    view! {
        <Heading text=t().booked_title />
        <Panel data=bookings show />
        <InviteDialog evening=case.evening parent=case.parent open=inviting on_change=reload />
    }
}

/// The view that moves one appointment to another time.
fn move_one(case: Case, change: Uuid, grid: &SlotGrid, draft: BookingDraft) -> AnyView {
    let Some(lesson) = BookableClass::all(&grid.students)
        .into_iter()
        .find(|lesson| lesson.class.booking_id == Some(change))
    else {
        return view! {
            <Heading text=t().change_title />
            <Notice tone=Tone::Wait>
                <p>{t().change_gone}</p>
                {contact()}
            </Notice>
            <a class="btn quiet" href=case.home()>
                {t().to_bookings}
            </a>
        }
        .into_any();
    };
    let now = lesson
        .class
        .states
        .iter()
        .position(|state| *state == parlour_wire::SlotState::Yours)
        .and_then(|place| grid.times.get(place));
    let who = names(&lesson.class.teachers);
    let lede = fill(
        t().change_lede,
        &[
            ("who", &who),
            ("subject", &lesson.class.subject),
            ("student", &lesson.student.name),
            ("time", &now.map(time_format::format_time).unwrap_or_default()),
        ],
    );
    let none = fill(t().no_times_left, &[("who", &who), ("subject", &lesson.class.subject)]);
    let free = lesson.has_free_time();
    let times = grid.times.clone();
    view! {
        <a class="up" href=case.home()>
            {t().to_bookings}
        </a>
        <Heading text=t().change_title />
        <p class="lede">{lede}</p>
        {case
            .parent
            .and(now.copied())
            .map(|time| {
                view! {
                    <SameTime
                        evening=case.evening
                        parent=case.parent
                        home=case.home()
                        change
                        time
                        who=who.clone()
                    />
                }
            })}
        {if free {
            view! { <SlotChoosers lessons=vec![lesson] times draft open_all=true /> }.into_any()
        } else {
            view! {
                <Notice tone=Tone::Wait>
                    <p>{none}</p>
                    {contact()}
                </Notice>
            }
                .into_any()
        }}
        <MoveBar case change draft who />
    }
    .into_any()
}

#[component]
fn MoveBar(case: Case, change: Uuid, draft: BookingDraft, who: String) -> impl IntoView {
    let (task, session, router) = (Task::new(), session(), router());
    let chosen =
        Memo::new(move |_| draft.picks.with(|picks| picks.0.first().map(|pick| pick.starts_at)));
    let whom = StoredValue::new(who.clone());
    let go = Callback::new(move |()| {
        let Some(starts_at) = chosen.get_untracked() else { return };
        let who = who.clone();
        task.run(
            async move { api::change_booking(change, &BookingChange { starts_at }).await },
            move |booking| {
                let text = fill(
                    t().moved,
                    &[("who", &who), ("time", &time_format::format_time(&booking.starts_at))],
                );
                session.flash.set_value(Some(text));
                router.go(&["/", &case.home()].concat());
            },
        );
    });
    // An appointment that has begun or has a record can't be moved; the office books another one of
    // the same class instead.
    let keeps = Memo::new(move |_| {
        case.parent.is_some()
            && task
                .failure
                .with(|failure| failure.as_ref().is_some_and(|one| one.code() == "booking_began"))
    });
    view! {
        <div class="chosen" class:none-chosen=move || chosen.read().is_none()>
            <FailureNotice failure=task.failure />
            {move || match chosen.get() {
                Some(time) if keeps.get() => {
                    view! { <MakeAnother case draft time who=whom.get_value() /> }.into_any()
                }
                None => view! { <span class="soft">{t().choose_new_time}</span> }.into_any(),
                Some(time) => {
                    view! {
                        <button
                            class="btn primary"
                            type="button"
                            aria-disabled=task.disabled()
                            on:click=move |_| go.run(())
                            prop:textContent=fill(
                                t().move_to,
                                &[("time", &time_format::format_time(&time))],
                            )
                        ></button>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

/// Books another appointment of the class at the chosen time, in addition to the one that can't be
/// moved.
#[component]
fn MakeAnother(case: Case, draft: BookingDraft, time: Moment, who: String) -> impl IntoView {
    let (task, session, router) = (Task::new(), session(), router());
    let make = move |_| {
        let (bookings, who) =
            (NewBookings { bookings: draft.picks.get_untracked().0 }, who.clone());
        task.run(
            async move { api::create_bookings(case.evening, case.parent, &bookings).await },
            move |_| {
                session.flash.set_value(Some(fill(
                    t().made_another,
                    &[("who", &who), ("time", &time_format::format_time(&time))],
                )));
                router.go(&["/", &case.home()].concat());
            },
        );
    };
    view! {
        <FailureNotice failure=task.failure />
        <button
            class="btn primary"
            type="button"
            aria-disabled=task.disabled()
            on:click=make
            prop:textContent=fill(t().make_another, &[("time", &time_format::format_time(&time))])
        ></button>
    }
}
