//! Rows that a program pushes: read beside what is there, compared and written as any import is, in its turn.

use std::sync::Arc;

use parlour_domain::id::SchoolId;
use parlour_roster::{Push, Told, read_push};

use crate::{
    context::Context,
    store::{
        Error, Store,
        events::Actor,
        roster::{self, Names, Plan, Source},
        sources::{Origin, SourceKind},
    },
};

/// How often a push starts anew when an import or another push has come between.
const TRIES: u32 = 5;

/// What came of a push.
pub struct Pushed {
    /// What was written.
    pub plan: Arc<Plan>,
    /// What is to be said of its rows.
    pub told: Vec<Told>,
}

/// Writes the rows that can be used into the school, in one transaction; whoever loses access by them loses it there. The audit log says who pushed.
///
/// # Errors
/// [`Error::Busy`] when others came between again and again: nothing was written. What the database says.
pub async fn push(store: &Store, ctx: &Context, school: SchoolId, by: &Actor, rows: Push) -> Result<Pushed, Error> {
    let rows = Arc::new(rows);
    for _ in 0..TRIES {
        let (ctx, by, rows) = (ctx.clone(), by.clone(), Arc::clone(&rows));
        let (plan, told) = store.read(move |db| planned(db, ctx, school, by, &rows)).await?;
        let plan = Arc::new(plan);
        let writing = Arc::clone(&plan);
        if store.write(move |db| roster::apply(db, &writing)).await? {
            return Ok(Pushed { plan, told });
        }
    }
    Err(Error::Busy)
}

fn planned(db: &mut crate::store::Db, ctx: Context, school: SchoolId, by: Actor, rows: &Push) -> Result<(Plan, Vec<Told>), Error> {
    let id = roster::sourced_id(db, school)?;
    // Before all else, so that whatever is written after it makes this plan void.
    let turn = roster::turn(db, &id)?;
    let known = roster::known(db, school, rows)?;
    let read = read_push(&id, rows, &known).map_err(|error| {
        tracing::error!(%error, "a push could not be read");
        Error::Panicked
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
    Ok((roster::plan_since(db, &read.school, &source, turn, Some(&Names::of(rows, &known)))?, read.told))
}
