//! Guardianships from agent lists and relationship rows: contact, student, and whether contact is
//! allowed.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{ContactMetadata, RosterDraft, User};
use crate::finding::{Findings, Location, Reason, quoted};
use crate::model::{Guardianship, Mode};
use crate::role::{self, RoleKind};

/// Guardianships by contact and student.
pub(crate) type Pairs = BTreeMap<(String, String), Guardianship>;

/// The kinds of roles that each person has at any org.
pub(crate) fn role_kinds(draft: &RosterDraft) -> BTreeMap<&str, Vec<RoleKind>> {
    let mut kinds: BTreeMap<&str, Vec<RoleKind>> = BTreeMap::new();
    for role in &draft.roles {
        kinds.entry(&role.user).or_default().push(role::kind(&role.role));
    }
    kinds
}

/// Collects guardianships from the agent lists of both sides and from relationship rows.
pub(crate) fn pair_guardianships(draft: &RosterDraft, findings: &mut Findings) -> Pairs {
    let kinds = role_kinds(draft);
    let mut pairs = Pairs::new();
    let mut reported = BTreeSet::new();
    for (id, user) in &draft.users.rows {
        for agent in &user.agents {
            let Some((contact, student)) =
                contact_and_student(draft, &kinds, (id, user), agent, findings)
            else {
                continue;
            };
            let key = (contact.to_owned(), student.to_owned());
            if let Some(row) = draft.users.get(contact) {
                let allowed =
                    is_contact_allowed(kinds.get(contact).map_or(&[], Vec::as_slice), &row.contact);
                if !allowed
                    && !is_relative(&kinds, contact)
                    && reported.insert((user.at, contact.to_owned()))
                {
                    let message = format!(
                        "the contact {} has no role of parent or guardian; contact is not allowed \
                         until staff allow it",
                        quoted(contact)
                    );
                    findings.report(user.at, Reason::UnknownRole, message);
                }
                let named = first_role(draft, contact);
                pairs.entry(key).or_insert_with(|| {
                    guardianship(contact, student, &row.contact, allowed, named)
                });
            }
        }
    }
    follow_links(draft, &kinds, &mut pairs, findings);
    bar_by_student(draft, &kinds, &mut pairs, findings);
    pairs
}

/// Determines which of two people is the contact and which the student.
fn contact_and_student<'d>(
    draft: &'d RosterDraft,
    kinds: &BTreeMap<&str, Vec<RoleKind>>,
    (id, user): (&'d str, &User),
    agent: &'d str,
    findings: &mut Findings,
) -> Option<(&'d str, &'d str)> {
    let is =
        |id: &str, wanted: RoleKind| kinds.get(id).is_some_and(|kinds| kinds.contains(&wanted));
    let is_contact = |id: &str| is(id, RoleKind::Parent) || is(id, RoleKind::Relative);
    if draft.users.get(agent).is_none() {
        // A contact may list students whose own rows have not changed (in a delta) or are unusable.
        let is_unread = draft.users.unread.contains(agent);
        if (draft.coverage.people != Mode::Bulk || is_unread)
            && !draft.users.deleted.contains(agent)
            && is_contact(id)
        {
            return Some((id, agent));
        }
        let kept = is_unread
            || (draft.coverage.people == Mode::Delta && !draft.users.deleted.contains(agent));
        let fate = if kept {
            "a link that is there stays, a new one is not made"
        } else {
            "the link is not used"
        };
        let message =
            format!("the agent {} is {}; {fate}", quoted(agent), draft.users.absence(agent));
        findings.report(user.at, Reason::Dangling, message);
        return None;
    }
    match (is(id, RoleKind::Student), is(agent, RoleKind::Student)) {
        (true, false) => Some((agent, id)),
        (false, true) => Some((id, agent)),
        (true, true) if is_contact(id) != is_contact(agent) => {
            Some(if is_contact(id) { (id, agent) } else { (agent, id) })
        }
        _ => {
            let message = format!(
                "of {} and the agent {} not exactly one is a student; the link is not used",
                quoted(id),
                quoted(agent)
            );
            findings.report(user.at, Reason::WrongKind, message);
            None
        }
    }
}

/// The name of a person's first role.
fn first_role<'d>(draft: &'d RosterDraft, person: &str) -> Option<&'d str> {
    draft.roles.iter().find(|role| role.user == person).map(|role| role.role.as_str())
}

fn is_relative(kinds: &BTreeMap<&str, Vec<RoleKind>>, id: &str) -> bool {
    kinds.get(id).is_some_and(|kinds| {
        kinds.contains(&RoleKind::Relative) || kinds.contains(&RoleKind::Unknown)
    })
}

/// Returns whether contact is allowed by role: for parent and guardian yes, for relative and
/// unknown no; for other roles, or without a role, only if the relation is a parent's.
fn is_contact_allowed(kinds: &[RoleKind], facts: &ContactMetadata) -> bool {
    if kinds.contains(&RoleKind::Parent) {
        return true;
    }
    let doubtful = kinds.iter().any(|kind| matches!(kind, RoleKind::Relative | RoleKind::Unknown));
    !doubtful
        && facts
            .relation
            .as_deref()
            .is_some_and(|relation| role::kind(relation) == RoleKind::Parent)
}

fn guardianship(
    contact: &str,
    student: &str,
    facts: &ContactMetadata,
    allowed: bool,
    role: Option<&str>,
) -> Guardianship {
    Guardianship {
        parent_id: contact.to_owned(),
        student_id: student.to_owned(),
        relation: facts
            .relation
            .clone()
            .or_else(|| role.filter(|role| !role.is_empty()).map(str::to_owned)),
        priority: facts.priority,
        lives_with: facts.lives_with,
        contact_allowed: allowed && !facts.is_bar(),
        contact_barred: facts.barred,
        court_order: facts.court_order,
    }
}

fn follow_links(
    draft: &RosterDraft,
    kinds: &BTreeMap<&str, Vec<RoleKind>>,
    pairs: &mut Pairs,
    findings: &mut Findings,
) {
    for link in &draft.links {
        let missing =
            [&link.student, &link.contact].into_iter().find(|id| draft.users.get(id).is_none());
        if let Some(id) = missing {
            let message = format!(
                "the user {} is {}; the relationship is not used",
                quoted(id),
                draft.users.absence(id)
            );
            findings.report(link.at, Reason::Dangling, message);
            continue;
        }
        if link.student == link.contact {
            findings.report(
                link.at,
                Reason::WrongKind,
                "the relationship is of a person with themselves; it is not used",
            );
            continue;
        }
        let (allowed, named) = match &link.role {
            Some(role) => (role::kind(role) == RoleKind::Parent, Some(role.as_str())),
            None => {
                let by_roles = is_contact_allowed(
                    kinds.get(link.contact.as_str()).map_or(&[], Vec::as_slice),
                    &link.facts,
                );
                (by_roles || link.keeps_contact, first_role(draft, &link.contact))
            }
        };
        let new = guardianship(&link.contact, &link.student, &link.facts, allowed, named);
        match pairs.get_mut(&(link.contact.clone(), link.student.clone())) {
            None => _ = pairs.insert((link.contact.clone(), link.student.clone()), new),
            Some(first) => {
                report_second(link.at, findings);
                add_bars(first, &link.facts);
            }
        }
    }
}

/// Applies bars from unusable rows of people, as if the rows were usable.
pub(crate) fn bar_by_unread_rows(draft: &RosterDraft, pairs: &mut Pairs) {
    for ((contact, student), pair) in pairs {
        for facts in [contact, student].into_iter().filter_map(|id| draft.bars_of_unread.get(id)) {
            add_bars(pair, facts);
        }
    }
}

/// Applies the bars of a second row about the same link; its other values are ignored.
fn add_bars(pair: &mut Guardianship, facts: &ContactMetadata) {
    for (bar, said) in
        [(&mut pair.contact_barred, facts.barred), (&mut pair.court_order, facts.court_order)]
    {
        if said == Some(true) {
            *bar = said;
        }
    }
    pair.contact_allowed &= !facts.is_bar();
}

fn report_second(at: Location, findings: &mut Findings) {
    findings.report(
        at,
        Reason::Duplicate,
        "an earlier row relates the same two people; of this one only a bar counts",
    );
}

/// Applies a bar on a student's own row, which names no contact, to all contacts of the student: a
/// call to the office is better than a breach.
fn bar_by_student(
    draft: &RosterDraft,
    kinds: &BTreeMap<&str, Vec<RoleKind>>,
    pairs: &mut Pairs,
    findings: &mut Findings,
) {
    let is_student =
        |id: &str| kinds.get(id).is_some_and(|kinds| kinds.contains(&RoleKind::Student));
    let barred: BTreeSet<&str> = draft
        .users
        .rows
        .iter()
        .filter(|(id, user)| user.contact.is_bar() && is_student(id))
        .map(|(id, _)| id.as_str())
        .collect();
    for pair in pairs.values_mut().filter(|pair| barred.contains(pair.student_id.as_str())) {
        if let Some(student) = draft.users.get(&pair.student_id) {
            add_bars(pair, &student.contact);
        }
    }
    for user in barred.iter().filter_map(|id| draft.users.get(id)) {
        let message = "a bar stands on a student's row and names no contact; contact is not \
                       allowed for all contacts of the student";
        findings.report(user.at, Reason::BarOnStudent, message);
    }
}
