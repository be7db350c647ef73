//! What is said of an appointment whose class, or a place in it, the roster has taken away.

use leptos::prelude::*;
use parlour_wire::Stranded;

use crate::texts::t;

/// A tag with the reason, and what it means for the reader.
pub(crate) fn stranded_notice(why: Stranded, so: &'static str) -> AnyView {
    let reason = match why {
        Stranded::ClassGone => t().stranded_class,
        Stranded::StudentLeftClass => t().stranded_student,
        Stranded::TeacherLeftClass => t().stranded_teacher,
    };
    view! {
        <span class="tag wait">{t().stranded}</span>
        <span class="soft" prop:textContent=[reason, " ", so].concat()></span>
    }
    .into_any()
}
