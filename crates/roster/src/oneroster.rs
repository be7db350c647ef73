//! Reads the rows of OneRoster 1.1 and 1.2 CSV. Follows no references.

use crate::columns;
use crate::draft::{ClassRow, Course, Draft, EnrolmentRow, Org, Session};
use crate::error::ReadError;
use crate::finding::{Findings, Reason, quoted};
use crate::manifest::{Manifest, Need};
use crate::role;
use crate::source::Source;
use crate::table::Row;
use crate::users;
use crate::values::{self, Status};

/// Reads every file that the manifest doesn't call absent.
pub(crate) fn read(source: &mut Source, manifest: &Manifest, findings: &mut Findings) -> Result<Draft, ReadError> {
    let mut draft = Draft::new(manifest.format);
    draft.coverage.orgs = manifest.read_rows(source, &columns::ORGS, Need::Essential, findings, |row, findings| org(row, &mut draft, findings))?;
    manifest.read_rows(source, &columns::SESSIONS, Need::Optional, findings, |row, findings| session(row, &mut draft, findings))?;
    manifest.read_rows(source, &columns::COURSES, Need::Optional, findings, |row, findings| course(row, &mut draft, findings))?;
    let people = users::read(source, manifest, &mut draft, findings)?;
    (draft.coverage.people, draft.coverage.guardianships) = (people, people);
    draft.coverage.classes = manifest.read_rows(source, &columns::CLASSES, Need::Essential, findings, |row, findings| class(row, &mut draft, findings))?;
    draft.coverage.enrolments =
        manifest.read_rows(source, &columns::ENROLMENTS, Need::Essential, findings, |row, findings| enrolment(row, &mut draft, findings))?;
    Ok(draft)
}

/// An org of any format.
pub(crate) fn org(row: &Row<'_>, draft: &mut Draft, findings: &mut Findings) {
    let Some(id) = row.required("sourcedId", findings) else { return };
    let is_school = row.text("type").eq_ignore_ascii_case("school");
    let name = row.some("name").map_or_else(|| id.clone(), |_| row.raw("name").to_owned());
    let deleted = values::status(row, findings) == Status::Deleted;
    draft.orgs.take(row.at, id, deleted, Org { at: row.at, name, is_school }, findings);
}

/// An academic session of any format.
pub(crate) fn session(row: &Row<'_>, draft: &mut Draft, findings: &mut Findings) {
    let Some(id) = row.required("sourcedId", findings) else { return };
    let deleted = values::status(row, findings) == Status::Deleted;
    let (starts_on, ends_on) = (values::date(row, "startDate", findings), values::date(row, "endDate", findings));
    draft.sessions.take(row.at, id, deleted, Session { starts_on, ends_on }, findings);
}

fn course(row: &Row<'_>, draft: &mut Draft, findings: &mut Findings) {
    let Some(id) = row.required("sourcedId", findings) else { return };
    let deleted = values::status(row, findings) == Status::Deleted;
    let course = Course { title: row.raw("title").to_owned(), code: owned(row, "courseCode"), subject: owned(row, "subjects") };
    draft.courses.take(row.at, id, deleted, course, findings);
}

/// A class of OneRoster.
pub(crate) fn class(row: &Row<'_>, draft: &mut Draft, findings: &mut Findings) {
    let Some(id) = row.required("sourcedId", findings) else { return };
    if values::status(row, findings) == Status::Deleted {
        draft.classes.take_deleted(row.at, id, findings);
        return;
    }
    let Some(org) = row.required("schoolSourcedId", findings) else { return };
    let class = ClassRow {
        at: row.at,
        org,
        course: owned(row, "courseSourcedId"),
        title: row.raw("title").to_owned(),
        code: owned(row, "classCode"),
        subject: owned(row, "subjects"),
        sessions: values::list(row, "termSourcedIds", findings),
    };
    draft.classes.take(row.at, id, false, class, findings);
}

/// An enrolment of OneRoster.
pub(crate) fn enrolment(row: &Row<'_>, draft: &mut Draft, findings: &mut Findings) {
    let deleted = values::status(row, findings) == Status::Deleted;
    let Some(mut enrolment) = enrolment_row(row, findings) else { return };
    let id = owned(row, "sourcedId").unwrap_or_else(|| enrolment.made_id());
    if deleted {
        draft.unenrolled.insert((enrolment.class, enrolment.user, enrolment.role));
        draft.enrolments.take_deleted(row.at, id, findings);
        return;
    }
    (enrolment.begins_on, enrolment.ends_on) = (values::date(row, "beginDate", findings), values::date(row, "endDate", findings));
    enrolment.org = owned(row, "schoolSourcedId");
    enrolment.primary = values::truth(row, "primary", findings).unwrap_or(false);
    draft.enrolments.take(row.at, id, false, enrolment, findings);
}

/// Class, person and role of an enrolment of any format.
pub(crate) fn enrolment_row(row: &Row<'_>, findings: &mut Findings) -> Option<EnrolmentRow> {
    let class = row.required("classSourcedId", findings)?;
    let user = row.required("userSourcedId", findings)?;
    let named = row.text("role");
    let Some(role) = role::enrolment_role(named) else {
        let message = format!("the role {} neither learns nor teaches; the enrolment is not used", quoted(named));
        findings.report(row.at, Reason::UnknownRole, message);
        return None;
    };
    Some(EnrolmentRow { at: row.at, class, user, org: None, role, primary: false, begins_on: None, ends_on: None })
}

/// A cell that may be blank.
pub(crate) fn owned(row: &Row<'_>, column: &str) -> Option<String> {
    row.some(column).map(str::to_owned)
}
