//! `DELETE /clients/{client_id}`: disconnects a program.

use actix_web::{HttpResponse, web::Data};

use crate::{app::App, auth::Caller, problem::Answer, request::ClientPath, store::clients};

/// Ends the program, its secrets and its tokens at once.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn revoke_client(app: Data<App>, caller: Caller, ClientPath(client): ClientPath) -> Answer {
    let staff = caller.staff()?;
    let (ctx, school) = (app.context(), caller.school_id());
    app.store.write(move |db| clients::revoke(db, &ctx, school, staff, client)).await?;
    Ok(HttpResponse::NoContent().finish())
}
