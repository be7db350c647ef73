//! `GET /evenings/{evening_id}/invites`: the Manage Invites dialog.

use actix_web::web::{Data, Json, Query};
use parlour_wire::Invites;

use crate::{
    app::App,
    auth::Caller,
    problem::Answer,
    request::{EveningPath, OnBehalf},
    store::{
        evenings::{self, Whose},
        invites, outbox,
    },
    views,
};

/// The invites sent, and what may still be sent.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_invites(app: Data<App>, caller: Caller, EveningPath(evening): EveningPath, query: Query<OnBehalf>) -> Answer<Json<Invites>> {
    let (acting, _) = caller.acting(&app, query.parent()).await?;
    let (ctx, school, is_staff) = (app.context(), caller.school_id(), acting.is_staff);
    let (row, overview, fates) = app
        .store
        .read(move |db| {
            let row = evenings::find_for(db, school, Whose::Parent(acting.parent), evening)?;
            let overview = invites::overview(db, &ctx, &row, acting.parent)?;
            let ids: Vec<_> = overview.invites.iter().map(|one| one.row.id.into()).collect();
            let fates = outbox::fates(db, &ids)?;
            Ok((row, overview, fates))
        })
        .await?;
    Ok(Json(views::invites(&row, &overview, &fates, is_staff)))
}
