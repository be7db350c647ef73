//! `GET /bars`: the bars set by hand.

use actix_web::web::{Data, Json, Query};
use parlour_domain::id::{BarId, PersonId};
use parlour_wire::{Bar, Page};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{List, PageQuery, page},
    store::bars,
    views,
};

/// `?student_id=`: only the bars of one student.
#[derive(Debug, Default, Deserialize)]
pub struct BarQuery {
    student_id: Option<Uuid>,
}

/// Lists the bars in force, newest first.
///
/// # Errors
/// `wrong_role`, `bad_cursor`, `invalid`.
pub async fn list_bars(
    app: Data<App>,
    caller: Caller,
    of: Query<BarQuery>,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<Bar>>> {
    caller.require_staff()?;
    let (after, limit) = pages.read(List::Bars)?;
    let (school, student) = (caller.school_id(), of.student_id.map(PersonId));
    let rows =
        app.store.read(move |db| bars::list(db, school, student, after.map(BarId), limit)).await?;
    Ok(Json(page(
        List::Bars,
        rows,
        limit,
        |row| row.row.id.0,
        |row| views::bar(&row, caller.school.zone()),
    )))
}
