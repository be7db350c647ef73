//! `GET /invites/{invite_id}`.

use actix_web::web::{Data, Json};
use parlour_wire::Invite;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::InvitePath,
    store::{Error, invites, outbox},
    views,
};

/// One live invite.
///
/// # Errors
/// `not_found`, `invite_removed`, `access_ended`.
pub async fn get_invite(app: Data<App>, caller: Caller, InvitePath(invite): InvitePath) -> Answer<Json<Invite>> {
    let (school, owner) = (caller.school_id(), caller.owner()?);
    let view = app.store.read(move |db| {
        let row = invites::find(db, school, owner, invite)?;
        if let Some(dead) = row.dead() {
            return Err(Error::Dead(dead));
        }
        let zone = invites::evening_of(db, &row)?.zone();
        let one = invites::with_students(db, vec![row])?.pop().ok_or(Error::NotFound)?;
        let fates = outbox::fates(db, &[invite])?;
        Ok(views::invite(&one, fates.get(&invite), zone))
    });
    Ok(Json(view.await?))
}
