//! `GET /evenings/{evening_id}/slots`: what a parent may book.

use actix_web::web::{Data, Json, Query};
use parlour_wire::SlotGrid;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{
        evenings::{self, Whose},
        slots,
    },
    views,
};

/// The students' classes against the evening's times.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_slots(app: Data<App>, caller: Caller, EveningPath(evening): EveningPath, query: Query<OnBehalf>) -> Answer<Json<SlotGrid>> {
    let (acting, _) = caller.acting(&app, query.parent()).await?;
    let school = caller.school_id();
    let (row, grid) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, Whose::Parent(acting.parent), evening)?;
            let grid = slots::grid(db, &row, acting.parent)?;
            Ok((row, grid))
        })
        .await?;
    Ok(Json(views::slot_grid(&row, grid, app.clock.now())))
}
