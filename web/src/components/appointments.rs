//! Read-only list of appointments, for guests and teachers.

use leptos::prelude::*;
use parlour_wire::Moment;

use super::{Icon, Shape, join_link};
use crate::{texts::t, time_format};

/// The texts of one appointment.
pub(crate) struct AppointmentLine {
    pub(crate) starts_at: Moment,
    /// The people whom the reader meets.
    pub(crate) who: String,
    /// The student and the subject.
    pub(crate) about: String,
    /// Further text, such as the people who join.
    pub(crate) more: Option<String>,
    pub(crate) video: bool,
    /// The link to the appointment's call.
    pub(crate) join: Option<String>,
}

/// A list of appointments in the given order, by time.
#[component]
pub(crate) fn Appointments(lines: Vec<AppointmentLine>) -> impl IntoView {
    let items = lines.into_iter().map(|line| {
        let join = line.join.map(|href| {
            join_link(&href, &[&time_format::format_time(&line.starts_at), " ", &line.who].concat())
        });
        let (shape, place) =
            if line.video { (Shape::Video, t().by_video) } else { (Shape::Person, t().at_school) };
        view! {
            <li>
                <time class="time" datetime=time_format::to_rfc3339(&line.starts_at) translate="no">
                    {time_format::format_time(&line.starts_at)}
                </time>
                <span class="grow">
                    <strong translate="no">{line.who}</strong>
                    <span>{line.about}</span>
                    {line.more.map(|more| view! { <span class="soft">{more}</span> })}
                </span>
                {join
                    .unwrap_or_else(|| {
                        view! {
                            <span class="place">
                                <Icon shape />
                                {place}
                            </span>
                        }
                            .into_any()
                    })}
            </li>
        }
    });
    view! { <ol class="lineup">{items.collect_view()}</ol> }
}
