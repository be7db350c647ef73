//! Diagnostics of pushed rows: findings, translated into the terms of the API.

use super::{ExistingRecords, Push};
use crate::finding::{Finding, Reason};

/// A diagnostic of a pushed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDiagnostic {
    /// The row's number, counted from 0.
    pub row: usize,
    /// The consequence for the row.
    pub verdict: RowVerdict,
    /// The field that the diagnostic concerns.
    pub field: &'static str,
    /// The reason, for programs.
    pub code: &'static str,
    /// The reason and the remedy, for people.
    pub detail: String,
}

/// The consequence of a diagnostic for its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowVerdict {
    /// The row is not used.
    Refused,
    /// The row is used, except for the reported part.
    Used,
}

/// Converts the findings of each row into diagnostics.
pub(super) fn row_diagnostics(
    push: &Push,
    known: &ExistingRecords,
    findings: &[Finding],
) -> Vec<RowDiagnostic> {
    // The contract documents the synonyms and blanks that are accepted.
    let is_told = |finding: &&Finding| {
        finding.line > 0 && !matches!(finding.reason, Reason::Synonym | Reason::BlankName)
    };
    let of_rows = findings.iter().filter(is_told);
    of_rows
        .map(|finding| {
            row_diagnostic(
                push,
                known,
                usize::try_from(finding.line - 1).unwrap_or(usize::MAX),
                finding,
            )
        })
        .collect()
}

fn row_diagnostic(
    push: &Push,
    known: &ExistingRecords,
    row: usize,
    finding: &Finding,
) -> RowDiagnostic {
    let refused = |field, code, detail: &str| RowDiagnostic {
        row,
        verdict: RowVerdict::Refused,
        field,
        code,
        detail: detail.to_owned(),
    };
    let used = |field, code, detail: &str| RowDiagnostic {
        row,
        verdict: RowVerdict::Used,
        field,
        code,
        detail: detail.to_owned(),
    };
    match (finding.reason, push) {
        (Reason::Duplicate, _) => refused(
            name_of(push),
            "duplicate_row",
            "An earlier row of this request is about the same. Send each once; the earlier one \
             counts.",
        ),
        (Reason::BadEmail, _) => used(
            "email",
            "email_invalid",
            "That is no email address. The person is kept without one and can't log in.",
        ),
        (Reason::EmailUnderstood, _) => {
            used("email", "email_understood", &format!("The email {}.", finding.message))
        }
        (Reason::MissingValue, Push::People(_)) => {
            refused("family_name", "required", "Give a given name or a family name.")
        }
        (Reason::UnknownRole, Push::People(_)) => used(
            "roles",
            "unknown_role",
            "The role is not known. It gives no rights; contact of such a person must be allowed \
             by the school's staff.",
        ),
        (Reason::UnknownRole, _) => refused(
            "role",
            "unknown_role",
            "Give a role that learns or teaches: student or teacher.",
        ),
        (Reason::Dangling, Push::Enrolments(rows)) => {
            let class = rows
                .iter()
                .find(|(number, _)| *number == row)
                .map(|(_, row)| row.class.as_str())
                .unwrap_or_default();
            if known.classes.contains(class) {
                refused("person_sourced_id", "unknown_person", UNKNOWN_PERSON)
            } else {
                refused(
                    "class_sourced_id",
                    "unknown_class",
                    "The school has no class of this id. Push the class first.",
                )
            }
        }
        (Reason::Dangling, Push::Guardianships(rows)) => {
            let parent = rows
                .iter()
                .find(|(number, _)| *number == row)
                .map(|(_, row)| row.parent.as_str())
                .unwrap_or_default();
            refused(
                if known.people.contains_key(parent) {
                    "student_sourced_id"
                } else {
                    "parent_sourced_id"
                },
                "unknown_person",
                UNKNOWN_PERSON,
            )
        }
        (Reason::WrongKind, Push::Enrolments(_)) => refused(
            "role",
            "wrong_kind",
            "None of the person's roles goes with this enrolment. Push the person with the role \
             first.",
        ),
        (Reason::WrongKind, _) => refused(
            "student_sourced_id",
            "wrong_kind",
            "A guardianship is of a contact and a student, who are two people. Push the student \
             with the role of one first.",
        ),
        // These cases should not occur in rows of a request, so the file reader's message is good
        // enough.
        (reason, _) => refused(name_of(push), reason.code(), &finding.message),
    }
}

const UNKNOWN_PERSON: &str = "The school has nobody of this id. Push the person first.";

/// The field that identifies a row, or the last of several.
const fn name_of(push: &Push) -> &'static str {
    match push {
        Push::People(_) | Push::Classes(_) => "sourced_id",
        Push::Enrolments(_) => "person_sourced_id",
        Push::Guardianships(_) => "student_sourced_id",
    }
}
