//! Assignment of classes and enrolments to their schools; resolves courses, terms and people.

use std::collections::{BTreeMap, BTreeSet};

use crate::contacts::role_kinds;
use crate::draft::{ClassRow, EnrolmentRow, RosterDraft, Session};
use crate::finding::{Findings, Reason, quoted};
use crate::model::{Class, Enrolment, Mode};
use crate::role::{EnrolmentRole, RoleKind};

/// Collects the classes of each school.
pub(crate) fn place_classes(
    draft: &RosterDraft,
    schools: &BTreeSet<String>,
    findings: &mut Findings,
) -> BTreeMap<String, Vec<Class>> {
    let mut placed: BTreeMap<String, Vec<Class>> = BTreeMap::new();
    for (id, row) in &draft.classes.rows {
        if schools.contains(&row.org) {
            placed.entry(row.org.clone()).or_default().push(class(draft, id, row, findings));
        } else if draft.orgs.get(&row.org).is_some() {
            findings.report(
                row.at,
                Reason::OtherOrg,
                format!(
                    "the org {} is not of type school; the class is not used",
                    quoted(&row.org)
                ),
            );
        } else {
            let message = format!(
                "the org {} is {}; the class is not used",
                quoted(&row.org),
                draft.orgs.absence(&row.org)
            );
            findings.report(row.at, Reason::Dangling, message);
        }
    }
    placed
}

fn class(draft: &RosterDraft, id: &str, row: &ClassRow, findings: &mut Findings) -> Class {
    let course = row.course.as_ref().and_then(|id| draft.courses.get(id));
    if let (Some(id), None, Mode::Bulk) = (&row.course, course, draft.coverage.classes) {
        let message = format!(
            "the course {} is {}; the class is used without it",
            quoted(id),
            draft.courses.absence(id)
        );
        findings.report(row.at, Reason::Dangling, message);
    }
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    let course_title = course.and_then(|course| filled(&course.title));
    let title = filled(&row.title)
        .or_else(|| course_title.clone())
        .or_else(|| row.code.clone())
        .unwrap_or_else(|| id.to_owned());
    if row.title.trim().is_empty() {
        findings.report(
            row.at,
            Reason::BlankName,
            format!("title is blank; the class goes by {}", quoted(&title)),
        );
    }
    let subject = row.subject.clone().filter(|s| is_worded(s));
    let subject = subject
        .or_else(|| course.and_then(|course| course.subject.clone()).filter(|s| is_worded(s)));
    let sessions = sessions(draft, row, findings);
    Class {
        sourced_id: id.to_owned(),
        subject: subject.or_else(|| course_title.clone()).unwrap_or_else(|| title.clone()),
        title,
        code: row.code.clone(),
        course_code: course.and_then(|course| course.code.clone()),
        course_title,
        starts_on: sessions.iter().filter_map(|session| session.starts_on).min(),
        ends_on: sessions.iter().filter_map(|session| session.ends_on).max(),
    }
}

/// Returns whether a subject contains letters. In SDS a subject may be a number of a code list;
/// nobody calls Biology "14".
fn is_worded(subject: &str) -> bool {
    subject.chars().any(char::is_alphabetic)
}

fn sessions<'d>(
    draft: &'d RosterDraft,
    row: &ClassRow,
    findings: &mut Findings,
) -> Vec<&'d Session> {
    let mut found = Vec::new();
    for id in &row.sessions {
        match draft.sessions.get(id) {
            Some(session) => found.push(session),
            None if draft.coverage.classes == Mode::Bulk => {
                let message = format!(
                    "the academic session {} is {}; the class is used without it",
                    quoted(id),
                    draft.sessions.absence(id)
                );
                findings.report(row.at, Reason::Dangling, message);
            }
            None => {}
        }
    }
    found
}

/// Collects the enrolments of each school. Two rows of one class, person and role are merged into
/// one that spans both periods.
pub(crate) fn place_enrolments(
    draft: &RosterDraft,
    schools: &BTreeSet<String>,
    findings: &mut Findings,
) -> BTreeMap<String, Vec<Enrolment>> {
    let kinds = role_kinds(draft);
    let mut placed: BTreeMap<String, Vec<Enrolment>> = BTreeMap::new();
    let mut first: BTreeMap<(&str, &str, EnrolmentRole), usize> = BTreeMap::new();
    for (id, row) in &draft.enrolments.rows {
        let Some(school) = school_of(draft, schools, row, findings) else { continue };
        if !person_fits(
            draft,
            kinds.get(row.user.as_str()).map_or(&[], Vec::as_slice),
            row,
            findings,
        ) {
            continue;
        }
        let list = placed.entry(school.to_owned()).or_default();
        let key = (row.class.as_str(), row.user.as_str(), row.role);
        match first.get(&key).and_then(|at| list.get_mut(*at)) {
            Some(earlier) => {
                merge(earlier, row);
                findings.report(
                    row.at,
                    Reason::Duplicate,
                    "another row enrols the same person in the same class; both count as one over \
                     both times",
                );
            }
            None => {
                first.insert(key, list.len());
                list.push(enrolment(id, row));
            }
        }
    }
    placed
}

fn school_of<'d>(
    draft: &'d RosterDraft,
    schools: &BTreeSet<String>,
    row: &'d EnrolmentRow,
    findings: &mut Findings,
) -> Option<&'d str> {
    let Some(class) = draft.classes.get(&row.class) else {
        let known_school = row.org.as_deref().filter(|org| schools.contains(*org));
        let may_be_there =
            draft.coverage.classes != Mode::Bulk || draft.classes.unread.contains(&row.class);
        if may_be_there && !draft.classes.deleted.contains(&row.class) && known_school.is_some() {
            return known_school;
        }
        let message = format!(
            "the class {} is {}; the enrolment is not used",
            quoted(&row.class),
            draft.classes.absence(&row.class)
        );
        findings.report(row.at, Reason::Dangling, message);
        return None;
    };
    if !schools.contains(&class.org) {
        findings.report(
            row.at,
            Reason::OtherOrg,
            "the class belongs to no org of type school; the enrolment is not used",
        );
        return None;
    }
    if row.org.as_ref().is_some_and(|org| *org != class.org) {
        findings.report(
            row.at,
            Reason::WrongKind,
            "the row names another school than its class does; the class's counts",
        );
    }
    Some(&class.org)
}

fn person_fits(
    draft: &RosterDraft,
    kinds: &[RoleKind],
    row: &EnrolmentRow,
    findings: &mut Findings,
) -> bool {
    if draft.users.get(&row.user).is_none() {
        let may_be_there =
            draft.coverage.people != Mode::Bulk || draft.users.unread.contains(&row.user);
        if may_be_there && !draft.users.deleted.contains(&row.user) {
            return true;
        }
        let message = format!(
            "the user {} is {}; the enrolment is not used",
            quoted(&row.user),
            draft.users.absence(&row.user)
        );
        findings.report(row.at, Reason::Dangling, message);
        return false;
    }
    let outsider = |kind: &RoleKind| matches!(kind, RoleKind::Parent | RoleKind::Relative);
    let fits = match row.role {
        EnrolmentRole::Student => kinds.is_empty() || kinds.contains(&RoleKind::Student),
        EnrolmentRole::Teacher => {
            kinds.is_empty()
                || kinds.iter().any(|kind| !outsider(kind) && *kind != RoleKind::Student)
        }
    };
    if !fits {
        let message = format!(
            "the role of user {} does not go with this enrolment; it is not used",
            quoted(&row.user)
        );
        findings.report(row.at, Reason::WrongKind, message);
    }
    fits
}

fn enrolment(id: &str, row: &EnrolmentRow) -> Enrolment {
    Enrolment {
        sourced_id: id.to_owned(),
        class_id: row.class.clone(),
        person_id: row.user.clone(),
        role: row.role,
        primary: row.primary,
        begins_on: row.begins_on,
        ends_on: row.ends_on,
    }
}

fn merge(earlier: &mut Enrolment, row: &EnrolmentRow) {
    earlier.primary |= row.primary;
    earlier.begins_on = earlier.begins_on.zip(row.begins_on).map(|(a, b)| a.min(b));
    earlier.ends_on = earlier.ends_on.zip(row.ends_on).map(|(a, b)| a.max(b));
}
