//! What is said of an appointment whose class, or a place in it, the roster has taken away.

use leptos::prelude::*;
use parlour_wire::Stranded;

use crate::texts::t;

/// A tag with the reason, and with what to do for those who can do something about it.
pub(crate) fn stranded(why: Stranded, to_do: Option<&'static str>) -> AnyView {
    let reason = match why {
        Stranded::ClassGone => t().stranded_class,
        Stranded::StudentLeftClass => t().stranded_student,
        Stranded::TeacherLeftClass => t().stranded_teacher,
    };
    view! {
        <span class="tag stop">{t().stranded}</span>
        <span class="soft">{[reason, to_do.unwrap_or_default()].join(" ")}</span>
    }
    .into_any()
}
