//! Reader of the rows of OneRoster 1.1 and 1.2 CSV. Resolves no references.

use crate::columns;
use crate::draft::{ClassRow, Course, EnrolmentRow, Org, RosterDraft, Session};
use crate::error::ReadError;
use crate::finding::{Findings, Reason, quoted};
use crate::manifest::{Manifest, Need};
use crate::model::Format;
use crate::role::{self, RoleKind};
use crate::source::Source;
use crate::table::{Row, UNUSED};
use crate::users;
use crate::values::{self, Status};

/// Reads every file that the manifest does not call absent.
pub(crate) fn read(
    source: &mut Source,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<RosterDraft, ReadError> {
    let mut draft = RosterDraft::new(manifest.format);
    draft.coverage.orgs = manifest.read_rows(
        source,
        &columns::ORGS,
        Need::Essential,
        findings,
        |row, findings| org(row, &mut draft, findings),
    )?;
    manifest.read_rows(source, &columns::SESSIONS, Need::Optional, findings, |row, findings| {
        session(row, &mut draft, findings)
    })?;
    manifest.read_rows(source, &columns::COURSES, Need::Optional, findings, |row, findings| {
        course(row, &mut draft, findings)
    })?;
    let people = users::read(source, manifest, &mut draft, findings)?;
    (draft.coverage.people, draft.coverage.guardianships) = (people, people);
    draft.coverage.classes = manifest.read_rows(
        source,
        &columns::CLASSES,
        Need::Essential,
        findings,
        |row, findings| class(row, &mut draft, findings),
    )?;
    draft.coverage.enrolments = manifest.read_rows(
        source,
        &columns::ENROLMENTS,
        Need::Essential,
        findings,
        |row, findings| enrolment(row, &mut draft, findings),
    )?;
    Ok(draft)
}

/// Reads an org of any format.
pub(crate) fn org(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return;
    }
    let Some(id) = row.required("sourcedId", findings) else { return };
    let kind = row.text("type").to_lowercase();
    if draft.format != Format::SdsV21 && !ORG_TYPES.contains(&kind.as_str()) {
        let message = format!(
            "the type {} is none of OneRoster's; the org is not taken for a school",
            quoted(&kind)
        );
        findings.report(row.at, Reason::BadValue, message);
    }
    let is_school = kind == "school";
    let name = row.some("name").map_or_else(|| id.clone(), |_| row.raw("name").to_owned());
    let deleted = values::status(row, findings) == Status::Deleted;
    draft.orgs.insert(row.at, id, deleted, Org { at: row.at, kind, name, is_school }, findings);
}

const ORG_TYPES: [&str; 6] = ["school", "department", "district", "local", "state", "national"];

/// Reads an academic session of any format.
pub(crate) fn session(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return;
    }
    let Some(id) = row.required("sourcedId", findings) else { return };
    let deleted = values::status(row, findings) == Status::Deleted;
    let (starts_on, ends_on) =
        (values::date(row, "startDate", findings), values::date(row, "endDate", findings));
    draft.sessions.insert(row.at, id, deleted, Session { starts_on, ends_on }, findings);
}

fn course(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return;
    }
    let Some(id) = row.required("sourcedId", findings) else { return };
    let deleted = values::status(row, findings) == Status::Deleted;
    let course = Course {
        title: row.raw("title").to_owned(),
        code: owned_value(row, "courseCode"),
        subject: owned_value(row, "subjects"),
    };
    draft.courses.insert(row.at, id, deleted, course, findings);
}

/// Reads a class of OneRoster.
pub(crate) fn class(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return draft.unread_class(row);
    }
    let Some(id) = row.required("sourcedId", findings) else { return draft.unread_class(row) };
    if values::status(row, findings) == Status::Deleted {
        draft.classes.insert_deleted(row.at, id, findings);
        return;
    }
    let Some(org) = row.required("schoolSourcedId", findings) else {
        return draft.unread_class(row);
    };
    let class = ClassRow {
        at: row.at,
        org,
        course: owned_value(row, "courseSourcedId"),
        title: row.raw("title").to_owned(),
        code: owned_value(row, "classCode"),
        subject: owned_value(row, "subjects"),
        sessions: values::list(row, "termSourcedIds", findings),
    };
    draft.classes.insert(row.at, id, false, class, findings);
}

/// Reads an enrolment of OneRoster.
pub(crate) fn enrolment(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    let deleted = !row.is_broken() && values::status(row, findings) == Status::Deleted;
    let Some(mut enrolment) = enrolment_row(row, draft, findings) else { return };
    let id = owned_value(row, "sourcedId").unwrap_or_else(|| enrolment.generated_id());
    if deleted {
        draft.unenrolled.insert((enrolment.class, enrolment.user, enrolment.role));
        draft.enrolments.insert_deleted(row.at, id, findings);
        return;
    }
    (enrolment.begins_on, enrolment.ends_on) =
        (values::date(row, "beginDate", findings), values::date(row, "endDate", findings));
    enrolment.org = owned_value(row, "schoolSourcedId");
    enrolment.primary = values::boolean_or_report(row, "primary", findings).unwrap_or(false);
    draft.enrolments.insert(row.at, id, false, enrolment, findings);
}

/// Reads class, person and role of an enrolment of any format; `None` if the row is unusable, in
/// which case the enrolment stays as it was.
pub(crate) fn enrolment_row(
    row: &Row<'_>,
    draft: &mut RosterDraft,
    findings: &mut Findings,
) -> Option<EnrolmentRow> {
    if row.is_broken() {
        draft.unread_enrolment(row);
        return None;
    }
    let (class, user) =
        (row.required("classSourcedId", findings), row.required("userSourcedId", findings));
    let named = row.text("role");
    let (Some(class), Some(user), false) = (class, user, named.is_empty()) else {
        if named.is_empty() {
            findings.report(row.at, Reason::MissingValue, format!("role is blank; {UNUSED}"));
        }
        draft.unread_enrolment(row);
        return None;
    };
    let Some(role) = role::enrolment_role(named) else {
        let is_known = role::kind(named) != RoleKind::Unknown;
        let fate = if is_known {
            "neither learns nor teaches; the enrolment is not used"
        } else {
            "is not known; the enrolment stays as it was"
        };
        findings.report(row.at, Reason::UnknownRole, format!("the role {} {fate}", quoted(named)));
        if !is_known {
            draft.unread_enrolment(row);
        }
        return None;
    };
    role::report_synonym(row.at, named, draft.format, findings);
    Some(EnrolmentRow {
        at: row.at,
        class,
        user,
        org: None,
        role,
        primary: false,
        begins_on: None,
        ends_on: None,
    })
}

/// The text of a cell; `None` if it is blank.
pub(crate) fn owned_value(row: &Row<'_>, column: &str) -> Option<String> {
    row.some(column).map(str::to_owned)
}
