//! An evening whose first appointment is in progress, and browsers for its participants.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    context::{Clock, FixedClock, SystemClock},
    schema::{booking_teachers, bookings, call_seats, people},
    store::{
        people::PersonRow,
        sessions::Role,
        sql_types::{At, Key, key},
    },
};
use parlour_browser::{MEDIA, TurnServer};
use serde_json::json;
use uuid::Uuid;

use super::media;
use crate::{
    browser::{client, driver::Browser},
    harness::{School, wait_until},
};

/// The secret that the server shares with its TURN server.
pub const SECRET: &str = "a secret of the tests alone";
/// Real time between two ticks of the test clock.
const TICK: Duration = Duration::from_millis(100);
/// Seconds by which a displayed time may deviate. This is less than any clock error that the tests
/// look for.
const TOLERANCE: u32 = 20;
/// Difference of a browser clock after [`advance_browser_clock`].
pub const BROWSER_CLOCK_ADVANCE: TimeDelta = TimeDelta::seconds(90);

/// The demo's parents' evening, some seconds after the start of Rachel Aaron's appointment about
/// Sophie. Anita Abell is the teacher, and Jordan Aaron is invited.
pub struct Evening {
    pub school: School,
    /// Id of the appointment.
    pub booking: Uuid,
    starts_at: DateTime<Utc>,
    _time: ClockTicker,
    _turn: TurnServer,
}

/// Task that advances the test clock by itself; it ends when this is dropped.
struct ClockTicker(tokio::task::JoinHandle<()>);

impl ClockTicker {
    fn start(clock: Arc<FixedClock>) -> Self {
        let pass = async move {
            let mut ticks = tokio::time::interval(TICK);
            let mut last = ticks.tick().await;
            loop {
                let now = ticks.tick().await;
                clock.advance(TimeDelta::from_std(now - last).unwrap_or_default());
                last = now;
            }
        };
        Self(tokio::spawn(pass))
    }
}

impl Drop for ClockTicker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Evening {
    /// Starts an evening whose calls go through a TURN server that knows the server's secret.
    pub async fn start() -> Self {
        // The evening is ahead of real time, because the TURN server checks expiry against real
        // time: the credentials of a past evening would have expired.
        Self::start_at(SystemClock::default().now(), SECRET).await
    }

    /// Starts an evening whose calls may also connect without the relay.
    pub async fn start_open() -> Self {
        Self::start_as(SystemClock::default().now(), SECRET, "all").await
    }

    /// Starts an evening on a school made at this time, with a TURN server that knows this secret.
    pub async fn start_at(made: DateTime<Utc>, secret: &str) -> Self {
        Self::start_as(made, secret, "relay").await
    }

    async fn start_as(made: DateTime<Utc>, secret: &str, policy: &str) -> Self {
        let turn = TurnServer::start(secret).await.expect("coturn starts");
        let client = client();
        let mut settings = vec![("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", client.as_str())];
        let relay = turn.settings(SECRET);
        settings.extend(relay.iter().map(|(name, value)| (*name, value.as_str())));
        settings.push(("PARLOUR_TURN_POLICY", policy));
        let school = School::start_at(made, &settings).await;
        let (evening, parent) = (key(school.people.evening), key(school.people.parent));
        let (booking, starts_at): (Key, At) = school
            .read(move |db| {
                let of = bookings::table
                    .filter(bookings::evening_id.eq(evening))
                    .filter(bookings::parent_id.eq(parent));
                Ok(of
                    .order(bookings::starts_at)
                    .select((bookings::id, bookings::starts_at))
                    .first(db)?)
            })
            .await;
        school.clock.set(*starts_at + TimeDelta::seconds(5));
        let time = ClockTicker::start(Arc::clone(&school.clock));
        Self { school, booking: booking.0, starts_at: *starts_at, _time: time, _turn: turn }
    }

    /// Adds the demo's teachers with these roster ids to the appointment, as in a joint class.
    pub async fn add_teachers(&self, sourced_ids: &'static [&'static str]) -> Vec<PersonRow> {
        let booking = Key(self.booking);
        let rows: Vec<PersonRow> = self
            .school
            .read(move |db| {
                let named = people::table
                    .filter(people::sourced_id.eq_any(sourced_ids))
                    .order(people::sourced_id);
                Ok(named.select(PersonRow::as_select()).load(db)?)
            })
            .await;
        assert_eq!(rows.len(), sourced_ids.len(), "the demo has these teachers");
        for (position, teacher) in (1..).zip(rows.clone()) {
            let row = (
                booking_teachers::booking_id.eq(booking),
                booking_teachers::teacher_id.eq(teacher.id),
                booking_teachers::position.eq(position),
            );
            let insert = move |db: &mut parlour::store::Db| {
                Ok(diesel::insert_into(booking_teachers::table).values(row).execute(db)?)
            };
            self.school.app.store.write(insert).await.expect("a further teacher");
        }
        rows
    }

    /// Starts a browser with a camera and a microphone, without a session.
    pub async fn browser(&self, width: u32) -> Browser {
        let browser = Browser::start_with(width, &MEDIA).await;
        media::watch(&browser).await;
        browser
    }

    /// Starts a browser that is logged in as one of the demo's actors.
    pub async fn as_actor(&self, width: u32, who: &str) -> Browser {
        let browser = self.browser(width).await;
        browser.open(&self.page(&format!("dev/login/{who}"))).await;
        browser
    }

    /// Starts a browser that is logged in as this teacher.
    pub async fn as_teacher(&self, width: u32, teacher: &PersonRow) -> Browser {
        let browser = self.browser(width).await;
        let cookie = self.school.session_of(teacher, Role::Teacher).await;
        browser.set_cookie(&self.school.origin, "parlour_session", &cookie).await;
        browser
    }

    /// The seats of the call: number, participant and connection.
    pub async fn seats(&self) -> Vec<(i32, Uuid, i32)> {
        let booking = Key(self.booking);
        let rows: Vec<(i32, Key, i32)> = self
            .school
            .read(move |db| {
                let of = call_seats::table
                    .filter(call_seats::booking_id.eq(booking))
                    .order(call_seats::number);
                Ok(of
                    .select((
                        call_seats::number,
                        call_seats::participant_id,
                        call_seats::connection,
                    ))
                    .load(db)?)
            })
            .await;
        rows.into_iter().map(|(number, who, connection)| (number, who.0, connection)).collect()
    }

    /// The participants who sit in the call.
    pub async fn seated(&self) -> Vec<Uuid> {
        self.seats().await.into_iter().map(|(_, who, _)| who).collect()
    }

    /// Waits until this many participants sit.
    pub async fn wait_for_seats(&self, number: usize) {
        wait_until(&format!("{number} sit"), async || self.seats().await.len() == number).await;
    }

    /// Waits until the element at this selector shows the time left until the appointment begins,
    /// in a browser whose clock is ahead by `ahead`.
    pub async fn shows_remaining_time(&self, browser: &Browser, selector: &str, ahead: TimeDelta) {
        let left = (self.starts_at - self.school.now() - ahead).num_seconds();
        assert!(left > 0, "the appointment must not have begun");
        let shown = format!(
            "(/(\\d+):(\\d\\d)/.exec(document.querySelector({})?.textContent) ?? [0, 0, 0])",
            json!(selector)
        );
        browser
            .wait_for_js(&format!(
                "(([, minutes, seconds]) => Math.abs(60 * minutes + 1 * seconds - {left}) < \
                 {TOLERANCE})({shown})"
            ))
            .await;
    }

    /// The URL of a page of the school.
    pub fn page(&self, path: &str) -> String {
        format!("{}/s/hillcrest/{path}", self.school.origin)
    }

    /// The URL of the call for parent and teacher.
    pub fn call(&self) -> String {
        self.page(&format!("calls/{}", self.booking))
    }

    /// The URL of the call for the guest.
    pub fn guests_call(&self) -> String {
        self.page(&format!("guest/calls/{}", self.booking))
    }
}

/// Advances only this browser's clock, by [`BROWSER_CLOCK_ADVANCE`].
pub async fn advance_browser_clock(browser: &Browser) {
    browser
        .run(&format!(
            "const now = Date.now; Date.now = () => now() + {}",
            BROWSER_CLOCK_ADVANCE.num_milliseconds()
        ))
        .await;
}

/// Opens the call's door and joins with camera and microphone.
pub async fn join(browser: &Browser, address: &str) {
    press_join(browser, address).await;
    browser.labelled_element("Call controls").await;
}

/// Presses *Join* at the call's door and does not wait for a seat.
pub async fn press_join(browser: &Browser, address: &str) {
    browser.open(address).await;
    camera_runs(browser).await;
    browser.press("Join the call").await;
}

/// Waits until the page shows the user's own camera.
pub async fn camera_runs(browser: &Browser) {
    browser
        .wait_for_js(
            "[...document.querySelectorAll('video')].some((one) => one.readyState >= \
             HTMLMediaElement.HAVE_CURRENT_DATA)",
        )
        .await;
}
