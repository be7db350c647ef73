//! Rows that a program pushes: read beside what is there, compared and written as any import is, in
//! its turn.

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

/// How often a push starts anew when an import or another push has come between.
const MAX_ATTEMPTS: u32 = 5;

/// Who pushes.
#[derive(Clone)]
pub struct PushAuthor {
    /// For the audit log.
    pub actor: Actor,
    /// May make people staff, and change those who are.
    pub may_write_staff: bool,
}

/// What came of a push.
pub struct PushOutcome {
    /// What was written.
    pub plan: Arc<Plan>,
    /// What is to be said of its rows.
    pub told: Vec<RowDiagnostic>,
}

/// Writes the rows that can be used into the school, in one transaction; whoever loses access by
/// them loses it there. The audit log says who pushed.
///
/// # Errors
/// [`Error::Busy`] when others came between again and again: nothing was written. What the database
/// says.
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
    // Before all else, so that whatever is written after it makes this plan void.
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

/// The rows of a push that neither are about members of staff nor make any, and what is to be said
/// of the others.
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
