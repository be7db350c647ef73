//! Meaning of role names. They are compared in lower case, without blanks and punctuation.

use crate::finding::{Findings, Location, Reason, quoted};
use crate::model::Format;

/// The kind of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleKind {
    Student,
    Teacher,
    /// Parent or guardian: a guardianship with contact allowed.
    Parent,
    /// Another relative or contact: a guardianship, contact not allowed until staff allow it.
    Relative,
    /// Manages the school's side of the product.
    Staff,
    /// A known role without rights in the product: an aide, a proctor.
    OtherStaff,
    Unknown,
}

impl RoleKind {
    /// The name of the kind in a report.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Teacher => "teacher",
            Self::Parent => "parent",
            Self::Relative => "relative",
            Self::Staff => "administrator",
            Self::OtherStaff | Self::Unknown => "somebody without rights",
        }
    }
}

/// Returns whether the format defines this word for a role: OneRoster 1.1 and 1.2, or School Data
/// Sync.
pub(crate) fn is_standard(role: &str, format: Format) -> bool {
    match normalized(role).as_str() {
        "administrator"
        | "aide"
        | "guardian"
        | "parent"
        | "proctor"
        | "relative"
        | "student"
        | "teacher"
        | "counselor"
        | "districtadministrator"
        | "principal"
        | "siteadministrator"
        | "systemadministrator" => true,
        "instructor" | "lecturer" | "professor" | "faculty" | "staff" | "other" | "none"
        | "doctor" | "emergencycontact" => format == Format::SdsV21,
        _ => false,
    }
}

fn normalized(role: &str) -> String {
    role.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The kind of a role name, as written in the roster formats and in real files.
pub(crate) fn kind(role: &str) -> RoleKind {
    match normalized(role).as_str() {
        "student" | "pupil" | "learner" => RoleKind::Student,
        "teacher" | "instructor" | "lecturer" | "professor" | "faculty" => RoleKind::Teacher,
        "parent" | "guardian" | "parentguardian" | "legalguardian" | "mother" | "father"
        | "mum" | "mom" | "dad" | "stepmother" | "stepfather" | "stepparent" | "fosterparent"
        | "fostermother" | "fosterfather" | "adoptiveparent" | "adoptivemother"
        | "adoptivefather" | "carer" | "caregiver" => RoleKind::Parent,
        "relative" | "aunt" | "uncle" | "cousin" | "grandparent" | "grandmother"
        | "grandfather" | "sibling" | "brother" | "sister" | "emergencycontact" | "contact"
        | "doctor" | "childminder" => RoleKind::Relative,
        "administrator"
        | "siteadministrator"
        | "systemadministrator"
        | "districtadministrator"
        | "principal" => RoleKind::Staff,
        "aide" | "proctor" | "counselor" | "counsellor" | "staff" | "other" | "none" => {
            RoleKind::OtherStaff
        }
        _ => RoleKind::Unknown,
    }
}

/// Reports a role name for which the format defines another word.
pub(crate) fn report_synonym(at: Location, role: &str, format: Format, findings: &mut Findings) {
    let kind = kind(role);
    if kind != RoleKind::Unknown && !is_standard(role, format) {
        findings.report(
            at,
            Reason::Synonym,
            format!("the role {} is understood as {}", quoted(role), kind.description()),
        );
    }
}

/// Returns whether a role name makes a person staff of the school where they have the role.
#[must_use]
pub fn is_staff(role: &str) -> bool {
    kind(role.trim()) == RoleKind::Staff
}

/// The role of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentRole {
    /// Student of the class.
    Student,
    /// Teacher of the class.
    Teacher,
}

impl EnrolmentRole {
    /// The enrolment role of a role name; `None` for roles that neither learn nor teach.
    #[must_use]
    pub fn named(role: &str) -> Option<Self> {
        enrolment_role(role)
    }
}

/// The enrolment role of a role name; `None` for roles that neither learn nor teach.
pub(crate) fn enrolment_role(role: &str) -> Option<EnrolmentRole> {
    match kind(role) {
        RoleKind::Student => Some(EnrolmentRole::Student),
        RoleKind::Teacher => Some(EnrolmentRole::Teacher),
        _ => None,
    }
}
