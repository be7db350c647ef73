//! `GET /evenings/{evening_id}/invites`: the Manage Invites dialog.

use actix_web::web::{Data, Json, Query};
use parlour_wire::Invites;

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{Db, evenings, invites, outbox},
    views,
};

/// The invites sent, and what may still be sent.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_invites(
    app: Data<App>,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
) -> Answer<Json<Invites>> {
    let (parent_id, ctx) = (query.parent(), app.context());
    let read = move |db: &mut Db, caller: &Caller| {
        let (acting, _) = caller.acting(db, parent_id)?;
        let row = evenings::find_for(db, caller.school_id(), acting.whose(), evening)?;
        let overview = invites::overview(db, &ctx, &row, &acting)?;
        let ids: Vec<_> = overview.invites.iter().map(|one| one.row.id.into()).collect();
        let fates = outbox::fates(db, &ids)?;
        Ok(views::invites(&row, &overview, &fates, acting.is_staff))
    };
    visitor.read(&app, read).await.map(Json)
}
