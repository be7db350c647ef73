//! The contract's operations on evenings, each in one transaction and under its operation's name.

use parlour_domain::{
    Refusal,
    id::{EveningId, SchoolId},
};
use serde::Serialize;

use super::{
    LockedEvening, NewEvening, Planned, Saved, Settings, add, change, close, delete, lock_evening,
    meets, plan,
    plan::{check_sizes, new_evening},
    publish, settings,
};
use crate::{
    context::Context,
    evening_spec::{EveningChange, EveningSpec, SpecError},
    store::{
        Db, Error, Result, evenings,
        events::Actor,
        idempotency::{RequestKey, Response, with_idempotency_key},
        locks::LockRank,
        schools::SchoolRow,
        version::ExpectedVersion,
    },
};

/// Creates a draft and answers with its settings. A retry of `request` creates nothing.
///
/// # Errors
/// [`Error::Field`], [`Refusal::EveningNameTaken`], [`Error::KeyReused`]; [`Error::NotFound`] for a
/// retry when the evening was deleted meanwhile.
#[expect(clippy::too_many_arguments, reason = "the request, its key and its view")]
pub fn create_evening<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: &SchoolRow,
    spec: &EveningSpec,
    actor: &Actor,
    request: Option<&RequestKey>,
    path: &str,
    view: impl Fn(&Settings) -> T,
) -> Result<Response> {
    let response = with_idempotency_key(db, ctx, request, |db| {
        let Planned { evening: new, .. } = plan(db, spec, school)??;
        let id = saved(add(db, ctx, &new, actor, None), &new, school)?;
        let settings = settings(db, school.id(), id)?;
        Ok(Response::created(&view(&settings))?.at(format!("{path}/{id}")))
    })?;
    // A retry finds no evening if it was deleted meanwhile.
    let id = response.id_in_location().ok_or(Error::NotFound)?;
    evenings::find(db, school.id(), id)?;
    Ok(response)
}

/// Changes the named settings of an evening, all or none, and answers with its new settings.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Changed`], [`Error::Field`], [`Error::BookingsRest`],
/// [`Refusal::EveningNameTaken`], [`Refusal::EveningOver`].
pub fn change_evening(
    db: &mut Db,
    ctx: &Context,
    school: &SchoolRow,
    evening: EveningId,
    to: &EveningChange,
    actor: &Actor,
    expected: &ExpectedVersion<Settings>,
) -> Result<Settings> {
    let current = |db: &mut Db| settings(db, school.id(), evening);
    expected.check(db, LockRank::Evening, evening, current)?;
    let LockedEvening { stored, classes, left_out } = lock_evening(db, school.id(), evening)?;
    let spec = stored.spec(school).changed(to);
    let new = if to.classes.is_some() {
        plan(db, &spec, school)??.evening
    } else {
        let checked = spec.check(school.zone())?;
        let meeting = |(class, video)| (class, meets(spec.mode, video));
        let classes = classes.into_iter().map(meeting).collect();
        let new = new_evening(&spec, checked, school, classes, left_out);
        if i64::from(spec.capacity) < i64::from(stored.row.capacity) {
            check_sizes(db, &new)?;
        }
        new
    };
    saved(change(db, ctx, evening, &new, actor), &new, school)?;
    current(db)
}

fn saved(saved: Result<Saved>, new: &NewEvening, school: &SchoolRow) -> Result<EveningId> {
    match saved {
        Ok(Saved::Added(id) | Saved::Changed(id) | Saved::Unchanged(id)) => Ok(id),
        Ok(Saved::Refused(bookings)) => Err(Error::BookingsRest { bookings, zone: school.zone() }),
        Ok(Saved::Past(ended_at)) => Err(SpecError::past(ended_at, new.zone).into()),
        Ok(Saved::TookPlace(_)) => Err(Refusal::EveningOver.into()),
        // These writes can violate only one unique index: that of the names.
        Err(Error::UniqueViolation) => Err(Refusal::EveningNameTaken.into()),
        Err(error) => Err(error),
    }
}

/// Publishes an evening and answers with its new settings.
///
/// # Errors
/// Those of [`publish`].
pub fn publish_evening(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
) -> Result<Settings> {
    publish(db, ctx, school, evening, actor)?;
    settings(db, school, evening)
}

/// Closes an evening for booking and answers with its new settings.
///
/// # Errors
/// Those of [`close`].
pub fn close_evening(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
) -> Result<Settings> {
    close(db, ctx, school, evening, actor)?;
    settings(db, school, evening)
}

/// Deletes a draft.
///
/// # Errors
/// Those of [`delete`]; [`Error::Changed`].
pub fn delete_evening(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    evening: EveningId,
    actor: &Actor,
    expected: &ExpectedVersion<Settings>,
) -> Result<()> {
    expected.check(db, LockRank::Evening, evening, |db| settings(db, school, evening))?;
    delete(db, ctx, school, evening, actor)
}
