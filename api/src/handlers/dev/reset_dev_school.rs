//! `POST /dev/reset`: resets a playground to its initial state.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use parlour_wire::DevClock;

use super::require_dev_tools;
use crate::{
    app::App,
    auth::CurrentSchool,
    demo,
    problem::{ApiError, ApiResult},
    store::Error,
    views::moment,
};

/// Deletes all data, loads the demo school again, and sets the clock to the real time.
///
/// # Errors
/// `not_found` outside a playground.
pub async fn reset_dev_school(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
) -> ApiResult<Json<DevClock>> {
    require_dev_tools(&app, &req)?;
    app.clock.move_to(app.clock.real());
    demo::reset(&app.store, &app.context(), app.config.mode).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "the playground could not be reset");
        ApiError::from(Error::Internal)
    })?;
    if let Some(mailbox) = &app.mailbox {
        drop(mailbox.take());
    }
    Ok(Json(DevClock { now: moment(app.clock.now(), school.zone()) }))
}
