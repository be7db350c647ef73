//! Existing people, classes and links that a push refers to. Read-only.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use parlour_domain::id::SchoolId;
use parlour_roster::{ExistingLink, ExistingRecords, Push};

use super::rows::GuardianshipRow;
use crate::{
    schema::{classes, guardianships, people, schools},
    store::{
        Db, Result,
        sql_types::{Key, key},
    },
};

/// Loads the existing people, classes and links that a push refers to.
///
/// # Errors
/// Errors of the database.
pub fn look_up(db: &mut Db, school: SchoolId, push: &Push) -> Result<ExistingRecords> {
    let named = ReferencedIds::by(push);
    let all =
        people::table.filter(people::school_id.eq(key(school)).and(people::removed_at.is_null()));
    let of_names = all.filter(people::sourced_id.eq_any(&named.people)).select((
        people::id,
        people::sourced_id,
        people::source_role,
    ));
    let rows: Vec<(Key, String, String)> = of_names.load(db)?;
    let mut ids: BTreeMap<Key, String> =
        rows.iter().map(|(id, name, _)| (*id, name.clone())).collect();
    let mut known = ExistingRecords {
        people: rows.into_iter().map(|(_, name, roles)| (name, role_names(&roles))).collect(),
        ..ExistingRecords::default()
    };
    known.classes = classes::table
        .filter(
            classes::school_id
                .eq(key(school))
                .and(classes::removed_at.is_null())
                .and(classes::sourced_id.eq_any(&named.classes)),
        )
        .select(classes::sourced_id)
        .load(db)?
        .into_iter()
        .collect();
    let links = links(db, push, &ids)?;
    // The students of pushed contacts; the push does not name them.
    let unnamed: BTreeSet<Key> =
        links.iter().map(|link| link.student_id).filter(|id| !ids.contains_key(id)).collect();
    for (id, name, roles) in all
        .filter(people::id.eq_any(unnamed))
        .select((people::id, people::sourced_id, people::source_role))
        .load::<(Key, String, String)>(db)?
    {
        known.people.insert(name.clone(), role_names(&roles));
        ids.insert(id, name);
    }
    known.links = links.into_iter().filter_map(|link| known_link(&ids, link)).collect();
    Ok(known)
}

/// Finds which of these people are staff now.
///
/// # Errors
/// Errors of the database.
pub fn staff_in(db: &mut Db, school: SchoolId, ids: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
    let staff = people::table.filter(
        people::school_id
            .eq(key(school))
            .and(people::is_staff.eq(true))
            .and(people::removed_at.is_null()),
    );
    let named: Vec<String> = staff
        .filter(people::sourced_id.eq_any(ids.iter().copied()))
        .select(people::sourced_id)
        .load(db)?;
    Ok(named.into_iter().collect())
}

/// The school's id in the roster.
///
/// # Errors
/// Errors of the database.
pub fn sourced_id(db: &mut Db, school: SchoolId) -> Result<String> {
    Ok(schools::table.find(key(school)).select(schools::sourced_id).first(db)?)
}

/// Roster ids of the people and classes that a push names, and of the students of the contacts that
/// it names.
#[derive(Debug, Clone, Default)]
pub struct PushedIds {
    pub(super) people: BTreeSet<String>,
    pub(super) classes: BTreeSet<String>,
}

impl PushedIds {
    /// Collects the ids that the push names, whether or not they exist, and those of its existing
    /// people.
    #[must_use]
    pub fn of(push: &Push, known: &ExistingRecords) -> Self {
        let named = ReferencedIds::by(push);
        let people = named.people.into_iter().chain(known.people.keys().map(String::as_str));
        Self {
            people: people.map(str::to_owned).collect(),
            classes: named.classes.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Ids that the rows of a push name.
#[derive(Default)]
struct ReferencedIds<'p> {
    people: BTreeSet<&'p str>,
    classes: BTreeSet<&'p str>,
}

impl<'p> ReferencedIds<'p> {
    fn by(push: &'p Push) -> Self {
        let mut named = Self::default();
        match push {
            Push::People(rows) => {
                named.people.extend(rows.iter().map(|(_, row)| row.sourced_id.as_str()))
            }
            Push::Classes(rows) => {
                named.classes.extend(rows.iter().map(|(_, row)| row.sourced_id.as_str()))
            }
            Push::Enrolments(rows) => {
                named.people.extend(rows.iter().map(|(_, row)| row.person.as_str()));
                named.classes.extend(rows.iter().map(|(_, row)| row.class.as_str()));
            }
            Push::Guardianships(rows) => named.people.extend(
                rows.iter().flat_map(|(_, row)| [row.parent.as_str(), row.student.as_str()]),
            ),
        }
        named
    }
}

/// Loads the live links of contacts: all links of pushed people, or the links between the people
/// that pushed guardianships name.
fn links(db: &mut Db, push: &Push, ids: &BTreeMap<Key, String>) -> Result<Vec<GuardianshipRow>> {
    let of_contacts = guardianships::table
        .filter(
            guardianships::parent_id
                .eq_any(ids.keys().copied())
                .and(guardianships::removed_at.is_null()),
        )
        .select(GuardianshipRow::as_select());
    Ok(match push {
        Push::People(_) => of_contacts.load(db)?,
        Push::Guardianships(_) => {
            of_contacts.filter(guardianships::student_id.eq_any(ids.keys().copied())).load(db)?
        }
        Push::Classes(_) | Push::Enrolments(_) => Vec::new(),
    })
}

fn known_link(ids: &BTreeMap<Key, String>, link: GuardianshipRow) -> Option<ExistingLink> {
    Some(ExistingLink {
        parent: ids.get(&link.parent_id)?.clone(),
        student: ids.get(&link.student_id)?.clone(),
        relationship: link.relationship,
        priority: link.priority.and_then(|number| number.try_into().ok()),
        lives_with: link.lives_with,
        contact_allowed: link.contact_allowed,
    })
}

/// Splits the role names that an import has joined.
fn role_names(joined: &str) -> Vec<String> {
    joined.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
