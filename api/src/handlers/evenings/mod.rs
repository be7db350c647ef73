//! Evenings: set up and shown by the office and its programs; their slots, schedules and history.

mod change_evening;
mod close_evening;
mod create_evening;
mod delete_evening;
mod get_evening;
mod get_evening_settings;
mod get_history;
mod get_schedule;
mod get_slots;
mod list_evenings;
mod publish_evening;
mod set_lateness;

pub use change_evening::change_evening;
pub use close_evening::close_evening;
pub use create_evening::create_evening;
pub use delete_evening::delete_evening;
pub use get_evening::get_evening;
pub use get_evening_settings::get_evening_settings;
pub use get_history::get_history;
pub use get_schedule::get_schedule;
pub use get_slots::get_slots;
pub use list_evenings::list_evenings;
pub use publish_evening::publish_evening;
pub use set_lateness::set_lateness;

use actix_web::web::Json;
use parlour_domain::{
    id::{EveningId, SchoolId},
    scope::Scope,
};
use parlour_wire::EveningSettings;

use crate::{
    app::App,
    auth::Asker,
    context::Context,
    problem::Answer,
    store::{Db, Result, evening_setup, events::Actor},
    views::evenings as views,
};

/// Publishes or closes an evening, and answers with its settings as they are then.
async fn set_state(
    app: &App,
    asker: &Asker,
    evening: EveningId,
    set: fn(&mut Db, &Context, SchoolId, EveningId, &Actor) -> Result<()>,
) -> Answer<Json<EveningSettings>> {
    asker.office(Scope::EveningsWrite)?;
    let (ctx, school, actor) = (app.context(), asker.school().clone(), asker.actor());
    let write = move |db: &mut Db| {
        set(db, &ctx, school.id(), evening, &actor)?;
        Ok(views::settings(evening_setup::settings(db, school.id(), evening)?, &school))
    };
    Ok(Json(app.store.write(write).await?))
}
