//! `GET /evenings/{evening_id}/bookings`: the parent's bookings of an evening, for My Bookings.

use actix_web::web::{Data, Json, Query};
use parlour_wire::MyBookings;

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{EveningPath, ParentQuery},
    store::bookings,
    views,
};

/// Returns the appointments with the gaps between them, and whether the page offers to invite or to
/// manage invites.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_bookings(
    app: Data<App>,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
) -> ApiResult<Json<MyBookings>> {
    let (parent_id, now) = (query.parent(), app.clock.now());
    let (asked, found) = visitor
        .read(&app, parent_id, move |db, asked| {
            bookings::get_bookings(db, asked.school_id(), &asked.acting, evening, now)
        })
        .await?;
    Ok(Json(views::my_bookings(&asked.parent, &found, now)))
}
