//! Reader of people and their roles: users.csv, roles.csv, userProfiles.csv. Resolves no
//! references.

use std::collections::BTreeMap;

use crate::columns;
use crate::draft::{ContactMetadata, RoleAssignment, RosterDraft, User};
use crate::error::ReadError;
use crate::finding::{Findings, Location, Reason, quoted};
use crate::manifest::{Manifest, Need};
use crate::model::{Format, Mode};
use crate::oneroster::owned_value;
use crate::role::{self, RoleKind};
use crate::source::Source;
use crate::table::{Row, UNUSED};
use crate::values::{self, Status};

/// Reads the people of OneRoster: 1.1 has roles and schools in the user's row, 1.2 in roles.csv.
pub(crate) fn read(
    source: &mut Source,
    manifest: &Manifest,
    draft: &mut RosterDraft,
    findings: &mut Findings,
) -> Result<Mode, ReadError> {
    if draft.format == Format::OneRoster11 {
        return manifest.read_rows(
            source,
            &columns::USERS,
            Need::WithRows,
            findings,
            |row, findings| {
                user_with_role(row, draft, findings);
            },
        );
    }
    let mode = manifest.read_rows(
        source,
        &columns::USERS_12,
        Need::WithRows,
        findings,
        |row, findings| user(row, draft, findings),
    )?;
    let mut profiles = BTreeMap::new();
    let profile_mode = manifest.read_rows(
        source,
        &columns::PROFILES,
        Need::Optional,
        findings,
        |row, findings| {
            profile(row, draft, &mut profiles, findings);
        },
    )?;
    let roles_mode = manifest.read_rows(
        source,
        &columns::ROLES,
        Need::Essential,
        findings,
        |row, findings| {
            role_row(row, draft, findings);
            if profile_mode == Mode::Bulk && !row.is_broken() {
                check_profile(row, &profiles, findings);
            }
        },
    )?;
    // Without all roles it is unknown who has left a school.
    Ok(if mode == Mode::Bulk && roles_mode != Mode::Bulk { Mode::Delta } else { mode })
}

/// Reads a person of OneRoster 1.1.
fn user_with_role(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    let is_usable = !row.is_broken() && row.some("sourcedId").is_some();
    if is_usable && row.some("role").is_none() && !values::is_deleted(row) {
        findings.report(row.at, Reason::MissingValue, format!("role is blank; {UNUSED}"));
        return draft.unread_person(row);
    }
    user(row, draft, findings);
    roles_of_row(row, draft, findings);
}

/// Reads a person of OneRoster, without roles.
pub(crate) fn user(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        return draft.unread_person(row);
    }
    let Some(id) = row.required("sourcedId", findings) else { return draft.unread_person(row) };
    if values::status(row, findings) == Status::Deleted {
        draft.users.insert_deleted(row.at, id, findings);
        return;
    }
    let Some(mut user) = user_with_names(row, findings) else { return draft.unread_person(row) };
    user.email = values::email(row, "email", findings);
    user.agents = values::list(row, "agentSourcedIds", findings);
    user.contact = contact_metadata(row, findings);
    report_disabled_login(row, &mut user, findings);
    draft.users.insert(row.at, id, false, user, findings);
}

/// Reads a person's names, without which a row is unusable.
pub(crate) fn user_with_names(row: &Row<'_>, findings: &mut Findings) -> Option<User> {
    match (row.some("givenName"), row.some("familyName")) {
        (None, None) => {
            findings.report(
                row.at,
                Reason::MissingValue,
                format!("both names are blank; {UNUSED}"),
            );
            return None;
        }
        (Some(_), None) => findings.report(
            row.at,
            Reason::BlankName,
            "familyName is blank; the person goes by the given name alone",
        ),
        (None, Some(_)) => findings.report(
            row.at,
            Reason::BlankName,
            "givenName is blank; the person goes by the family name alone",
        ),
        (Some(_), Some(_)) => {}
    }
    Some(User {
        at: row.at,
        honorific: owned_value(row, "metadata.title"),
        given_name: row.raw("givenName").to_owned(),
        family_name: row.raw("familyName").to_owned(),
        email: None,
        agents: Vec::new(),
        contact: ContactMetadata::default(),
    })
}

/// Drops the address of a person whose login the source has disabled: without it they can't log in.
pub(crate) fn report_disabled_login(row: &Row<'_>, user: &mut User, findings: &mut Findings) {
    if values::boolean_or_report(row, "enabledUser", findings) == Some(false)
        && user.email.take().is_some()
    {
        findings.report(
            row.at,
            Reason::LoginDisabled,
            "enabledUser is false; the person is kept without an address and can't log in",
        );
    }
}

/// The metadata of a row about a contact. For safety, an unclear value counts as a bar.
pub(crate) fn contact_metadata(row: &Row<'_>, findings: &mut Findings) -> ContactMetadata {
    let unclear = |column, findings: &mut Findings| {
        let message = format!(
            "{column} is {}, neither true nor false; contact counts as not allowed",
            quoted(row.text(column))
        );
        findings.report(row.at, Reason::BadValue, message);
        true
    };
    let said = |column, findings: &mut Findings, bars: bool| match (
        row.some(column)?,
        values::boolean(row, column, findings),
    ) {
        (_, Some(value)) => Some(value == bars),
        _ => Some(unclear(column, findings)),
    };
    let barred = said("metadata.contactAllowed", findings, false);
    let court_order = said("metadata.courtOrder", findings, true);
    let priority = row.some("metadata.priority").and_then(|text| {
        let number = text.parse().ok();
        if number.is_none() {
            findings.report(
                row.at,
                Reason::BadValue,
                format!("metadata.priority is {}, not a number; it is not used", quoted(text)),
            );
        }
        number
    });
    ContactMetadata {
        relation: owned_value(row, "metadata.relation"),
        priority,
        lives_with: values::boolean_or_report(row, "metadata.livesWith", findings),
        barred,
        court_order,
    }
}

fn roles_of_row(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    let Some(user) = owned_value(row, "sourcedId")
        .filter(|id| draft.users.get(id).is_some_and(|user| user.at == row.at))
    else {
        return;
    };
    let role = row.text("role").to_owned();
    check_role(row.at, &role, draft.format, findings);
    for org in values::list(row, "orgSourcedIds", findings) {
        draft.roles.push(RoleAssignment {
            at: row.at,
            user: user.clone(),
            org,
            role: role.clone(),
        });
    }
    // A person without an org still has a role, which decides on contact.
    draft.roles.push(RoleAssignment { at: row.at, user, org: String::new(), role });
}

/// Reads a row of roles.csv, primary or secondary, of any format.
pub(crate) fn role_row(row: &Row<'_>, draft: &mut RosterDraft, findings: &mut Findings) {
    if row.is_broken() {
        _ = draft.people_of_unread_roles.insert(owned_value(row, "userSourcedId"));
        return;
    }
    if values::status(row, findings) == Status::Deleted {
        return;
    }
    for column in ["beginDate", "endDate", "roleStartDate", "roleEndDate"] {
        values::date(row, column, findings);
    }
    let (user, org, role) = (
        row.required("userSourcedId", findings),
        row.required("orgSourcedId", findings),
        row.required("role", findings),
    );
    match (user, org, role) {
        (Some(user), Some(org), Some(role)) => {
            has_role(row.at, &user, &org, &role, draft, findings)
        }
        (user, ..) => _ = draft.people_of_unread_roles.insert(user),
    }
}

/// Records a person's role at an org.
pub(crate) fn has_role(
    at: Location,
    user: &str,
    org: &str,
    role: &str,
    draft: &mut RosterDraft,
    findings: &mut Findings,
) {
    check_role(at, role, draft.format, findings);
    draft.roles.push(RoleAssignment {
        at,
        user: user.to_owned(),
        org: org.to_owned(),
        role: role.to_owned(),
    });
}

fn check_role(at: Location, role: &str, format: Format, findings: &mut Findings) {
    role::report_synonym(at, role, format, findings);
    if role::kind(role) == RoleKind::Unknown {
        let message =
            format!("the role {} is not known; the person is kept without rights", quoted(role));
        findings.report(at, Reason::UnknownRole, message);
    }
}

fn profile(
    row: &Row<'_>,
    draft: &RosterDraft,
    profiles: &mut BTreeMap<String, String>,
    findings: &mut Findings,
) {
    if row.is_broken() {
        return;
    }
    let (Some(id), Some(user)) =
        (row.required("sourcedId", findings), row.required("userSourcedId", findings))
    else {
        return;
    };
    if values::status(row, findings) == Status::Deleted {
        return;
    }
    if draft.users.get(&user).is_none() {
        let message = format!(
            "the profile's user {} is {}; the profile is not used",
            quoted(&user),
            draft.users.absence(&user)
        );
        findings.report(row.at, Reason::Dangling, message);
    } else if profiles.insert(id.clone(), user).is_some() {
        findings.report(
            row.at,
            Reason::Duplicate,
            format!("the id {} stands in an earlier row", quoted(&id)),
        );
    }
}

fn check_profile(row: &Row<'_>, profiles: &BTreeMap<String, String>, findings: &mut Findings) {
    let Some(id) = row.some("userProfileSourcedId") else { return };
    if profiles.get(id).is_none_or(|user| user != row.text("userSourcedId")) {
        let message = format!(
            "the profile {} is not one of this user; the role is used without it",
            quoted(id)
        );
        findings.report(row.at, Reason::Dangling, message);
    }
}
