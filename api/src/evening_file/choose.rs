//! Which classes take part in an evening, by the rules of its file. Pure: the school's classes are
//! an argument.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use parlour_domain::{evening::Mode, id::ClassId};

use super::{
    Place, Problem,
    file::{Entry, Meet},
};
use crate::store::evening_setup::{Lack, SchoolClass};

/// The most teachers of a class who take part together.
const MAX_TEACHERS: usize = 3;

/// A class that was chosen but can't take part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LeftOut {
    /// Its title and id.
    pub class: String,
    /// It has nobody of this kind.
    pub lacks: Lack,
    /// The class.
    pub id: ClassId,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no {}", self.class, self.lacks.as_str())
    }
}

/// The classes that take part, with whether they meet by video, and those that were chosen in vain.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Choice {
    pub chosen: BTreeMap<ClassId, bool>,
    pub left_out: Vec<LeftOut>,
}

/// Applies every entry to the school's classes.
pub(super) fn choose(
    entries: &[Entry],
    classes: &[SchoolClass],
    mode: Mode,
    capacity: u32,
) -> Result<Choice, Problem> {
    let mut choice = Choice { chosen: BTreeMap::new(), left_out: Vec::new() };
    for (number, entry) in (1..).zip(entries) {
        let video = video(number, entry, mode)?;
        for class in matching(number, entry, classes)? {
            let lack = if class.teachers.is_empty() {
                Some(Lack::Teachers)
            } else {
                (class.students == 0).then_some(Lack::Students)
            };
            match lack {
                Some(lacks) => {
                    choice.left_out.push(LeftOut { class: named(class), lacks, id: class.id })
                }
                None => {
                    check_size(class, capacity)?;
                    if choice.chosen.insert(class.id, video).is_some_and(|before| before != video) {
                        let text = format!(
                            "{} is to meet by video in one entry and in person in another; \
                             exclude it from one with exclude_ids",
                            named(class)
                        );
                        return Err(Problem::at(Place::Entry(number, None), "contradiction", text));
                    }
                }
            }
        }
    }
    choice.left_out.sort();
    choice.left_out.dedup();
    if choice.chosen.is_empty() {
        return Err(Problem::new(
            "classes",
            "no_class",
            "no class takes part; choose at least one that has teachers and students",
        ));
    }
    Ok(choice)
}

fn video(number: usize, entry: &Entry, mode: Mode) -> Result<bool, Problem> {
    let meet = |code, text: &str| Err(Problem::at(Place::Entry(number, Some("meet")), code, text));
    match (mode, entry.meet) {
        (Mode::Hybrid, None) => {
            meet("required", "is missing; in a hybrid evening say \"video\" or \"in_person\"")
        }
        (Mode::Video, Some(Meet::InPerson)) => meet(
            "contradiction",
            "says in_person, but the evening's mode is video; make the mode hybrid or leave meet \
             out",
        ),
        (Mode::InPerson, Some(Meet::Video)) => meet(
            "contradiction",
            "says video, but the evening's mode is in_person; make the mode hybrid or leave meet \
             out",
        ),
        (Mode::Video, _) | (Mode::Hybrid, Some(Meet::Video)) => Ok(true),
        (Mode::InPerson, _) | (Mode::Hybrid, Some(Meet::InPerson)) => Ok(false),
    }
}

fn matching<'c>(
    number: usize,
    entry: &Entry,
    classes: &'c [SchoolClass],
) -> Result<Vec<&'c SchoolClass>, Problem> {
    let by_id: BTreeMap<&str, &SchoolClass> =
        classes.iter().map(|class| (class.sourced_id.as_str(), class)).collect();
    for (key, ids) in [("ids", &entry.ids), ("exclude_ids", &entry.exclude_ids)] {
        if let Some(id) = ids.iter().find(|id| !by_id.contains_key(id.as_str())) {
            return Err(Problem::at(
                Place::Entry(number, Some(key)),
                "unknown",
                format!("no class {id:?} is in the school's roster; give the class's sourcedId"),
            ));
        }
    }
    let (subjects, titles) = (&entry.subjects.0, &entry.titles.0);
    let has_rule = !subjects.is_empty() || !titles.is_empty();
    if entry.all && (has_rule || !entry.ids.is_empty()) {
        return Err(Problem::at(
            Place::Entry(number, None),
            "contradiction",
            "all = true chooses every class; leave it out, or leave out ids, subjects and titles",
        ));
    }
    if !entry.all && !has_rule && entry.ids.is_empty() {
        return Err(Problem::at(
            Place::Entry(number, None),
            "required",
            "chooses nothing; give ids, subjects, titles or all = true",
        ));
    }
    if let Some(subject) =
        subjects.iter().find(|subject| !classes.iter().any(|class| same(subject, &class.subject)))
    {
        return Err(Problem::at(
            Place::Entry(number, Some("subjects")),
            "unknown",
            format!("no class has the subject {subject:?}; it must be spelt as in the roster"),
        ));
    }
    let fits = |class: &SchoolClass| {
        let subject =
            subjects.is_empty() || subjects.iter().any(|subject| same(subject, &class.subject));
        let title = titles.is_empty() || titles.iter().any(|title| is_like(title, &class.title));
        entry.all || (has_rule && subject && title)
    };
    let excluded: BTreeSet<&str> = entry.exclude_ids.iter().map(String::as_str).collect();
    let found = classes
        .iter()
        .filter(|class| fits(class) || entry.ids.contains(&class.sourced_id))
        .filter(|class| !excluded.contains(class.sourced_id.as_str()));
    let found: Vec<&SchoolClass> = found.collect();
    if found.is_empty() {
        return Err(Problem::at(
            Place::Entry(number, None),
            "no_class",
            "no class matches; compare its rules with the titles and subjects of the roster",
        ));
    }
    Ok(found)
}

/// Refuses a class that a call could not hold (I11).
pub(super) fn check_size(class: &SchoolClass, capacity: u32) -> Result<(), Problem> {
    let teachers = class.teachers.len();
    if teachers > MAX_TEACHERS {
        let text = format!(
            "{} has {teachers} teachers and at most {MAX_TEACHERS} take part together; end some \
             of their enrolments or exclude it",
            named(class)
        );
        return Err(Problem::new("classes", "range", text));
    }
    if teachers + 1 > capacity as usize {
        let text = format!(
            "{} has {teachers} teachers, so with one parent {} people; a call holds {capacity}. \
             Raise it or exclude the class",
            named(class),
            teachers + 1
        );
        return Err(Problem::new("capacity", "range", text));
    }
    Ok(())
}

fn named(class: &SchoolClass) -> String {
    format!("{} ({})", class.title, class.sourced_id)
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Whether a text is like a pattern: `*` stands for any text, `?` for one character, case does not
/// count.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (
        pattern.trim().to_lowercase().chars().collect(),
        text.trim().to_lowercase().chars().collect(),
    );
    // `reach[i]` tells whether the pattern so far can end before the text's character `i`.
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        for end in 0..=text.len() {
            next[end] = match symbol {
                '*' => reach[end] || (end > 0 && next[end - 1]),
                '?' => end > 0 && reach[end - 1],
                symbol => end > 0 && reach[end - 1] && text[end - 1] == symbol,
            };
        }
        reach = next;
    }
    reach[text.len()]
}
