//! `POST /guest_links/decline`: ends an invite on "This was not meant for me".

use actix_web::{HttpResponse, web::Data};
use parlour_wire::LinkToken;

use crate::{
    app::App,
    auth::{CurrentSchool, guest_link::invite_of},
    problem::ApiResult,
    request::{Body, checked},
    store::invites,
};

/// Ends the invite, suppresses the address and tells the parent.
///
/// # Errors
/// `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`.
pub async fn decline_guest_link(
    app: Data<App>,
    CurrentSchool(school): CurrentSchool,
    body: Body<LinkToken>,
) -> ApiResult {
    checked(&body.value)?;
    let invite = invite_of(&app, school.id(), &body.value.token).await?;
    let (ctx, school_id) = (app.context(), school.id());
    app.store.write(move |db| invites::decline_guest_link(db, &ctx, school_id, invite)).await?;
    Ok(HttpResponse::NoContent().finish())
}
