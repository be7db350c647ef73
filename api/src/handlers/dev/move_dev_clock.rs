//! `POST /dev/clock`: makes it another time, so that a demonstration can show the evening before it
//! has come.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use chrono::{TimeDelta, Utc};
use parlour_wire::{DevClock, DevClockMove};

use super::require_dev_tools;
use crate::{
    app::App,
    auth::CurrentSchool,
    demo,
    problem::{ApiError, ApiResult},
    request::Body,
    views::moment,
};

/// How long before the first appointment one arrives: its call is open by then, and soon begins.
const ARRIVE_EARLY: TimeDelta = TimeDelta::minutes(1);
/// How far the time may be moved at once: beyond it nothing of the demo is near.
const MAX_SHIFT: TimeDelta = TimeDelta::days(400);

/// Moves the clock of this server until it ends; sessions and links that are over by then are over.
///
/// # Errors
/// `not_found` outside a playground and where the demo's parent has no appointment, `invalid`.
pub async fn move_dev_clock(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    body: Body<DevClockMove>,
) -> ApiResult<Json<DevClock>> {
    require_dev_tools(&app, &req)?;
    let to = match body.value.to {
        Some(to) => to.with_timezone(&Utc),
        None => app.store.read(demo::first_appointment).await? - ARRIVE_EARLY,
    };
    if (to - app.clock.now()).abs() > MAX_SHIFT {
        return Err(ApiError::field("to", "range", "Give a time at most 400 days away."));
    }
    app.clock.move_to(to);
    // What became due on the way goes out now.
    app.wake.notify_one();
    Ok(Json(DevClock { now: moment(app.clock.now(), school.zone()) }))
}
