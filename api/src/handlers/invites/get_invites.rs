//! `GET /evenings/{evening_id}/invites`: the data of the Manage Invites dialog.

use actix_web::web::{Data, Json, Query};
use parlour_wire::Invites;

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{EveningPath, ParentQuery},
    store::invites,
    views,
};

/// Returns the invites sent and the students who can still be invited for.
///
/// # Errors
/// `wrong_role`, `not_found`.
pub async fn get_invites(
    app: Data<App>,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
) -> ApiResult<Json<Invites>> {
    let ctx = app.context();
    let (asked, found) = visitor
        .read(&app, query.parent(), move |db, asked| {
            invites::get_invites(db, &ctx, asked.school_id(), &asked.acting, evening)
        })
        .await?;
    Ok(Json(views::invites(&found, asked.acting.is_staff)))
}
