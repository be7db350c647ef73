//! `POST /evenings/{evening_id}/bookings`: makes all of the given appointments or none.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use chrono::Utc;
use parlour_domain::{booking::NewBooking, id::EveningId};

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{Body, EveningPath, ParentQuery, checked, idempotency_key},
    store::bookings::{self, NewBookings},
    views::made_bookings as view,
};

/// Makes the bookings. A retry with the same `Idempotency-Key` gets the first response.
///
/// # Errors
/// `slot_taken`, `person_busy` and `already_booked`, with the bookings that failed; the refusals of
/// the booking window.
pub async fn create_bookings(
    app: Data<App>,
    req: HttpRequest,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
    body: Body<parlour_wire::NewBookings>,
) -> ApiResult {
    if !body.value.bookings.is_empty() {
        checked(&body.value)?;
    }
    let asked = visitor.on_behalf_of(&app, query.parent()).await?;
    let key = idempotency_key(&req, asked.caller.person.id(), &body.bytes)?;
    let (ctx, school, acting) = (app.context(), asked.school_id(), asked.acting);
    let new = parse(evening, &body.value);
    let made = app
        .store
        .write(move |db| {
            bookings::create_bookings(db, &ctx, school, &acting, &new, key.as_ref(), view)
        })
        .await?;
    Ok(made.into())
}

fn parse(evening: EveningId, body: &parlour_wire::NewBookings) -> NewBookings {
    let parse = |one: &parlour_wire::NewBooking| NewBooking {
        student: one.student_id.into(),
        class: one.class_id.into(),
        starts_at: one.starts_at.with_timezone(&Utc),
    };
    NewBookings { evening, wanted: body.bookings.iter().map(parse).collect() }
}
