//! Conversion of pushed rows into rows of files, which the same functions read.

use std::collections::BTreeSet;

use super::{
    ExistingRecords, Numbered, Push, PushedClass, PushedEnrolment, PushedGuardianship, PushedPerson,
};
use crate::columns;
use crate::draft::{Link, RosterDraft, generated_id};
use crate::error::ReadError;
use crate::finding::{Findings, Reason, quoted};
use crate::headers::match_headers;
use crate::oneroster;
use crate::records::Record;
use crate::role::{self, EnrolmentRole, RoleKind};
use crate::table::{Row, Spec, handle_rows};
use crate::users;

/// The file name in findings.
pub(super) const FILE: &str = "items";

/// Results of reading the rows, beside the draft.
#[derive(Debug, Default)]
pub(super) struct UsedRows {
    /// Ids of people whose rows were used.
    pub ids: BTreeSet<String>,
    /// Contact and student of removed links.
    pub unlinked: BTreeSet<(String, String)>,
}

/// Reads all rows into the draft.
pub(super) fn read(
    school: &str,
    push: &Push,
    known: &ExistingRecords,
    draft: &mut RosterDraft,
    findings: &mut Findings,
) -> Result<UsedRows, ReadError> {
    let mut used = UsedRows::default();
    match push {
        Push::People(rows) => {
            each(
                rows,
                &columns::USERS_12,
                PERSON,
                person_cells,
                findings,
                |row, pushed, findings| {
                    person(school, row, pushed, draft, &mut used, findings);
                },
            )?;
        }
        Push::Classes(rows) => {
            each(
                rows,
                &columns::CLASSES,
                CLASS,
                |pushed| class_cells(school, pushed),
                findings,
                |row, pushed, findings| {
                    if draft.classes.is_new(row.at, &pushed.sourced_id, findings) {
                        oneroster::class(row, draft, findings);
                    }
                },
            )?;
        }
        Push::Enrolments(rows) => {
            each(
                rows,
                &columns::ENROLMENTS,
                ENROLMENT,
                enrolment_cells,
                findings,
                |row, pushed, findings| {
                    if enrolment_id(pushed)
                        .is_none_or(|id| draft.enrolments.is_new(row.at, &id, findings))
                    {
                        oneroster::enrolment(row, draft, findings);
                    }
                },
            )?;
        }
        Push::Guardianships(rows) => {
            let mut pairs = BTreeSet::new();
            each(
                rows,
                &columns::RELATIONSHIPS,
                LINK,
                link_cells,
                findings,
                |row, pushed, findings| {
                    link(row, pushed, known, draft, &mut pairs, &mut used, findings);
                },
            )?;
        }
    }
    Ok(used)
}

/// Calls `with` for each row, with its cells in these columns.
fn each<T, const N: usize>(
    rows: &[Numbered<T>],
    of: &Spec,
    names: [&'static str; N],
    cells: impl Fn(&T) -> [String; N],
    findings: &mut Findings,
    mut with: impl FnMut(&Row<'_>, &T, &mut Findings),
) -> Result<(), ReadError> {
    let spec = Spec { file: FILE, needed: &[], filled: &[], ..*of };
    let layout = match_headers(&names.map(str::to_owned), 0, &spec, findings)?;
    // Line 0 is reserved for findings about the whole file.
    let line = |number: usize| number as u64 + 1;
    let (mut left, mut current) = (rows.iter(), rows.iter());
    let mut next =
        || Ok(left.next().map(|(number, row)| Record::whole(line(*number), cells(row).to_vec())));
    handle_rows(&mut next, &spec, &layout, findings, &mut |row, findings| {
        // A broken row was already refused and provides no further data.
        if let Some((_, pushed)) = current
            .by_ref()
            .find(|(number, _)| line(*number) == row.at.line)
            .filter(|_| !row.is_broken())
        {
            with(row, pushed, findings);
        }
    })?;
    Ok(())
}

fn status_cell(remove: bool) -> String {
    if remove { "tobedeleted".to_owned() } else { String::new() }
}

fn bool_cell(value: Option<bool>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

const PERSON: [&str; 6] =
    ["sourcedId", "status", "givenName", "familyName", "email", "metadata.title"];

fn person_cells(row: &PushedPerson) -> [String; 6] {
    let PushedPerson { sourced_id, honorific, given_name, family_name, email, .. } = row.clone();
    [sourced_id, status_cell(row.remove), given_name, family_name, email, honorific]
}

fn person(
    school: &str,
    row: &Row<'_>,
    pushed: &PushedPerson,
    draft: &mut RosterDraft,
    used: &mut UsedRows,
    findings: &mut Findings,
) {
    if !draft.users.is_new(row.at, &pushed.sourced_id, findings) {
        return;
    }
    users::user(row, draft, findings);
    if draft.users.get(&pushed.sourced_id).is_some_and(|user| user.at == row.at) {
        used.ids.insert(pushed.sourced_id.clone());
        for role in &pushed.roles {
            users::has_role(row.at, &pushed.sourced_id, school, role.trim(), draft, findings);
        }
    }
}

const CLASS: [&str; 6] =
    ["sourcedId", "status", "title", "classCode", "subjects", "schoolSourcedId"];

fn class_cells(school: &str, row: &PushedClass) -> [String; 6] {
    let PushedClass { sourced_id, title, subject, code, .. } = row.clone();
    [sourced_id, status_cell(row.remove), title, code, subject, school.to_owned()]
}

/// The id of an enrolment without an id of its own; `None` without a valid role.
fn enrolment_id(row: &PushedEnrolment) -> Option<String> {
    let role = EnrolmentRole::named(row.role.trim())?;
    Some(generated_id(row.class.trim(), row.person.trim(), role))
}

const ENROLMENT: [&str; 7] =
    ["classSourcedId", "userSourcedId", "role", "status", "primary", "beginDate", "endDate"];

fn enrolment_cells(row: &PushedEnrolment) -> [String; 7] {
    let PushedEnrolment { class, person, role, .. } = row.clone();
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        class,
        person,
        role,
        status_cell(row.remove),
        row.primary.to_string(),
        day(row.begins_on),
        day(row.ends_on),
    ]
}

const LINK: [&str; 8] = [
    "userSourcedId",
    "relationshipUserSourcedId",
    "relationshipRole",
    "metadata.relation",
    "metadata.priority",
    "metadata.livesWith",
    "metadata.contactAllowed",
    "metadata.courtOrder",
];

/// Absent values become blank cells; the caller that compares them with the existing link keeps its
/// bars.
fn link_cells(row: &PushedGuardianship) -> [String; 8] {
    let priority = row.priority.map(|number| number.to_string()).unwrap_or_default();
    let (student, parent, relation) =
        (row.student.clone(), row.parent.clone(), row.relationship.clone());
    [
        student,
        parent,
        String::new(),
        relation,
        priority,
        bool_cell(row.lives_with),
        bool_cell(row.contact_allowed),
        bool_cell(row.court_order),
    ]
}

fn link(
    row: &Row<'_>,
    pushed: &PushedGuardianship,
    known: &ExistingRecords,
    draft: &mut RosterDraft,
    pairs: &mut BTreeSet<(String, String)>,
    used: &mut UsedRows,
    findings: &mut Findings,
) {
    let (contact, student) = (pushed.parent.clone(), pushed.student.clone());
    if !pairs.insert((contact.clone(), student.clone())) {
        findings.report(row.at, Reason::Duplicate, "an earlier row relates the same two people");
    } else if pushed.remove {
        used.unlinked.insert((contact, student));
    } else if known
        .people
        .get(&student)
        .is_some_and(|roles| !roles.iter().any(|role| role::kind(role) == RoleKind::Student))
    {
        findings.report(
            row.at,
            Reason::WrongKind,
            format!("{} is not a student", quoted(&student)),
        );
    } else {
        let facts = users::contact_metadata(row, findings);
        let keeps_contact = known.keeps_contact(&contact, &student, pushed.relationship.trim());
        draft.links.push(Link { at: row.at, student, contact, role: None, keeps_contact, facts });
    }
}
