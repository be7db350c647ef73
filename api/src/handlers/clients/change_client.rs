//! `PATCH /clients/{client_id}`: another name, other scopes, another limit.

use actix_web::web::{Data, Json};
use parlour_wire::{ApiClient, ApiClientChange};

use super::scopes;
use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{Body, ClientPath, checked},
    store::clients,
    views,
};

/// Changes what is named and leaves the rest.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`.
pub async fn change_client(app: Data<App>, caller: Caller, ClientPath(client): ClientPath, body: Body<ApiClientChange>) -> Answer<Json<ApiClient>> {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let wanted = body.value.scopes.as_deref().map(scopes).transpose()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let changed = app
        .store
        .write(move |db| {
            clients::change(db, &ctx, school, staff, client, |wish| {
                if let Some(name) = &body.value.name {
                    wish.name.clone_from(name);
                }
                if let Some(scopes) = &wanted {
                    wish.scopes = scopes.clone();
                }
                wish.requests_per_minute = body.value.requests_per_minute.unwrap_or(wish.requests_per_minute);
            })
        })
        .await?;
    Ok(Json(views::programs::api_client(&changed, zone)))
}
