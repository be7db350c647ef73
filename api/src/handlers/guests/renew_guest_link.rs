//! `POST /guest_links/renew`: the guest's link is in wrong hands; a new one goes to the guest's
//! address.

use actix_web::{HttpRequest, web::Data};
use parlour_domain::id::{BookingId, InviteId};
use parlour_wire::GuestLinkRenewal;

use crate::{
    app::App,
    auth::{GuestSessions, call_visitor, guest_link::any_link_of},
    problem::{Answer, ApiError},
    request::{Body, checked, idempotency_key},
    store::{
        Db, Dead, Error,
        bookings::Acting,
        calls::Who,
        events::Actor,
        guests,
        idempotency::{Response, with_idempotency_key},
        invites,
    },
};

/// Makes the link dead and mails a new one. Whoever pressed the button learns nothing by it. A
/// retry with the same `Idempotency-Key` makes nothing dead again.
///
/// # Errors
/// `invalid`, `not_logged_in`, `not_found`, `invite_removed`, `link_dead`, `link_renewed`,
/// `access_ended`, `resend_too_soon`, `resend_limit`, `evening_over`, `idempotency_key_reused`.
pub async fn renew_guest_link(
    app: Data<App>,
    req: HttpRequest,
    sessions: GuestSessions,
    body: Body<GuestLinkRenewal>,
) -> Answer {
    checked(&body.value)?;
    let school_id = sessions.school.id();
    let (invite, generation) = match (&body.value.token, body.value.booking_id) {
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
    let renew = move |db: &mut Db| {
        with_idempotency_key(db, &ctx, key.as_ref(), |db| {
            // Asked here, since the first of two same requests makes the token of both an older
            // one.
            if let Some(link) = generation
                && guests::generation(db, school_id, invite)? != link.generation
            {
                return Err(Error::Dead(Dead::Renewed));
            }
            let view = guests::open(db, school_id, invite, ctx.now)?;
            let acting = Acting {
                parent: view.parent.id(),
                actor: Actor { person: None, name: view.invite.name.clone() },
                is_staff: false,
            };
            invites::renew(db, &ctx, &view.evening, &acting, &view.invite)?;
            Ok(Response::empty(204))
        })
    };
    Ok(app.store.write(renew).await?.into())
}

/// The invite by which this browser's guest session covers a booking.
async fn invite_of_session(
    app: &App,
    sessions: GuestSessions,
    booking: BookingId,
) -> Answer<InviteId> {
    match call_visitor::guest(app, sessions, booking).await?.who {
        Who::Guest(invite) => Ok(invite),
        Who::Teacher(_) | Who::Parent(_) => Err(ApiError::not_found()),
    }
}
