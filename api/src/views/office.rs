//! Conversion of parents, students and bars for the office.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use parlour_wire as wire;

use super::{moment, student};
use crate::store::{
    bars, parents,
    people::PersonRow,
    sources::FieldSource,
    student_classes::{ClassTeacher, StudentClass},
};

/// A parent in a list.
#[must_use]
pub fn parent(of: &parents::Parent) -> wire::Parent {
    wire::Parent {
        id: of.person.id.0,
        name: of.person.name(),
        email: of.person.email.clone(),
        students: of.students.iter().map(linked_student).collect(),
        sources: Vec::new(),
    }
}

/// A parent with the provenance of each value.
#[must_use]
pub fn parent_with_sources(of: &parents::Parent, zone: Tz) -> wire::Parent {
    let mut parent = parent(of);
    parent.sources = field_sources(&of.sources, zone);
    for (linked, of) in parent.students.iter_mut().zip(&of.students) {
        linked.sources = field_sources(&of.sources, zone);
        linked.classes = of.classes.iter().map(|class| student_class(class, zone)).collect();
    }
    parent
}

fn student_class(of: &StudentClass, zone: Tz) -> wire::StudentClass {
    let teacher = |of: &ClassTeacher| wire::ClassTeacher {
        name: of.name.clone(),
        sources: field_sources(&of.sources, zone),
    };
    wire::StudentClass {
        sourced_id: of.sourced_id.clone(),
        title: of.title.clone(),
        subject: of.subject.clone(),
        sources: field_sources(&of.sources, zone),
        place_sources: field_sources(&of.place_sources, zone),
        teachers: of.teachers.iter().map(teacher).collect(),
    }
}

/// Groups the provenance by the field names of a push. A bar and the permission of contact are one
/// field in a push, so the later of the two counts.
fn field_sources(of: &[FieldSource], zone: Tz) -> Vec<wire::FieldSource> {
    let field = |column: &str| match column {
        "source_role" => "roles".to_owned(),
        "contact_barred" => "contact_allowed".to_owned(),
        column => column.to_owned(),
    };
    let mut latest: BTreeMap<String, &FieldSource> = BTreeMap::new();
    for source in of {
        let known = latest.entry(field(&source.column)).or_insert(source);
        if known.at < source.at {
            *known = source;
        }
    }
    let one = |(field, source): (String, &FieldSource)| wire::FieldSource {
        field,
        kind: source.origin.kind.as_str().to_owned(),
        name: source.origin.name.clone(),
        at: moment(source.at, zone),
    };
    latest.into_iter().map(one).collect()
}

/// A student of a parent.
#[must_use]
pub fn linked_student(of: &parents::LinkedStudent) -> wire::LinkedStudent {
    wire::LinkedStudent {
        student: student(&of.student),
        relationship: of.relationship.clone(),
        allowed: of.allowed,
        can_allow: of.can_allow,
        sources: Vec::new(),
        classes: Vec::new(),
    }
}

/// A bar.
#[must_use]
pub fn bar(of: &bars::Bar, zone: Tz) -> wire::Bar {
    wire::Bar {
        id: of.row.id.0,
        student: student(&of.student),
        person_id: of.row.person_id.map(|id| id.0),
        person_name: of.person.as_ref().map(PersonRow::name),
        email: of.row.email.clone(),
        note: of.row.note.clone(),
        set_by: of.set_by.clone(),
        created_at: moment(*of.row.created_at, zone),
    }
}
