//! `DELETE /clients/{client_id}`: disconnects a program.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::Answer,
    request::ClientPath,
    store::clients::{self, Client},
    views::programs::api_client,
};

/// Ends the program, its secrets and its tokens at once.
///
/// # Errors
/// `wrong_role`, `not_found`, `precondition_failed`.
pub async fn revoke_client(
    app: Data<App>,
    caller: Caller,
    ClientPath(client): ClientPath,
    if_match: IfMatch,
) -> Answer {
    let staff = caller.staff()?;
    let (ctx, school, zone) = (app.context(), caller.school_id(), caller.school.zone());
    let expected = if_match.of(move |client: &Client| api_client(client, zone));
    app.store
        .write(move |db| clients::revoke_client(db, &ctx, school, staff, client, &expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
