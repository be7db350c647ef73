//! Where the values of a parent, of their students' contact and of the students' classes come from, for the office: who said so last, and when.

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
    fields: Vec<&'static str>,
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
    let contact = section(fill(office().origins_contact, &[("student", &of.student.name)]), &of.sources);
    let classes = of.classes.iter().map(of_class).collect_view();
    view! {
        {contact}
        {(!of.classes.is_empty()).then(|| view! {
            <h3>{fill(office().origins_classes, &[("student", &of.student.name)])}</h3>
            <ul>{classes}</ul>
        })}
    }
}

fn section(title: String, sources: &[FieldSource]) -> impl IntoView + use<> {
    let lines = grouped(sources).into_iter().map(|origin| {
        let fields = origin.fields.join(", ");
        view! { <li>{who(origin.source)}<span>{fields}</span></li> }
    });
    let lines = lines.collect_view();
    view! {
        <h3>{title}</h3>
        {if sources.is_empty() { view! { <p>{office().origins_none}</p> }.into_any() } else { view! { <ul>{lines}</ul> }.into_any() }}
    }
}

fn of_class(of: &StudentClass) -> impl IntoView + use<> {
    let place = said(office().origins_place.to_owned(), &of.place_sources);
    let class = said(office().origins_class.to_owned(), &of.sources);
    let teachers = of.teachers.iter().map(|teacher| said(teacher.name.clone(), &teacher.sources)).collect_view();
    view! {
        <li>
            <strong>{of.title.clone()}</strong>
            <span>{place}{class}{teachers}</span>
        </li>
    }
}

/// What the sources said of one thing: who, and when.
fn said(what: String, sources: &[FieldSource]) -> impl IntoView + use<> {
    let all = grouped(sources).into_iter().map(|origin| who(origin.source)).collect_view();
    let unknown = sources.is_empty().then_some(office().origins_none);
    view! { <span class="said"><span>{what}</span>{all}<span class="soft">{unknown}</span></span> }
}

fn who(source: &FieldSource) -> impl IntoView + use<> {
    let text = match source.kind.as_str() {
        "file" => office().origin_file,
        "program" => office().origin_program,
        "staff" => office().origin_staff,
        _ => office().origin_provider,
    };
    let name = fill(text, &[("name", &source.name)]);
    view! { <span class="address">{name}" "<span class="soft">{when(&source.at)}</span></span> }
}

/// `1 September 2026, 06:00`
fn when(at: &Moment) -> String {
    let day = moments::day(at);
    // The weekday says little of a day that is long past; the year does.
    let day = day.split_once(' ').map_or(day.as_str(), |(_, day)| day);
    format!("{day} {}, {}", at.year(), moments::clock(at))
}

/// Values by who set them at one time, the latest first.
fn grouped(sources: &[FieldSource]) -> Vec<Origin<'_>> {
    let mut all: Vec<Origin<'_>> = Vec::new();
    for source in sources {
        let field = field(&source.field);
        match all.iter_mut().find(|origin| (&origin.source.name, &origin.source.kind, &origin.source.at) == (&source.name, &source.kind, &source.at)) {
            Some(origin) => origin.fields.push(field),
            None => all.push(Origin { source, fields: vec![field] }),
        }
    }
    all.sort_by_key(|origin| std::cmp::Reverse(origin.source.at));
    all
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
