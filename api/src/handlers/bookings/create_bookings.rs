//! `POST /evenings/{evening_id}/bookings`: makes appointments, all or none.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use chrono::Utc;
use parlour_wire::{LostBooking, NewBookings, Page};

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::{Answer, ApiError},
    request::{Body, EveningPath, OnBehalf, checked, idempotency_key},
    store::{
        Db, Error,
        bookings::{self, Lost, NewBooking},
        evenings::{self, EveningRow},
        idempotency::{Response, with_idempotency_key},
    },
    views::{self, moment},
};

/// Books; a retry with the same `Idempotency-Key` gives the first answer.
///
/// # Errors
/// `slot_taken`, `person_busy`, `already_booked` with the lost ones; the refusals of the window.
pub async fn create_bookings(
    app: Data<App>,
    req: HttpRequest,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
    body: Body<NewBookings>,
) -> Answer {
    if !body.value.bookings.is_empty() {
        checked(&body.value)?;
    }
    let parent_id = query.parent();
    let asked = move |db: &mut Db, caller: &Caller| {
        let (acting, _) = caller.acting(db, parent_id)?;
        let row = evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        Ok((caller.clone(), acting, row))
    };
    let (caller, acting, row) = visitor.read(&app, asked).await?;
    let key = idempotency_key(&req, caller.person.id(), &body.bytes)?;
    let wanted: Vec<NewBooking> = body
        .value
        .bookings
        .iter()
        .map(|one| NewBooking {
            student: one.student_id.into(),
            class: one.class_id.into(),
            starts_at: one.starts_at.with_timezone(&Utc),
        })
        .collect();
    let ctx = app.context();
    let zone_of = row.clone();
    let made = app
        .store
        .write(move |db| {
            with_idempotency_key(db, &ctx, key.as_ref(), |db| {
                let made = bookings::make(db, &ctx, &row, &acting, &wanted)?;
                let views = made.iter().map(|one| views::booking(one, row.zone())).collect();
                Response::created(&Page::whole(views))
            })
        })
        .await
        .map_err(|error| with_lost(error, &zone_of))?;
    Ok(made.into())
}

/// The refusal with the appointments that were lost, as the contract names them.
#[must_use]
pub fn with_lost(error: Error, evening: &EveningRow) -> ApiError {
    let Error::Lost(lost) = error else { return error.into() };
    let Some(first) = lost.first() else { return ApiError::not_found() };
    let view = |one: &Lost| LostBooking {
        student_id: one.booking.student.into(),
        class_id: one.booking.class.into(),
        starts_at: moment(one.booking.starts_at, evening.zone()),
        code: one.refusal.code().to_owned(),
    };
    ApiError::lost(first.refusal, lost.iter().map(view).collect())
}
