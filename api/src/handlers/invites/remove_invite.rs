//! `DELETE /invites/{invite_id}`: removes an invite.

use actix_web::{HttpResponse, web::Data};

use crate::{
    app::App, auth::Caller, precondition::IfMatch, problem::ApiResult, request::InvitePath,
    store::invites, views::invite_details as view,
};

/// Removes the invite; its link stops working at once (I7). Removing it again changes nothing.
///
/// # Errors
/// `not_found`, `precondition_failed`.
pub async fn remove_invite(
    app: Data<App>,
    caller: Caller,
    InvitePath(invite): InvitePath,
    if_match: IfMatch,
) -> ApiResult {
    let (ctx, editor, expected) = (app.context(), caller.editor()?, if_match.of(view));
    app.store.write(move |db| invites::remove_invite(db, &ctx, &editor, invite, &expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}
