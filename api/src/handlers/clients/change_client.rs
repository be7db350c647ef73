//! `PATCH /clients/{client_id}`: changes an API client's name, scopes or rate limit.

use actix_web::web::Data;
use parlour_wire::ApiClientChange;

use super::{name, scopes};
use crate::{
    app::App,
    auth::Caller,
    precondition::{IfMatch, with_new_etag},
    problem::ApiResult,
    request::{Body, ClientPath, checked},
    store::api_clients::{self, ApiClient, ApiClientSettings},
    views::exports::api_client,
};

/// Changes the fields that are given and leaves the rest.
///
/// # Errors
/// `wrong_role`, `not_found`, `invalid`, `precondition_failed`.
pub async fn change_client(
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
    if_match: IfMatch,
    body: Body<ApiClientChange>,
) -> ApiResult {
    let staff = caller.require_staff()?;
    checked(&body.value)?;
    let wanted = body.value.scopes.as_deref().map(scopes).transpose()?;
    let new_name = body.value.name.as_deref().map(name).transpose()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let expected = if_match.of(move |client: &ApiClient| api_client(client, zone));
    let change = move |settings: &mut ApiClientSettings| {
        if let Some(name) = &new_name {
            settings.name.clone_from(name);
        }
        if let Some(scopes) = &wanted {
            settings.scopes.clone_from(scopes);
        }
        settings.requests_per_minute =
            body.value.requests_per_minute.unwrap_or(settings.requests_per_minute);
    };
    let row = app
        .store
        .write(move |db| {
            api_clients::change_client(db, &ctx, school, staff, client, &expected, &change)
        })
        .await?;
    with_new_etag(&api_client(&row, zone))
}
