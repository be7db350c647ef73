//! Assembly of schools from a draft: it resolves every reference and reports the dangling ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::classes::{place_classes, place_enrolments};
use crate::collections::Collection;
use crate::contacts::{self, Pairs};
use crate::draft::{ContactMetadata, RosterDraft, User};
use crate::error::{ReadError, Refusal};
use crate::finding::{Findings, Location, Reason, quoted};
use crate::members::{self, Members};
use crate::model::{
    Enrolment, EnrolmentRole, Guardianship, Mode, Person, PersonBar, Removed, Roles, Roster,
    School, Unread,
};
use crate::role::{self, RoleKind};

/// The selection of schools in a roster.
#[derive(Clone, Copy)]
pub(crate) enum SchoolFilter<'o> {
    /// All schools.
    All,
    /// The school with this id or exact name. Nothing is reported about the others.
    One(&'o str),
    /// The schools with these ids or exact names. Data of the others is reported as not used.
    Listed(&'o [String]),
}

impl<'o> SchoolFilter<'o> {
    pub(crate) fn asked(asked: Option<&'o str>) -> Self {
        asked.map_or(Self::All, Self::One)
    }

    pub(crate) const fn listed(listed: &'o [String]) -> Self {
        if listed.is_empty() { Self::All } else { Self::Listed(listed) }
    }

    /// The ids or names that were asked for.
    fn names(self) -> Vec<&'o str> {
        match self {
            Self::All => Vec::new(),
            Self::One(asked) => vec![asked],
            Self::Listed(listed) => listed.iter().map(String::as_str).collect(),
        }
    }
}

/// Builds the roster of the selected schools.
pub(crate) fn assemble(
    mut draft: RosterDraft,
    only: SchoolFilter<'_>,
    mut findings: Findings,
) -> Result<Roster, Refusal> {
    let ids = members::schools(&draft, &only.names(), &mut findings);
    let chosen = match only {
        SchoolFilter::All => choose(&draft, &ids, None),
        SchoolFilter::One(asked) => choose(&draft, &ids, Some(asked)),
        SchoolFilter::Listed(listed) => choose_listed(&draft, &ids, listed, &mut findings),
    };
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(error) => return Err(Refusal::new(error, findings)),
    };
    exclude_unread_people(&mut draft);
    let mut classes = place_classes(&draft, &ids, &mut findings);
    let mut enrolments = place_enrolments(&draft, &ids, &mut findings);
    let mut pairs = contacts::pair_guardianships(&draft, &mut findings);
    contacts::bar_by_unread_rows(&draft, &mut pairs);
    let members = members::collect_members(&draft, &ids, &enrolments, &pairs, &mut findings);
    if let SchoolFilter::Listed(_) = only {
        for id in ids.iter().filter(|id| !chosen.contains(id)) {
            report_other_school(
                &draft,
                id,
                members.of_school(id).count(),
                classes.get(id).map_or(0, Vec::len),
                &mut findings,
            );
        }
    }
    let mut schools = Vec::new();
    for id in chosen {
        let mut school =
            school(&draft, &id, &members, &pairs, enrolments.remove(&id).unwrap_or_default());
        school.classes = classes.remove(&id).unwrap_or_default();
        schools.push(school);
    }
    let lacking = findings.take_missing_data();
    let (findings, findings_left_out) = findings.into_sorted();
    let (format, coverage) = (draft.format, draft.coverage);
    let unread = unread(&mut draft, members.unclear);
    let links_without_student =
        pairs.into_keys().filter(|(_, student)| draft.users.get(student).is_none()).collect();
    Ok(Roster {
        format,
        coverage,
        schools,
        removed: removed(draft, links_without_student),
        unread,
        lacking,
        findings,
        findings_left_out,
    })
}

/// Removes people with unreadable roles: they stay as they were, including their roles.
fn exclude_unread_people(draft: &mut RosterDraft) {
    for id in draft.people_of_unread_roles.iter().flatten() {
        if let Some(user) = draft.users.rows.remove(id) {
            // A bar applies even if the rest of the person's row is unreadable.
            draft.bars_of_unread.entry(id.clone()).or_default().add_bars(&user.contact);
            draft.users.unread.insert(id.clone());
        }
    }
}

fn unread(draft: &mut RosterDraft, unclear: BTreeSet<String>) -> Unread {
    let of_rows = draft.users.rows.iter().map(|(id, user)| (id, &user.contact));
    let mut bars: BTreeMap<&String, ContactMetadata> = BTreeMap::new();
    for (id, facts) in of_rows.chain(&draft.bars_of_unread).filter(|(_, facts)| facts.is_bar()) {
        bars.entry(id).or_default().add_bars(facts);
    }
    let bar = |(id, facts): (&String, ContactMetadata)| PersonBar {
        person_id: id.clone(),
        contact_barred: facts.barred == Some(true),
        court_order: facts.court_order == Some(true),
    };
    let bars = bars.into_iter().map(bar).collect();
    let mut unread = std::mem::take(&mut draft.unread);
    unread.bars = bars;
    unread.person_ids = std::mem::take(&mut draft.users.unread);
    unread.person_ids.extend(unclear);
    unread.class_ids = std::mem::take(&mut draft.classes.unread);
    unread
}

fn choose(
    draft: &RosterDraft,
    ids: &BTreeSet<String>,
    only: Option<&str>,
) -> Result<Vec<String>, ReadError> {
    let name = |id: &str| draft.orgs.get(id).map_or("", |org| org.name.as_str());
    let chosen: Vec<String> = match only {
        None => ids.iter().cloned().collect(),
        Some(asked) if ids.contains(asked) => vec![asked.to_owned()],
        Some(asked) => ids.iter().filter(|id| name(id) == asked).cloned().collect(),
    };
    // A delta may contain no school at all, and a name that matches two schools is ambiguous.
    let enough = match only {
        None => !chosen.is_empty() || draft.coverage.orgs != Mode::Bulk,
        Some(_) => chosen.len() == 1,
    };
    if enough {
        return Ok(chosen);
    }
    const SHOWN: usize = 20;
    let known: Vec<String> =
        ids.iter().take(SHOWN).map(|id| format!("{id} ({})", name(id))).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let others = draft.orgs.rows.iter().filter(|(id, _)| !ids.contains(*id)).take(SHOWN);
    let others: Vec<String> =
        others.map(|(id, org)| format!("{id} ({}, {})", org.name, org.kind)).collect();
    Err(ReadError::NoSuchSchool {
        asked: only.map(str::to_owned),
        known,
        others: others.join(", "),
    })
}

/// Selects the listed schools that the roster contains; missing ones stay as they were and are
/// reported. If all are missing, the roster is refused.
fn choose_listed(
    draft: &RosterDraft,
    ids: &BTreeSet<String>,
    listed: &[String],
    findings: &mut Findings,
) -> Result<Vec<String>, ReadError> {
    let mut chosen = BTreeSet::new();
    let mut refusal = None;
    for asked in listed {
        match choose(draft, ids, Some(asked)) {
            Ok(found) => chosen.extend(found),
            Err(error) => {
                let message = format!(
                    "the school {} is listed for this source and not in the roster; it stays as \
                     it was",
                    quoted(asked)
                );
                findings.report(
                    Location { file: Collection::Orgs.name(), line: 0 },
                    Reason::Dangling,
                    message,
                );
                refusal = Some(error);
            }
        }
    }
    match refusal {
        Some(error) if chosen.is_empty() => Err(error),
        _ => Ok(chosen.into_iter().collect()),
    }
}

fn report_other_school(
    draft: &RosterDraft,
    id: &str,
    people: usize,
    classes: usize,
    findings: &mut Findings,
) {
    let org = draft.orgs.get(id);
    let name = org.map(|org| format!(" ({})", org.name)).unwrap_or_default();
    let message = format!(
        "the school {}{name} is not listed for this source; what it has is not used ({people} \
         people, {classes} classes)",
        quoted(id)
    );
    let at = org.map_or(Location { file: Collection::Orgs.name(), line: 0 }, |org| org.at);
    findings.report(at, Reason::OtherOrg, message);
}

fn school(
    draft: &RosterDraft,
    id: &str,
    members: &Members,
    pairs: &Pairs,
    enrolments: Vec<Enrolment>,
) -> School {
    let people: BTreeSet<&str> = members.of_school(id).map(|(person, _)| person.as_str()).collect();
    let guardianships = guardianships(draft, &people, pairs);
    let contacts: BTreeSet<&str> =
        guardianships.iter().map(|pair| pair.parent_id.as_str()).collect();
    let teachers: BTreeSet<&str> = enrolments
        .iter()
        .filter(|e| e.role == EnrolmentRole::Teacher)
        .map(|e| e.person_id.as_str())
        .collect();
    let mut users_by_role: BTreeMap<String, u64> = BTreeMap::new();
    let mut persons = Vec::new();
    for (person, names) in members.of_school(id) {
        let Some(user) = draft.users.get(person) else { continue };
        for name in names {
            *users_by_role.entry(name.clone()).or_default() += 1;
        }
        let mut roles = roles(names);
        roles.parent |= contacts.contains(person.as_str());
        roles.teacher |= teachers.contains(person.as_str());
        persons.push(self::person(person, user, roles, names));
    }
    School {
        sourced_id: id.to_owned(),
        name: draft.orgs.get(id).map(|org| org.name.clone()),
        users_by_role,
        people: persons,
        guardianships,
        classes: Vec::new(),
        enrolments,
    }
}

/// The guardianships of the school's students, and those of its contacts with students whom a delta
/// does not contain.
fn guardianships(draft: &RosterDraft, people: &BTreeSet<&str>, pairs: &Pairs) -> Vec<Guardianship> {
    let here = |pair: &&Guardianship| {
        let student_known = draft.users.get(&pair.student_id).is_some();
        people.contains(if student_known {
            pair.student_id.as_str()
        } else {
            pair.parent_id.as_str()
        })
    };
    pairs.values().filter(here).cloned().collect()
}

fn person(id: &str, user: &User, roles: Roles, names: &BTreeSet<String>) -> Person {
    Person {
        sourced_id: id.to_owned(),
        honorific: user.honorific.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        email: user.email.clone(),
        roles,
        role_names: names.iter().cloned().collect(),
    }
}

fn roles(names: &BTreeSet<String>) -> Roles {
    let mut roles = Roles::default();
    for name in names {
        match role::kind(name) {
            RoleKind::Student => roles.student = true,
            RoleKind::Teacher => roles.teacher = true,
            RoleKind::Parent | RoleKind::Relative => roles.parent = true,
            RoleKind::Staff => roles.staff = true,
            RoleKind::OtherStaff | RoleKind::Unknown => {}
        }
    }
    roles
}

fn removed(draft: RosterDraft, links_without_student: BTreeSet<(String, String)>) -> Removed {
    let people_with_links = draft
        .users
        .rows
        .iter()
        .filter(|(_, user)| !user.agents.is_empty())
        .map(|(id, _)| id.clone())
        .collect();
    let (listed, mentioned_links) = listed_and_mentioned(&draft);
    let guardianships = BTreeSet::new();
    Removed {
        schools: draft.orgs.deleted,
        people: draft.users.deleted,
        classes: draft.classes.deleted,
        enrolments: draft.unenrolled,
        guardianships,
        listed,
        people_with_links,
        links_without_student,
        mentioned_links,
    }
}

/// The people who have rows in a delta, and the pairs that these rows mention. It may be unknown
/// which of the two is the contact, so each pair is included in both orders.
fn listed_and_mentioned(draft: &RosterDraft) -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    if draft.coverage.people != Mode::Delta {
        return (BTreeSet::new(), BTreeSet::new());
    }
    let stays = |agent: &&String| !draft.users.deleted.contains(*agent);
    let both_orders =
        |id: &String, agent: &String| [(id.clone(), agent.clone()), (agent.clone(), id.clone())];
    let of_row = |(id, user): (&String, &User)| {
        user.agents
            .iter()
            .filter(stays)
            .flat_map(|agent| both_orders(id, agent))
            .collect::<Vec<_>>()
    };
    (draft.users.rows.keys().cloned().collect(), draft.users.rows.iter().flat_map(of_row).collect())
}
