//! Membership of people in schools: by role, by enrolment, or as the contact of a student.

use std::collections::{BTreeMap, BTreeSet};

use crate::contacts::Pairs;
use crate::draft::{Org, RoleAssignment, RosterDraft};
use crate::finding::{Findings, Reason, quoted};
use crate::model::{Enrolment, Format, Mode};
use crate::role::{self, EnrolmentRole, RoleKind};
use crate::table::UNUSED;

/// The role name of a person who belongs to a school only through a link.
const CONTACT: &str = "contact";

/// The people of each school, with the names of their roles there.
#[derive(Debug, Default)]
pub(crate) struct Members {
    schools: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    of_person: BTreeMap<String, BTreeSet<String>>,
    /// People of no school whose rows do not prove that they have left one: they stay as they
    /// were.
    pub unclear: BTreeSet<String>,
}

impl Members {
    pub(crate) fn of_school(
        &self,
        school: &str,
    ) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.schools.get(school).into_iter().flatten()
    }

    fn schools_of(&self, person: &str) -> BTreeSet<String> {
        self.of_person.get(person).cloned().unwrap_or_default()
    }

    fn add_role(&mut self, school: &str, person: &str, role: &str) {
        self.schools
            .entry(school.to_owned())
            .or_default()
            .entry(person.to_owned())
            .or_default()
            .insert(role.to_owned());
        self.of_person.entry(person.to_owned()).or_default().insert(school.to_owned());
    }

    /// Adds a person who has no role at the school, with the roles that follow from an enrolment or
    /// a link there.
    fn add_roles_if_absent<'r>(
        &mut self,
        school: &str,
        person: &str,
        roles: impl IntoIterator<Item = &'r str>,
    ) {
        if self.of_person.get(person).is_some_and(|schools| schools.contains(school)) {
            return;
        }
        roles.into_iter().for_each(|role| self.add_role(school, person, role));
    }
}

/// The ids of all schools: orgs of type school, in a delta also schools without a row of their own,
/// and the org that was requested by its id or exact name, whatever its type.
pub(crate) fn schools(
    draft: &RosterDraft,
    asked: &[&str],
    findings: &mut Findings,
) -> BTreeSet<String> {
    let mut schools: BTreeSet<String> =
        draft.orgs.rows.iter().filter(|(_, org)| org.is_school).map(|(id, _)| id.clone()).collect();
    if draft.coverage.orgs != Mode::Bulk {
        let named = draft
            .classes
            .rows
            .values()
            .map(|class| &class.org)
            .chain(draft.roles.iter().map(|role| &role.org));
        let unknown = |id: &&String| {
            !id.is_empty() && draft.orgs.get(id).is_none() && !draft.orgs.deleted.contains(*id)
        };
        schools.extend(named.filter(unknown).cloned());
    }
    for (id, org) in
        asked.iter().filter_map(|asked| requested_org(draft, &schools, asked)).collect::<Vec<_>>()
    {
        findings.report(
            org.at,
            Reason::OrgTaken,
            format!(
                "the org {} is a {}; it is taken for the school, since it was asked for",
                quoted(id),
                org.kind
            ),
        );
        schools.insert(id.to_owned());
    }
    schools
}

/// The requested org, if it is none of the schools.
fn requested_org<'d>(
    draft: &'d RosterDraft,
    schools: &BTreeSet<String>,
    asked: &str,
) -> Option<(&'d str, &'d Org)> {
    let is_named = |id: &str, org: &Org| id == asked || org.name == asked;
    let mut orgs = draft.orgs.rows.iter().filter(|(id, org)| is_named(id, org));
    let (id, org) = orgs.next()?;
    (orgs.next().is_none() && !schools.contains(id)).then_some((id.as_str(), org))
}

/// Assigns people to their schools; `enrolments` contains the valid ones, by school.
pub(crate) fn collect_members(
    draft: &RosterDraft,
    schools: &BTreeSet<String>,
    enrolments: &BTreeMap<String, Vec<Enrolment>>,
    pairs: &Pairs,
    findings: &mut Findings,
) -> Members {
    let mut members = Members::default();
    // Of a person's roles at other orgs only the contact roles are carried over: no other role
    // there gives rights here.
    let mut contact_roles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let (mut reported, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for role in &draft.roles {
        if matches!(role::kind(&role.role), RoleKind::Parent | RoleKind::Relative) {
            contact_roles.entry(&role.user).or_default().insert(&role.role);
        }
        let placed = assign_role(draft, schools, role, &mut members, findings);
        if placed != RolePlacement::Done {
            reported.insert(role.user.as_str());
        }
        if placed == RolePlacement::UnknownOrgReported {
            unknown.insert(role.user.as_str());
        }
    }
    for (school, enrolment) in
        enrolments.iter().flat_map(|(school, list)| list.iter().map(move |e| (school, e)))
    {
        let named = if enrolment.role == EnrolmentRole::Teacher { "teacher" } else { "student" };
        if draft.users.get(&enrolment.person_id).is_some() {
            members.add_roles_if_absent(school, &enrolment.person_id, [named]);
        }
    }
    for (contact, student) in pairs.keys() {
        for school in members.schools_of(student) {
            match contact_roles.get(contact.as_str()) {
                Some(roles) => members.add_roles_if_absent(&school, contact, roles.iter().copied()),
                None => members.add_roles_if_absent(&school, contact, [CONTACT]),
            }
        }
    }
    report_people_without_school(draft, &mut members, &reported, &unknown, findings);
    members
}

#[derive(PartialEq, Eq)]
enum RolePlacement {
    Done,
    OtherOrgReported,
    UnknownOrgReported,
}

fn assign_role(
    draft: &RosterDraft,
    schools: &BTreeSet<String>,
    role: &RoleAssignment,
    members: &mut Members,
    findings: &mut Findings,
) -> RolePlacement {
    if draft.users.get(&role.user).is_none() {
        let message = format!(
            "the user {} is {}; the role is not used",
            quoted(&role.user),
            draft.users.absence(&role.user)
        );
        findings.report(role.at, Reason::Dangling, message);
    } else if schools.contains(&role.org) {
        members.add_role(&role.org, &role.user, &role.role);
    } else if role.org.is_empty() {
        return RolePlacement::Done;
    } else if draft.orgs.get(&role.org).is_none() {
        let message = format!(
            "the org {} is {}; the role there is not used",
            quoted(&role.org),
            draft.orgs.absence(&role.org)
        );
        findings.report(role.at, Reason::Dangling, message);
        return if draft.orgs.deleted.contains(&role.org) {
            RolePlacement::OtherOrgReported
        } else {
            RolePlacement::UnknownOrgReported
        };
    } else if draft.format != Format::OneRoster11 {
        findings.report(
            role.at,
            Reason::OtherOrg,
            format!(
                "the org {} is not of type school; the role there is not used",
                quoted(&role.org)
            ),
        );
        return RolePlacement::OtherOrgReported;
    }
    RolePlacement::Done
}

/// Reports each person without a school once, and records those who may not have left one.
fn report_people_without_school(
    draft: &RosterDraft,
    members: &mut Members,
    reported: &BTreeSet<&str>,
    unknown: &BTreeSet<&str>,
    findings: &mut Findings,
) {
    let outside: BTreeSet<&str> = draft
        .roles
        .iter()
        .filter(|role| !role.org.is_empty())
        .map(|role| role.user.as_str())
        .collect();
    for (id, user) in &draft.users.rows {
        if members.of_person.contains_key(id) {
            continue;
        }
        // In OneRoster 1.1 the row itself lacks the org; in other formats an unusable role row may
        // belong to the person.
        let may_have_a_role =
            draft.format == Format::OneRoster11 || draft.people_of_unread_roles.contains(&None);
        let is_unclear =
            unknown.contains(id.as_str()) || (may_have_a_role && !outside.contains(id.as_str()));
        if is_unclear {
            members.unclear.insert(id.clone());
        }
        if reported.contains(id.as_str()) {
            continue;
        }
        let (reason, message) = match (outside.contains(id.as_str()), is_unclear) {
            (true, _) => (
                Reason::OtherOrg,
                "the person belongs to no org of type school; the row is not used".to_owned(),
            ),
            (false, true) => {
                (Reason::NoSchool, format!("the person belongs to no school; {UNUSED}"))
            }
            (false, false) => (
                Reason::NoSchool,
                "the person belongs to no school; the row is not used".to_owned(),
            ),
        };
        findings.report(user.at, reason, message);
    }
}
