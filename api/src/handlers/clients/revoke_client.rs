//! `DELETE /clients/{client_id}`: disconnects a program.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App,
    auth::Caller,
    precondition::IfMatch,
    problem::Answer,
    request::ClientPath,
    store::{clients, locks::LockRank},
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
    app.store
        .write(move |db| {
            if_match.check(db, LockRank::ApiClient, client, |db| {
                Ok(api_client(&clients::find(db, school, client, ctx.now)?, zone))
            })?;
            clients::revoke(db, &ctx, school, staff, client)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
