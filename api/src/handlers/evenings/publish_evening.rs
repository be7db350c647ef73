//! `POST /evenings/{evening_id}/publish`: shows an evening to everybody concerned.

use actix_web::web::{Data, Json};
use parlour_wire::EveningSettings;

use super::set_state;
use crate::{app::App, auth::Asker, problem::Answer, request::EveningPath, store::evening_setup};

/// A draft is published, one that was closed opens again, and one that is published stays so.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `not_found`, `evening_over`, `no_class_takes_part`,
/// `booking_closed`.
pub async fn publish_evening(
    app: Data<App>,
    asker: Asker,
    EveningPath(evening): EveningPath,
) -> Answer<Json<EveningSettings>> {
    set_state(&app, &asker, evening, evening_setup::publish).await
}
