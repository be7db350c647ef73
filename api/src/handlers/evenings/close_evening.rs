//! `POST /evenings/{evening_id}/close`: parents book, change and cancel no more.

use actix_web::web::{Data, Json};
use parlour_wire::EveningSettings;

use super::set_state;
use crate::{app::App, auth::Asker, problem::Answer, request::EveningPath, store::evening_setup};

/// Ends booking at once; one that is closed stays so.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_over`, `evening_not_published`.
pub async fn close_evening(
    app: Data<App>,
    asker: Asker,
    EveningPath(evening): EveningPath,
) -> Answer<Json<EveningSettings>> {
    set_state(&app, &asker, evening, evening_setup::close).await
}
