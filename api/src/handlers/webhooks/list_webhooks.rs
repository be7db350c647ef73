//! `GET /webhooks`: the school's endpoints.

use actix_web::web::{Data, Json};
use parlour_wire::{Page, Webhook};

use crate::{app::App, auth::Caller, problem::ApiResult, store::webhooks, views};

/// Lists all endpoints, oldest first. There are too few for pages.
///
/// # Errors
/// `wrong_role`.
pub async fn list_webhooks(app: Data<App>, caller: Caller) -> ApiResult<Json<Page<Webhook>>> {
    caller.require_staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let all = app.store.read(move |db| webhooks::list(db, &ctx, school)).await?;
    Ok(Json(Page::whole(all.iter().map(|one| views::webhooks::webhook(one, zone)).collect())))
}
