//! `GET /invites/{invite_id}`: one invite.

use actix_web::{HttpRequest, web::Data};

use crate::{
    app::App, auth::Caller, precondition::with_etag, problem::ApiResult, request::InvitePath,
    store::invites, views,
};

/// Returns one live invite.
///
/// # Errors
/// `not_found`, `invite_removed`, `access_ended`.
pub async fn get_invite(
    req: HttpRequest,
    app: Data<App>,
    caller: Caller,
    InvitePath(invite): InvitePath,
) -> ApiResult {
    let (school, owner) = (caller.school_id(), caller.visible_parent()?);
    let found = app.store.read(move |db| invites::get_invite(db, school, owner, invite)).await?;
    with_etag(&req, &views::invite_details(&found))
}
