//! Notice about a stranded appointment: the roster has removed its class, an enrolment or a
//! teacher.

use leptos::prelude::*;
use parlour_wire::Stranded;

use crate::texts::t;

/// A tag with the reason, and `so`: the consequence for the reader.
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
