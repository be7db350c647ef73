//! `DELETE /clients/{client_id}`: revokes an API client.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::ApiResult,
    request::ClientPath,
    store::api_clients::{self, ApiClient},
    views::exports::api_client,
};

/// Revokes the API client, its secrets and its tokens at once.
///
/// # Errors
/// `wrong_role`, `not_found`, `precondition_failed`.
pub async fn revoke_client(
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
    if_match: IfMatch,
) -> ApiResult {
    let staff = caller.require_staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let expected = if_match.of(move |client: &ApiClient| api_client(client, zone));
    app.store
        .write(move |db| api_clients::revoke_client(db, &ctx, school, staff, client, &expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
