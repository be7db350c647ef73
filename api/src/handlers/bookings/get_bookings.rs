//! `GET /evenings/{evening_id}/bookings`: My Bookings.

use actix_web::web::{Data, Json, Query};
use parlour_wire::MyBookings;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{
        bookings,
        evenings::{self, Whose},
        invites,
    },
    views,
};

/// The parent's appointments with the gaps between them, and what the invite link says.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_bookings(app: Data<App>, caller: Caller, EveningPath(evening): EveningPath, query: Query<OnBehalf>) -> Answer<Json<MyBookings>> {
    let (acting, parent) = caller.acting(&app, query.parent()).await?;
    let school = caller.school_id();
    let (row, booked, invites) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, Whose::Parent(acting.parent), evening)?;
            let booked = bookings::of_parent(db, evening, acting.parent)?;
            let invites = invites::live_of(db, evening, acting.parent)?.len();
            Ok((row, booked, invites))
        })
        .await?;
    Ok(Json(views::my_bookings(&row, &parent, &booked, invites, app.clock.now())))
}
