//! `POST /guest_links/renew`: the guest's link is in wrong hands; a new one goes to the guest's address.

use actix_web::{HttpResponse, web::Data};
use parlour_domain::id::{BookingId, InviteId};
use parlour_wire::GuestLinkRenewal;

use super::invite_of;
use crate::{
    app::App,
    auth::GuestSessions,
    handlers::calls,
    problem::{Answer, ApiError},
    request::{Body, checked},
    store::{bookings::Acting, calls::Who, events::Actor, guests, invites},
};

/// Makes the link dead and mails a new one. Whoever pressed the button learns nothing by it.
///
/// # Errors
/// `invalid`, `not_logged_in`, `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`, `resend_too_soon`, `resend_limit`, `evening_over`.
pub async fn renew_guest_link(app: Data<App>, sessions: GuestSessions, body: Body<GuestLinkRenewal>) -> Answer {
    checked(&body.value)?;
    let school_id = sessions.school.id();
    let invite = match (&body.value.token, body.value.booking_id) {
        (Some(token), None) => invite_of(&app, school_id, token).await?,
        (None, Some(booking)) => invite_of_session(&app, sessions, BookingId(booking)).await?,
        _ => return Err(ApiError::field("token", "required", "Give either a token or a booking_id.")),
    };
    let ctx = app.context();
    app.store
        .write(move |db| {
            let view = guests::open(db, school_id, invite, ctx.now)?;
            let acting = Acting { parent: view.parent.id(), actor: Actor { person: None, name: view.invite.name.clone() }, is_staff: false };
            invites::renew(db, &ctx, &view.evening, &acting, &view.invite)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The invite by which this browser's guest session covers a booking.
async fn invite_of_session(app: &App, sessions: GuestSessions, booking: BookingId) -> Answer<InviteId> {
    match calls::guest(app, sessions, booking).await?.who {
        Who::Guest(invite) => Ok(invite),
        Who::Teacher(_) | Who::Parent(_) => Err(ApiError::not_found()),
    }
}
