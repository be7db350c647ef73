//! `POST /guest_links/renew`: the guest's link is in wrong hands; a new one goes to the guest's address.

use actix_web::{HttpResponse, web::Data};
use parlour_wire::LinkToken;

use super::invite_of;
use crate::{
    app::App,
    auth::AtSchool,
    problem::Answer,
    request::{Body, checked},
    store::{bookings::Acting, events::Actor, guests, invites},
};

/// Makes the link dead and mails a new one. Whoever pressed the button learns nothing by it.
///
/// # Errors
/// `not_found`, `invite_removed`, `link_dead`, `link_renewed`, `access_ended`, `resend_too_soon`, `resend_limit`, `evening_over`.
pub async fn renew_guest_link(app: Data<App>, AtSchool(school): AtSchool, body: Body<LinkToken>) -> Answer {
    checked(&body.value)?;
    let invite = invite_of(&app, school.id(), &body.value.token).await?;
    let (ctx, school_id) = (app.context(), school.id());
    app.store
        .write(move |db| {
            let view = guests::open(db, school_id, invite, ctx.now)?;
            let acting = Acting { parent: view.parent.id(), actor: Actor { person: None, name: view.invite.name.clone() }, is_staff: false };
            invites::renew(db, &ctx, &view.evening, &acting, &view.invite)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
