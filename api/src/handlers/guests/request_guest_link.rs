//! `POST /guest_links/requests`: mails a guest the links that they have lost. Known and unknown
//! addresses take the same steps.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_domain::EmailAddress;
use parlour_wire::NewGuestLinkRequest;

use crate::{
    app::App,
    auth::{CurrentSchool, client_hash},
    problem::{ApiError, ApiResult},
    request::{Body, checked},
    store::guest_links,
};

/// Queues the mail with the links of all live invites to the address.
///
/// # Errors
/// `invalid`, `email_invalid`, `too_many_requests`.
pub async fn request_guest_link(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<NewGuestLinkRequest>,
) -> ApiResult {
    checked(&body.value)?;
    let email = EmailAddress::parse(&body.value.email)
        .map_err(|refusal| ApiError::field("email", refusal.code(), &refusal.to_string()))?;
    let (ctx, school_id, client_hash) =
        (app.context(), school.id(), client_hash(&app, school.id(), &req));
    app.store
        .write(move |db| guest_links::request(db, &ctx, school_id, &email, &client_hash))
        .await?;
    Ok(HttpResponse::Accepted().finish())
}
