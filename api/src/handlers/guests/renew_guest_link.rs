//! `POST /guest_links/renew`: replaces a guest's link that is in the wrong hands, and mails the new
//! one to the guest's address.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::id::{BookingId, InviteId};
use parlour_wire::GuestLinkRenewal;

use crate::{
    app::App,
    auth::{GuestSessions, call_visitor, guest_link::any_link_of},
    problem::{ApiError, ApiResult},
    request::{Body, checked, idempotency_key},
    store::{calls::CallIdentity, guests},
};

/// Voids the link and mails a new one. The response is empty, so the sender learns nothing about
/// the new link. A retry with the same `Idempotency-Key` does not void the link again.
///
/// # Errors
/// `invalid`, `not_logged_in`, `not_found`, `invite_removed`, `link_dead`, `link_renewed`,
/// `access_ended`, `resend_too_soon`, `resend_limit`, `evening_over`, `idempotency_key_reused`.
pub async fn renew_guest_link(
    app: Data<App>,
    req: HttpRequest,
    sessions: GuestSessions,
    body: Body<GuestLinkRenewal>,
) -> ApiResult {
    checked(&body.value)?;
    let school_id = sessions.school.id();
    let (invite, link) = match (&body.value.token, body.value.booking_id) {
        (Some(token), None) => {
            let link = any_link_of(&app, school_id, token).await?;
            (link.invite, Some(link))
        }
        (None, Some(booking)) => {
            (invite_of_session(&app, sessions, BookingId(booking)).await?, None)
        }
        _ => {
            return Err(ApiError::field(
                "token",
                "required",
                "Give either a token or a booking_id.",
            ));
        }
    };
    let key = idempotency_key(&req, invite, &body.bytes)?;
    let ctx = app.context();
    let of_link = link.map(|link| link.generation);
    let renewed = app
        .store
        .write(move |db| {
            guests::renew_guest_link(db, &ctx, school_id, invite, of_link, key.as_ref())
        })
        .await?;
    Ok(renewed.into())
}

/// The invite by which a guest session of this browser covers a booking.
async fn invite_of_session(
    app: &App,
    sessions: GuestSessions,
    booking: BookingId,
) -> ApiResult<InviteId> {
    match call_visitor::guest(app, sessions, booking).await?.0.who {
        CallIdentity::Guest(invite) => Ok(invite),
        CallIdentity::Teacher(_) | CallIdentity::Parent(_) => Err(ApiError::not_found()),
    }
}
