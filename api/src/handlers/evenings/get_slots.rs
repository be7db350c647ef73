//! `GET /evenings/{evening_id}/slots`: what a parent may book.

use actix_web::web::{Data, Json, Query};
use parlour_wire::SlotGrid;

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{Db, evenings, slots},
    views,
};

/// The students' classes against the evening's times.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_slots(
    app: Data<App>,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
) -> Answer<Json<SlotGrid>> {
    let (parent_id, now) = (query.parent(), app.clock.now());
    let read = move |db: &mut Db, caller: &Caller| {
        let (acting, _) = caller.acting(db, parent_id)?;
        let row = evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        let grid = slots::grid(db, &row, &acting)?;
        Ok(views::slot_grid(&row, grid, now))
    };
    visitor.read(&app, read).await.map(Json)
}
