//! Operations on the roster: pushes by API clients and staff, one operation per kind of row and all
//! through [`put`], and the list and restoration of imports.

mod list_imports;
mod put_classes;
mod put_enrolments;
mod put_guardianships;
mod put_people;
mod restore_import;
mod rows;

use actix_web::web::Json;
use parlour_domain::scope::Scope;
use parlour_roster::{RowDiagnostic, RowVerdict};
use parlour_wire::{
    FieldError, RosterCounts, RosterOutcome, RosterPush, RosterResult, RosterResults,
};
use serde_json::Value;

use self::rows::{RowKind, name_of, read};
pub use self::{
    list_imports::list_roster_imports, put_classes::put_classes, put_enrolments::put_enrolments,
    put_guardianships::put_guardianships, put_people::put_people,
    restore_import::restore_roster_import,
};
use crate::{
    app::App,
    auth::Principal,
    problem::{ApiError, ApiResult},
    request::Body,
    roster::push::{PushAuthor, push},
    store::roster::RowResult,
};

/// The most rows in one push.
const MAX_ROWS: usize = 500;
/// The largest body of a push, in bytes: 500 rows of about a kilobyte.
pub const MAX_PUSH: usize = 512 * 1024;

/// The body of a push. Its rows are parsed one by one.
type Rows = Body<RosterPush<Value>>;

/// Imports the rows of one kind. Each unusable row is refused on its own.
async fn put<K: RowKind>(
    app: &App,
    principal: &Principal,
    body: Rows,
) -> ApiResult<Json<RosterResults>> {
    principal.require_office(Scope::RosterWrite)?;
    if !(1..=MAX_ROWS).contains(&body.value.items.len()) {
        return Err(ApiError::field(
            "items",
            "length",
            &format!("Send from 1 to {MAX_ROWS} rows in a request."),
        ));
    }
    let rows: Vec<Result<K::Pushed, Vec<FieldError>>> =
        body.value.items.iter().map(read::<K>).collect();
    let good = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| Some((index, row.as_ref().ok()?.clone())))
        .collect();
    let by = PushAuthor {
        actor: principal.actor(),
        may_write_staff: principal.require_office(Scope::RosterWriteStaff).is_ok(),
    };
    let pushed =
        push(&app.store, &app.context(), principal.school().id(), &by, K::push(good)).await?;
    let mut results = RosterResults {
        items: Vec::new(),
        counts: RosterCounts::default(),
        import_id: pushed.plan.import_id(),
    };
    for (index, row) in rows.into_iter().enumerate() {
        let (mut errors, warnings) = (
            row_errors(&pushed.told, index, RowVerdict::Refused),
            row_errors(&pushed.told, index, RowVerdict::Used),
        );
        let outcome = match row {
            Ok(row) if errors.is_empty() => outcome(K::result(&pushed.plan, &row)),
            Ok(_) => RosterOutcome::Refused,
            Err(wrong) => {
                errors = wrong;
                RosterOutcome::Refused
            }
        };
        let warnings = if outcome == RosterOutcome::Refused { Vec::new() } else { warnings };
        results.counts.add(outcome);
        let of = body.value.items.get(index).map(name_of).unwrap_or_default();
        results.items.push(RosterResult { index, of, outcome, errors, warnings });
    }
    Ok(Json(results))
}

const fn outcome(result: RowResult) -> RosterOutcome {
    match result {
        RowResult::Added => RosterOutcome::Added,
        RowResult::Changed => RosterOutcome::Changed,
        RowResult::Removed => RosterOutcome::Removed,
        RowResult::Unchanged => RosterOutcome::Unchanged,
    }
}

fn row_errors(told: &[RowDiagnostic], row: usize, verdict: RowVerdict) -> Vec<FieldError> {
    let of_row = told.iter().filter(|told| told.row == row && told.verdict == verdict);
    of_row
        .map(|told| FieldError {
            field: told.field.to_owned(),
            code: told.code.to_owned(),
            detail: told.detail.clone(),
        })
        .collect()
}
