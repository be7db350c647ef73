//! Reader of the rows of Microsoft School Data Sync v2.1 CSV. Resolves no references.

use crate::columns;
use crate::draft::{ClassRow, Course, Link, RosterDraft};
use crate::error::ReadError;
use crate::finding::{Findings, Reason, quoted};
use crate::manifest::{Manifest, Need};
use crate::model::Mode;
use crate::oneroster::{enrolment_row, org, owned_value, session};
use crate::role::{self, RoleKind};
use crate::source::Source;
use crate::table::Row;
use crate::users::{contact_metadata, report_disabled_login, role_row, user_with_names};
use crate::values;

/// Reads all files; they are always bulk.
pub(crate) fn read(
    source: &mut Source,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<RosterDraft, ReadError> {
    use Need::{Essential, Optional, WithRows};
    let mut draft = RosterDraft::new(manifest.format);
    draft.coverage.orgs =
        manifest.read_rows(source, &columns::ORGS, Essential, findings, |row, findings| {
            org(row, &mut draft, findings)
        })?;
    manifest.read_rows(source, &columns::SESSIONS, Optional, findings, |row, findings| {
        session(row, &mut draft, findings)
    })?;
    manifest.read_rows(source, &columns::SDS_COURSES, Optional, findings, |row, findings| {
        course(row, &mut draft, findings)
    })?;
    let people =
        manifest.read_rows(source, &columns::SDS_USERS, WithRows, findings, |row, findings| {
            user(row, &mut draft, findings)
        })?;
    let roles =
        manifest.read_rows(source, &columns::SDS_ROLES, Essential, findings, |row, findings| {
            role_row(row, &mut draft, findings)
        })?;
    // Without all roles it is unknown who has left a school.
    draft.coverage.people = if roles == Mode::Bulk { people } else { Mode::Absent };
    draft.coverage.guardianships = manifest.read_rows(
        source,
        &columns::RELATIONSHIPS,
        Optional,
        findings,
        |row, findings| link(row, &mut draft, findings),
    )?;
    draft.coverage.classes = manifest.read_rows(
        source,
        &columns::SDS_CLASSES,
        Essential,
        findings,
        |row, findings| class(row, &mut draft, findings),
    )?;
    draft.coverage.enrolments = manifest.read_rows(
        source,
        &columns::SDS_ENROLMENTS,
        Essential,
        findings,
        |row, findings| enrolment(row, &mut draft, findings),
    )?;
    Ok(draft)
}

fn course(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return;
    }
    let Some(id) = row.required("sourcedId", findings) else { return };
    let course = Course {
        title: row.raw("title").to_owned(),
        code: owned_value(row, "code"),
        subject: owned_value(row, "subject"),
    };
    draft.courses.insert(row.at, id, false, course, findings);
}

fn user(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return draft.unread_person(row);
    }
    let Some(id) = row.required("sourcedId", findings) else { return draft.unread_person(row) };
    let Some(mut user) = user_with_names(row, findings) else { return draft.unread_person(row) };
    // The column `email` is for contacts; the address of a student or teacher is the id that the
    // directory matches them by.
    let column = if row.some("email").is_some() { "email" } else { "activeDirectoryMatchId" };
    user.email = if column == "email" || row.text(column).contains('@') {
        values::email(row, column, findings)
    } else {
        None
    };
    report_disabled_login(row, &mut user, findings);
    draft.users.insert(row.at, id, false, user, findings);
}

fn link(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    let unread = (owned_value(row, "relationshipUserSourcedId"), owned_value(row, "userSourcedId"));
    if row.is_broken() {
        draft.unread.guardianships.insert(unread);
        return;
    }
    let (student, contact) = (
        row.required("userSourcedId", findings),
        row.required("relationshipUserSourcedId", findings),
    );
    let (Some(student), Some(contact), Some(role)) =
        (student, contact, row.required("relationshipRole", findings))
    else {
        draft.unread.guardianships.insert(unread);
        return;
    };
    role::report_synonym(row.at, &role, draft.format, findings);
    if role::kind(&role) == RoleKind::Unknown {
        let message = format!(
            "the relationship {} is not known; contact is not allowed until staff allow it",
            quoted(&role)
        );
        findings.report(row.at, Reason::UnknownRole, message);
    }
    let facts = contact_metadata(row, findings);
    draft.links.push(Link {
        at: row.at,
        student,
        contact,
        role: Some(role),
        keeps_contact: false,
        facts,
    });
}

fn class(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return draft.unread_class(row);
    }
    let (Some(id), Some(org)) =
        (row.required("sourcedId", findings), row.required("orgSourcedId", findings))
    else {
        return draft.unread_class(row);
    };
    let class = ClassRow {
        at: row.at,
        org,
        course: owned_value(row, "courseSourcedId"),
        title: row.raw("title").to_owned(),
        code: owned_value(row, "code"),
        subject: owned_value(row, "subject"),
        sessions: values::list(row, "sessionSourcedIds", findings),
    };
    draft.classes.insert(row.at, id, false, class, findings);
}

fn enrolment(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    let Some(mut enrolment) = enrolment_row(row, draft, findings) else { return };
    (enrolment.begins_on, enrolment.ends_on) =
        (values::date(row, "startDate", findings), values::date(row, "endDate", findings));
    draft.enrolments.insert(row.at, enrolment.generated_id(), false, enrolment, findings);
}
