//! `PATCH /clients/{client_id}`: another name, other scopes, another limit.

use actix_web::web::Data;
use parlour_wire::ApiClientChange;

use super::{name, scopes};
use crate::{
    app::App,
    auth::Caller,
    precondition::{IfMatch, changed},
    problem::Answer,
    request::{Body, ClientPath, checked},
    store::{clients, locks::LockRank},
    views::programs::api_client,
};

/// Changes what is named and leaves the rest.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`, `precondition_failed`.
pub async fn change_client(
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
    if_match: IfMatch,
    body: Body<ApiClientChange>,
) -> Answer {
    let staff = caller.staff()?;
    checked(&body.value)?;
    let wanted = body.value.scopes.as_deref().map(scopes).transpose()?;
    let new_name = body.value.name.as_deref().map(name).transpose()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let row = app
        .store
        .write(move |db| {
            if_match.check(db, LockRank::ApiClient, client, |db| {
                Ok(api_client(&clients::find(db, school, client, ctx.now)?, zone))
            })?;
            clients::change(db, &ctx, school, staff, client, |wish| {
                if let Some(name) = &new_name {
                    wish.name.clone_from(name);
                }
                if let Some(scopes) = &wanted {
                    wish.scopes = scopes.clone();
                }
                wish.requests_per_minute =
                    body.value.requests_per_minute.unwrap_or(wish.requests_per_minute);
            })
        })
        .await?;
    changed(&api_client(&row, zone))
}
