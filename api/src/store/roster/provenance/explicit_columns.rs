//! Which columns what was read speaks of, so that its source is credited with what it said and with
//! nothing that it left blank. Pure.

use parlour_roster::{Class, Enrolment, Guardianship, Person};

/// Of somebody.
pub(in crate::store::roster) fn by_person(person: &Person) -> Vec<&'static str> {
    only([
        ("honorific", person.honorific.is_some()),
        ("given_name", !person.given_name.is_empty()),
        ("family_name", !person.family_name.is_empty()),
        ("email", person.email.is_some()),
        ("source_role", !person.role_names.is_empty()),
    ])
}

/// Of a link. Whether contact is allowed always follows from it, by the rules; a bar, and that
/// there is none, is said or not.
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

/// Of a class, whose title and subject always are something.
pub(in crate::store::roster) fn by_class(class: &Class) -> Vec<&'static str> {
    only([
        ("title", true),
        ("subject", true),
        ("code", class.code.is_some() || class.course_code.is_some()),
    ])
}

/// Of a place. That it is not the main teacher's is what is left blank.
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
