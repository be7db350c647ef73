//! Pushes: rows that an API client or staff send, compared and written like those of an import.

use std::{collections::BTreeSet, sync::Arc};

use parlour_domain::id::SchoolId;
use parlour_roster::{Push, PushedPerson, RowDiagnostic, RowVerdict, is_staff, read_push};

use crate::{
    context::Context,
    store::{
        Db, Error, Store,
        events::Actor,
        roster::{self, Plan, PushedIds, Source},
        sources::{Origin, SourceKind},
    },
};

/// Maximum number of attempts when an import or another push writes in between.
const MAX_ATTEMPTS: u32 = 5;

/// The author of a push.
#[derive(Clone)]
pub struct PushAuthor {
    /// The actor for the audit log.
    pub actor: Actor,
    /// True if they may make people staff, and change people who are staff.
    pub may_write_staff: bool,
}

/// The outcome of a push.
pub struct PushOutcome {
    /// The plan that was written.
    pub plan: Arc<Plan>,
    /// The diagnostics of its rows.
    pub told: Vec<RowDiagnostic>,
}

/// Writes the usable rows into the school, and ends lost access, in one transaction. The audit log
/// names the author.
///
/// # Errors
/// [`Error::Busy`] when others wrote in between at every attempt; then nothing was written. Also
/// when the database fails.
pub async fn push(
    store: &Store,
    ctx: &Context,
    school: SchoolId,
    by: &PushAuthor,
    rows: Push,
) -> Result<PushOutcome, Error> {
    let rows = Arc::new(rows);
    for _ in 0..MAX_ATTEMPTS {
        let (ctx, by, rows) = (ctx.clone(), by.clone(), Arc::clone(&rows));
        let (plan, told) = store.read(move |db| plan_push(db, ctx, school, by, &rows)).await?;
        let plan = Arc::new(plan);
        let writing = Arc::clone(&plan);
        if store.write(move |db| roster::apply(db, &writing)).await? {
            return Ok(PushOutcome { plan, told });
        }
    }
    Err(Error::Busy)
}

fn plan_push(
    db: &mut Db,
    ctx: Context,
    school: SchoolId,
    by: PushAuthor,
    rows: &Push,
) -> Result<(Plan, Vec<RowDiagnostic>), Error> {
    let id = roster::sourced_id(db, school)?;
    // Read before everything else, so that any later write makes this plan stale.
    let turn = roster::import_version(db, &id)?;
    let (allowed, refused) =
        if by.may_write_staff { (None, Vec::new()) } else { without_staff(db, school, rows)? };
    let rows = allowed.as_ref().unwrap_or(rows);
    let by = by.actor;
    let known = roster::look_up(db, school, rows)?;
    let read = read_push(&id, rows, &known).map_err(|error| {
        tracing::error!(%error, "a push could not be read");
        Error::Internal
    })?;
    let kind = if by.person.is_some() { SourceKind::Staff } else { SourceKind::Program };
    let origin = Origin::new(kind, by.name.as_str());
    let source = Source {
        coverage: read.coverage,
        removed: Arc::new(read.removed),
        unread: Arc::default(),
        ctx,
        time_zone: String::new(),
        origin,
        writer: None,
        pushed_by: Some(by),
    };
    Ok((
        roster::plan_since(db, &read.school, &source, turn, Some(&PushedIds::of(rows, &known)))?,
        refused.into_iter().chain(read.diagnostics).collect(),
    ))
}

/// Removes the rows that are about members of staff, or would make people staff, and returns a
/// diagnostic for each. The first part is `None` if the push is not about people.
fn without_staff(
    db: &mut Db,
    school: SchoolId,
    rows: &Push,
) -> Result<(Option<Push>, Vec<RowDiagnostic>), Error> {
    let Push::People(rows) = rows else { return Ok((None, Vec::new())) };
    let ids: BTreeSet<&str> = rows.iter().map(|(_, row)| row.sourced_id.as_str()).collect();
    let staff = roster::staff_in(db, school, &ids)?;
    let makes_staff = |row: &PushedPerson| row.roles.iter().any(|role| is_staff(role));
    let (refused, allowed): (Vec<_>, Vec<_>) = rows
        .iter()
        .cloned()
        .partition(|(_, row)| staff.contains(&row.sourced_id) || makes_staff(row));
    let told = |(row, pushed): (usize, PushedPerson)| RowDiagnostic {
        row,
        verdict: RowVerdict::Refused,
        field: if makes_staff(&pushed) { "roles" } else { "sourced_id" },
        code: "staff_scope_missing",
        detail: "This is a member of staff, or would be. Staff are written with the scope \
                 roster:write_staff alone; the school's office gives it."
            .to_owned(),
    };
    Ok((Some(Push::People(allowed)), refused.into_iter().map(told).collect()))
}
