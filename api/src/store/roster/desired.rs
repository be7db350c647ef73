//! Rows that a roster wants in the database, built from the parsed roster. Pure.

use std::collections::BTreeMap;

use parlour_domain::EmailAddress;
use parlour_roster::{Class, Enrolment, EnrolmentRole, Guardianship, Person, School};

use super::{
    Source,
    provenance::explicit_columns,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, SchoolRow},
};
use crate::{
    context::Context,
    store::{
        sources::Stamps,
        sql_types::{Key, at},
    },
};

/// The school's row after the import; `None` when a delta names an unknown school.
pub(super) fn school_row(
    known: Option<&SchoolRow>,
    id: Key,
    school: &School,
    slugs: &[String],
    source: &Source,
) -> Option<SchoolRow> {
    if let Some(known) = known {
        return Some(SchoolRow {
            name: school.name.clone().unwrap_or_else(|| known.name.clone()),
            ..known.clone()
        });
    }
    let name = school.name.clone()?;
    let slug = free_slug(&name, slugs);
    let (sourced_id, time_zone) = (school.sourced_id.clone(), source.time_zone.clone());
    Some(SchoolRow {
        id,
        sourced_id,
        name,
        slug,
        host: None,
        time_zone,
        created_at: at(source.ctx.now),
    })
}

/// Makes a slug that is not taken from a school's name.
fn free_slug(name: &str, taken: &[String]) -> String {
    const LONGEST: usize = 60;
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let base: String = words.join("-").chars().take(LONGEST).collect();
    let base = if base.is_empty() { "school".to_owned() } else { base };
    let mut candidates =
        std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
    candidates.find(|slug| !taken.contains(slug)).unwrap_or(base)
}

/// The name of an enrolment's role in the database.
pub(super) const fn role_name(role: EnrolmentRole) -> &'static str {
    match role {
        EnrolmentRole::Student => "student",
        EnrolmentRole::Teacher => "teacher",
    }
}

/// A link's row, and the bars that the roster does not mention.
pub(super) struct DesiredLink {
    pub row: GuardianshipRow,
    pub is_silent_on_contact: bool,
    pub is_silent_on_court_order: bool,
}

/// Builds rows. Each gets a new id, which the id of an existing row replaces.
pub(super) struct DesiredRows<'s> {
    school_id: Key,
    school: &'s School,
    ctx: &'s Context,
    /// The provenance of new rows.
    stamps: Stamps<'s>,
    /// Sentences about links and enrolments that refer to unknown people or classes.
    pub unresolved: Vec<String>,
}

impl<'s> DesiredRows<'s> {
    pub(super) fn new(school_id: Key, school: &'s School, source: &'s Source) -> Self {
        Self {
            school_id,
            school,
            ctx: &source.ctx,
            stamps: source.origin.stamps(source.ctx.now),
            unresolved: Vec::new(),
        }
    }

    pub(super) fn people(&mut self) -> Vec<PersonRow> {
        self.school.people.iter().map(|person| self.person(person)).collect()
    }

    fn person(&mut self, person: &Person) -> PersonRow {
        let email = person.email.as_deref().and_then(|email| EmailAddress::parse(email).ok());
        PersonRow {
            id: self.ctx.new_id(),
            school_id: self.school_id,
            sourced_id: person.sourced_id.clone(),
            honorific: person.honorific.clone(),
            given_name: person.given_name.clone(),
            family_name: person.family_name.clone(),
            email_key: email.as_ref().map(EmailAddress::key),
            bar_key: email.as_ref().map(EmailAddress::bar_key),
            email: email.map(|email| email.to_string()),
            source_role: person.role_names.join(", "),
            is_parent: person.roles.parent,
            is_student: person.roles.student,
            is_teacher: person.roles.teacher,
            is_staff: person.roles.staff,
            removed_at: None,
            sources: self.stamps.of(explicit_columns::by_person(person)),
        }
    }

    pub(super) fn classes(&mut self) -> Vec<ClassRow> {
        self.school.classes.iter().map(|class| self.class(class)).collect()
    }

    fn class(&mut self, class: &Class) -> ClassRow {
        ClassRow {
            id: self.ctx.new_id(),
            school_id: self.school_id,
            sourced_id: class.sourced_id.clone(),
            title: class.title.clone(),
            subject: class.subject.clone(),
            code: class.code.clone().or_else(|| class.course_code.clone()).unwrap_or_default(),
            removed_at: None,
            sources: self.stamps.of(explicit_columns::by_class(class)),
        }
    }

    pub(super) fn guardianships(&mut self, people: &BTreeMap<String, Key>) -> Vec<DesiredLink> {
        let mut rows = Vec::new();
        for link in &self.school.guardianships {
            match (people.get(&link.parent_id), people.get(&link.student_id)) {
                (Some(parent), Some(student)) => rows.push(DesiredLink {
                    row: self.guardianship(*parent, *student, link),
                    is_silent_on_contact: link.contact_barred.is_none(),
                    is_silent_on_court_order: link.court_order.is_none(),
                }),
                _ => self.unresolved.push(format!(
                    "the link of {} and {} is not used: one of them is not known",
                    link.parent_id, link.student_id
                )),
            }
        }
        rows
    }

    fn guardianship(
        &mut self,
        parent_id: Key,
        student_id: Key,
        link: &Guardianship,
    ) -> GuardianshipRow {
        GuardianshipRow {
            id: self.ctx.new_id(),
            school_id: self.school_id,
            parent_id,
            student_id,
            relationship: link.relation.clone().unwrap_or_default(),
            priority: link.priority.map(i32::from),
            lives_with: link.lives_with,
            contact_allowed: link.contact_allowed,
            court_order: link.court_order.unwrap_or(false),
            removed_at: None,
            contact_barred: link.contact_barred.unwrap_or(false),
            allowed_at: None,
            sources: self.stamps.of(explicit_columns::by_guardianship(link)),
        }
    }

    pub(super) fn enrolments(
        &mut self,
        classes: &BTreeMap<String, Key>,
        people: &BTreeMap<String, Key>,
    ) -> Vec<EnrolmentRow> {
        let mut rows = Vec::new();
        for enrolment in &self.school.enrolments {
            match (classes.get(&enrolment.class_id), people.get(&enrolment.person_id)) {
                (Some(class), Some(person)) => {
                    rows.push(self.enrolment(*class, *person, enrolment))
                }
                _ => self.unresolved.push(format!(
                    "the enrolment {} is not used: its class or person is not known",
                    enrolment.sourced_id
                )),
            }
        }
        rows
    }

    fn enrolment(&mut self, class_id: Key, person_id: Key, enrolment: &Enrolment) -> EnrolmentRow {
        EnrolmentRow {
            id: self.ctx.new_id(),
            school_id: self.school_id,
            class_id,
            person_id,
            role: role_name(enrolment.role).to_owned(),
            is_primary: enrolment.primary,
            begins_on: enrolment.begins_on.map(|day| day.to_string()),
            ends_on: enrolment.ends_on.map(|day| day.to_string()),
            removed_at: None,
            sources: self.stamps.of(explicit_columns::by_enrolment(enrolment)),
        }
    }
}
