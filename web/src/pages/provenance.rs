//! Provenance of a parent's values, of their students' contact data and of the students' classes,
//! for the office: the source that set each value last, and the time.

use chrono::Datelike;
use leptos::prelude::*;
use parlour_wire::{FieldSource, LinkedStudent, Moment, Parent, StudentClass};

use crate::{
    components::{Icon, Shape},
    texts::{fill, office},
    time_format,
};

/// The values that one source set at one time.
struct SourceGroup<'s> {
    source: &'s FieldSource,
    fields: Vec<String>,
}

/// The provenance of a parent's values, collapsed until it is opened.
pub(super) fn provenance(of: &Parent) -> impl IntoView + use<> {
    let own = section(of.name.clone(), &of.sources);
    let students = of.students.iter().map(student_provenance).collect_view();
    view! {
        <details class="history origins">
            <summary>
                <Icon shape=Shape::Clock />
                {office().provenance}
            </summary>
            <p class="soft">{office().provenance_what}</p>
            {own}
            {students}
        </details>
    }
}

fn student_provenance(of: &LinkedStudent) -> impl IntoView + use<> {
    let contact =
        section(fill(office().provenance_contact, &[("student", &of.student.name)]), &of.sources);
    let classes = of.classes.iter().map(class_provenance).collect_view();
    view! {
        {contact}
        {(!of.classes.is_empty())
            .then(|| {
                view! {
                    <h3>{fill(office().provenance_classes, &[("student", &of.student.name)])}</h3>
                    <ul>{classes}</ul>
                }
            })}
    }
}

fn section(title: String, sources: &[FieldSource]) -> impl IntoView + use<> {
    let lines = group_by_source(
        sources.iter().map(|source| (source, field_label(&source.field).to_owned())),
    )
    .into_iter()
    .map(|group| {
        let fields = group.fields.join(", ");
        view! { <li>{source_label(group.source)}<span>{fields}</span></li> }
    });
    let lines = lines.collect_view();
    view! {
        <h3>{title}</h3>
        {if sources.is_empty() {
            view! { <p>{office().provenance_none}</p> }.into_any()
        } else {
            view! { <ul>{lines}</ul> }.into_any()
        }}
    }
}

/// The provenance of a class: of the student's enrolment, of the class itself, and of its teachers.
fn class_provenance(of: &StudentClass) -> impl IntoView + use<> {
    let named = |name: &str, sources: &'_ [FieldSource]| {
        sources.iter().map(|source| (source.clone(), name.to_owned())).collect::<Vec<_>>()
    };
    let own = [
        named(office().provenance_place, &of.place_sources),
        named(office().provenance_class, &of.sources),
    ];
    let all: Vec<_> = own
        .into_iter()
        .chain(of.teachers.iter().map(|teacher| named(&teacher.name, &teacher.sources)))
        .flatten()
        .collect();
    let lines = group_by_source(all.iter().map(|(source, what)| (source, what.clone())))
        .into_iter()
        .map(|group| {
            let things = group.fields.join(", ");
            view! { <span class="said">{source_label(group.source)}<span>{things}</span></span> }
        });
    let lines = lines.collect_view();
    view! {
        <li>
            <strong>{of.title.clone()}</strong>
            <span>
                {if all.is_empty() {
                    office().provenance_none.into_any()
                } else {
                    lines.into_any()
                }}
            </span>
        </li>
    }
}

fn source_label(source: &FieldSource) -> impl IntoView + use<> {
    let text = match source.kind.as_str() {
        "file" => office().provenance_file,
        "program" => office().provenance_api_client,
        "staff" => office().provenance_staff,
        _ => office().provenance_provider,
    };
    let name = fill(text, &[("name", &source.name)]);
    view! {
        <span class="who">
            <span class="address">{name}</span>
            <span class="soft">{format_moment(&source.at)}</span>
        </span>
    }
}

/// Formats a moment: `1 September 2026, 06:00`.
fn format_moment(at: &Moment) -> String {
    let day = time_format::format_date(at);
    // For a day long past the year matters more than the weekday.
    let day = day.split_once(' ').map_or(day.as_str(), |(_, day)| day);
    format!("{day} {}, {}", at.year(), time_format::format_time(at))
}

/// Groups the values by source and time, the latest group first.
fn group_by_source<'s>(
    all: impl Iterator<Item = (&'s FieldSource, String)>,
) -> Vec<SourceGroup<'s>> {
    let mut groups: Vec<SourceGroup<'s>> = Vec::new();
    for (source, what) in all {
        match groups.iter_mut().find(|group| {
            (&group.source.name, &group.source.kind, &group.source.at)
                == (&source.name, &source.kind, &source.at)
        }) {
            Some(group) if group.fields.contains(&what) => {}
            Some(group) => group.fields.push(what),
            None => groups.push(SourceGroup { source, fields: vec![what] }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.source.at));
    groups
}

fn field_label(name: &str) -> &'static str {
    let texts = office();
    match name {
        "honorific" => texts.field_honorific,
        "given_name" => texts.field_given_name,
        "family_name" => texts.field_family_name,
        "email" => texts.field_email,
        "roles" => texts.field_roles,
        "relationship" => texts.field_relationship,
        "priority" => texts.field_priority,
        "lives_with" => texts.field_lives_with,
        "contact_allowed" => texts.field_contact_allowed,
        "court_order" => texts.field_court_order,
        _ => texts.field_other,
    }
}
