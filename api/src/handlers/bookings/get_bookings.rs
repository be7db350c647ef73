//! `GET /evenings/{evening_id}/bookings`: My Bookings.

use actix_web::web::{Data, Json, Query};
use parlour_wire::MyBookings;

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{Db, bookings, evenings, invites},
    views,
};

/// The parent's appointments with the gaps between them, and what the invite link says.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_bookings(
    app: Data<App>,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
) -> Answer<Json<MyBookings>> {
    let (parent_id, now) = (query.parent(), app.clock.now());
    let read = move |db: &mut Db, caller: &Caller| {
        let (acting, parent) = caller.acting(db, parent_id)?;
        let row = evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        let mut booked = bookings::of_acting(db, evening, &acting)?;
        if acting.is_staff {
            bookings::say_stranded(db, now, &mut booked)?;
        }
        let invites = invites::live_of(db, evening, acting.parent)?.len();
        Ok(views::my_bookings(&row, &parent, &booked, invites, now))
    };
    visitor.read(&app, read).await.map(Json)
}
