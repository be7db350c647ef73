//! Where the values of a parent, of their students' contact and of the students' classes come from,
//! for the office: who said so last, and when.

use chrono::Datelike;
use leptos::prelude::*;
use parlour_wire::{FieldSource, LinkedStudent, Moment, Parent, StudentClass};

use crate::{
    components::{Icon, Shape},
    moments,
    texts::{fill, office},
};

/// What one source said at one time.
struct Origin<'s> {
    source: &'s FieldSource,
    said: Vec<String>,
}

/// Opened by whoever wonders who said so.
pub(super) fn origins(of: &Parent) -> impl IntoView + use<> {
    let own = section(of.name.clone(), &of.sources);
    let students = of.students.iter().map(of_student).collect_view();
    view! {
        <details class="history origins">
            <summary>
                <Icon shape=Shape::Clock />
                {office().origins}
            </summary>
            <p class="soft">{office().origins_what}</p>
            {own}
            {students}
        </details>
    }
}

fn of_student(of: &LinkedStudent) -> impl IntoView + use<> {
    let contact =
        section(fill(office().origins_contact, &[("student", &of.student.name)]), &of.sources);
    let classes = of.classes.iter().map(of_class).collect_view();
    view! {
        {contact}
        {(!of.classes.is_empty())
            .then(|| {
                view! {
                    <h3>{fill(office().origins_classes, &[("student", &of.student.name)])}</h3>
                    <ul>{classes}</ul>
                }
            })}
    }
}

fn section(title: String, sources: &[FieldSource]) -> impl IntoView + use<> {
    let lines = grouped(sources.iter().map(|source| (source, field(&source.field).to_owned())))
        .into_iter()
        .map(|origin| {
            let fields = origin.said.join(", ");
            view! { <li>{who(origin.source)}<span>{fields}</span></li> }
        });
    let lines = lines.collect_view();
    view! {
        <h3>{title}</h3>
        {if sources.is_empty() {
            view! { <p>{office().origins_none}</p> }.into_any()
        } else {
            view! { <ul>{lines}</ul> }.into_any()
        }}
    }
}

/// A class: who put the student there, who said that there is one, who said that its teachers teach
/// it.
fn of_class(of: &StudentClass) -> impl IntoView + use<> {
    let named = |name: &str, sources: &'_ [FieldSource]| {
        sources.iter().map(|source| (source.clone(), name.to_owned())).collect::<Vec<_>>()
    };
    let own = [
        named(office().origins_place, &of.place_sources),
        named(office().origins_class, &of.sources),
    ];
    let all: Vec<_> = own
        .into_iter()
        .chain(of.teachers.iter().map(|teacher| named(&teacher.name, &teacher.sources)))
        .flatten()
        .collect();
    let lines = grouped(all.iter().map(|(source, what)| (source, what.clone()))).into_iter().map(
        |origin| {
            let things = origin.said.join(", ");
            view! { <span class="said">{who(origin.source)}<span>{things}</span></span> }
        },
    );
    let lines = lines.collect_view();
    view! {
        <li>
            <strong>{of.title.clone()}</strong>
            <span>
                {if all.is_empty() { office().origins_none.into_any() } else { lines.into_any() }}
            </span>
        </li>
    }
}

fn who(source: &FieldSource) -> impl IntoView + use<> {
    let text = match source.kind.as_str() {
        "file" => office().origin_file,
        "program" => office().origin_program,
        "staff" => office().origin_staff,
        _ => office().origin_provider,
    };
    let name = fill(text, &[("name", &source.name)]);
    view! {
        <span class="who">
            <span class="address">{name}</span>
            <span class="soft">{when(&source.at)}</span>
        </span>
    }
}

/// `1 September 2026, 06:00`
fn when(at: &Moment) -> String {
    let day = moments::day(at);
    // The weekday says little of a day that is long past; the year does.
    let day = day.split_once(' ').map_or(day.as_str(), |(_, day)| day);
    format!("{day} {}, {}", at.year(), moments::clock(at))
}

/// What was said by who said it at one time, the latest first.
fn grouped<'s>(all: impl Iterator<Item = (&'s FieldSource, String)>) -> Vec<Origin<'s>> {
    let mut origins: Vec<Origin<'s>> = Vec::new();
    for (source, what) in all {
        match origins.iter_mut().find(|origin| {
            (&origin.source.name, &origin.source.kind, &origin.source.at)
                == (&source.name, &source.kind, &source.at)
        }) {
            Some(origin) if origin.said.contains(&what) => {}
            Some(origin) => origin.said.push(what),
            None => origins.push(Origin { source, said: vec![what] }),
        }
    }
    origins.sort_by_key(|origin| std::cmp::Reverse(origin.source.at));
    origins
}

fn field(name: &str) -> &'static str {
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
