//! Choice of the school's classes that take part in an evening.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use parlour_domain::{evening::Mode, id::ClassId};

use super::{ClassRule, Meet, SpecError};

/// Maximum number of a class's teachers who take part together (I11).
const MAX_TEACHERS: usize = 3;

/// A class of the school as an evening's rules see it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct SchoolClass {
    pub id: ClassId,
    pub sourced_id: String,
    pub title: String,
    pub subject: String,
    /// Number of people that teach it now.
    pub teachers: usize,
    /// Number of students it has now.
    pub students: usize,
}

/// The kind of members that a class lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Lack {
    Teachers,
    Students,
}

impl Lack {
    /// The name in the database and in texts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teachers => "teachers",
            Self::Students => "students",
        }
    }

    /// Parses the name in the database.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "teachers" { Self::Teachers } else { Self::Students }
    }
}

/// A class that was chosen but can't take part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LeftOut {
    /// Its title and id.
    pub class: String,
    /// The kind of members that it lacks.
    pub lacks: Lack,
    /// The class's id.
    pub id: ClassId,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no {}", self.class, self.lacks.as_str())
    }
}

/// The classes that take part, and the chosen ones that can't.
#[derive(PartialEq, Eq, Debug)]
pub struct Choice {
    /// The classes that take part, with whether they meet by video.
    pub chosen: BTreeMap<ClassId, bool>,
    /// The chosen classes that can't take part, by title.
    pub left_out: Vec<LeftOut>,
}

/// Applies every rule to the school's classes.
///
/// # Errors
/// [`SpecError`] for the first rule that is invalid or chooses a class that is too large; one for
/// `classes` when no class takes part.
pub fn choose(
    rules: &[ClassRule],
    classes: &[SchoolClass],
    mode: Mode,
    capacity: u32,
) -> Result<Choice, SpecError> {
    let mut choice = Choice { chosen: BTreeMap::new(), left_out: Vec::new() };
    for (number, rule) in (1..).zip(rules) {
        let video = video(number, rule, mode)?;
        for class in matching(number, rule, classes)? {
            let lack = if class.teachers == 0 {
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
                        return Err(SpecError::of_rule(number, None, "contradiction", text));
                    }
                }
            }
        }
    }
    choice.left_out.sort();
    choice.left_out.dedup();
    if choice.chosen.is_empty() {
        return Err(SpecError::new(
            "classes",
            "no_class",
            "no class takes part; choose at least one that has teachers and students",
        ));
    }
    Ok(choice)
}

fn video(number: usize, rule: &ClassRule, mode: Mode) -> Result<bool, SpecError> {
    let meet = |code, text: &str| Err(SpecError::of_rule(number, Some("meet"), code, text));
    match (mode, rule.meet) {
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
    rule: &ClassRule,
    classes: &'c [SchoolClass],
) -> Result<Vec<&'c SchoolClass>, SpecError> {
    let by_id: BTreeMap<&str, &SchoolClass> =
        classes.iter().map(|class| (class.sourced_id.as_str(), class)).collect();
    for (key, ids) in [("ids", &rule.ids), ("exclude_ids", &rule.exclude_ids)] {
        if let Some(id) = ids.iter().find(|id| !by_id.contains_key(id.as_str())) {
            return Err(SpecError::of_rule(
                number,
                Some(key),
                "unknown",
                format!("no class {id:?} is in the school's roster; give the class's sourcedId"),
            ));
        }
    }
    let (subjects, titles) = (&rule.subjects, &rule.titles);
    let has_rule = !subjects.is_empty() || !titles.is_empty();
    if rule.all && (has_rule || !rule.ids.is_empty()) {
        return Err(SpecError::of_rule(
            number,
            None,
            "contradiction",
            "all = true chooses every class; leave it out, or leave out ids, subjects and titles",
        ));
    }
    if !rule.all && !has_rule && rule.ids.is_empty() {
        return Err(SpecError::of_rule(
            number,
            None,
            "required",
            "chooses nothing; give ids, subjects, titles or all = true",
        ));
    }
    if let Some(subject) =
        subjects.iter().find(|subject| !classes.iter().any(|class| same(subject, &class.subject)))
    {
        return Err(SpecError::of_rule(
            number,
            Some("subjects"),
            "unknown",
            format!("no class has the subject {subject:?}; it must be spelt as in the roster"),
        ));
    }
    let fits = |class: &SchoolClass| {
        let subject =
            subjects.is_empty() || subjects.iter().any(|subject| same(subject, &class.subject));
        let title = titles.is_empty() || titles.iter().any(|title| is_like(title, &class.title));
        rule.all || (has_rule && subject && title)
    };
    let excluded: BTreeSet<&str> = rule.exclude_ids.iter().map(String::as_str).collect();
    let found = classes
        .iter()
        .filter(|class| fits(class) || rule.ids.contains(&class.sourced_id))
        .filter(|class| !excluded.contains(class.sourced_id.as_str()));
    let found: Vec<&SchoolClass> = found.collect();
    if found.is_empty() {
        return Err(SpecError::of_rule(
            number,
            None,
            "no_class",
            "no class matches; compare its rules with the titles and subjects of the roster",
        ));
    }
    Ok(found)
}

/// Refuses a class that a call could not hold (I11).
///
/// # Errors
/// [`SpecError`] for `classes` or `capacity`.
pub fn check_size(class: &SchoolClass, capacity: u32) -> Result<(), SpecError> {
    let teachers = class.teachers;
    if teachers > MAX_TEACHERS {
        let text = format!(
            "{} has {teachers} teachers and at most {MAX_TEACHERS} take part together; end some \
             of their enrolments or exclude it",
            named(class)
        );
        return Err(SpecError::new("classes", "range", text));
    }
    if teachers + 1 > capacity as usize {
        let text = format!(
            "{} has {teachers} teachers, so with one parent {} people; a call holds {capacity}. \
             Raise it or exclude the class",
            named(class),
            teachers + 1
        );
        return Err(SpecError::new("capacity", "range", text));
    }
    Ok(())
}

fn named(class: &SchoolClass) -> String {
    format!("{} ({})", class.title, class.sourced_id)
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Returns whether a text matches a pattern: `*` stands for any text, `?` for one character, case
/// does not count.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
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
