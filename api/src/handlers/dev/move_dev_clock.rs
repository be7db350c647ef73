//! `POST /dev/clock`: moves the clock of a playground, so that a demonstration can show the evening
//! before its date.

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

/// Lead time before the first appointment the clock stops: its call is open by then and begins
/// soon.
const ARRIVE_EARLY: TimeDelta = TimeDelta::minutes(1);
/// The furthest that one request may move the clock: the demo has no data beyond it.
const MAX_SHIFT: TimeDelta = TimeDelta::days(400);

/// Moves the clock of this process until it ends. Sessions and links that have expired at the new
/// time stop working.
///
/// # Errors
/// `not_found` outside a playground and when the demo's parent has no appointment; `invalid`.
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
    // Wakes the outbox worker, so that mails that have become due are sent now.
    app.wake.notify_one();
    Ok(Json(DevClock { now: moment(app.clock.now(), school.zone()) }))
}
