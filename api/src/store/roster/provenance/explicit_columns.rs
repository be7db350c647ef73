//! Columns that an imported row sets explicitly; blank ones get no provenance. Pure.

use parlour_roster::{Class, Enrolment, Guardianship, Person};

/// The columns that a person's row sets.
pub(in crate::store::roster) fn by_person(person: &Person) -> Vec<&'static str> {
    only([
        ("honorific", person.honorific.is_some()),
        ("given_name", !person.given_name.is_empty()),
        ("family_name", !person.family_name.is_empty()),
        ("email", person.email.is_some()),
        ("source_role", !person.role_names.is_empty()),
    ])
}

/// The columns that a link sets. `contact_allowed` always follows from the link, by the rules; a
/// bar, or that there is none, may be given or not.
pub(in crate::store::roster) fn by_guardianship(link: &Guardianship) -> Vec<&'static str> {
    only([
        ("relationship", link.relation.is_some()),
        ("priority", link.priority.is_some()),
        ("lives_with", link.lives_with.is_some()),
        ("contact_allowed", true),
        ("contact_barred", link.contact_barred.is_some()),
        ("court_order", link.court_order.is_some()),
    ])
}

/// The columns that a class sets; its title and subject are never blank.
pub(in crate::store::roster) fn by_class(class: &Class) -> Vec<&'static str> {
    only([
        ("title", true),
        ("subject", true),
        ("code", class.code.is_some() || class.course_code.is_some()),
    ])
}

/// The columns that an enrolment sets. A false `is_primary` counts as blank.
pub(in crate::store::roster) fn by_enrolment(enrolment: &Enrolment) -> Vec<&'static str> {
    only([
        ("role", true),
        ("is_primary", enrolment.primary),
        ("begins_on", enrolment.begins_on.is_some()),
        ("ends_on", enrolment.ends_on.is_some()),
    ])
}

fn only<const N: usize>(columns: [(&'static str, bool); N]) -> Vec<&'static str> {
    columns.into_iter().filter(|(_, is_said)| *is_said).map(|(column, _)| column).collect()
}
