//! `DELETE /bars/{bar_id}`: lifts a bar.

use actix_web::{HttpResponse, web::Data};

use crate::{app::App, auth::Caller, problem::ApiResult, request::BarPath, store::bars};

/// Lifts the bar. Bookings, invites and sessions that it ended do not come back.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn lift_bar(app: Data<App>, caller: Caller, BarPath(bar): BarPath) -> ApiResult {
    let staff = caller.require_staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    app.store.write(move |db| bars::lift(db, &ctx, school, staff, bar)).await?;
    Ok(HttpResponse::NoContent().finish())
}
