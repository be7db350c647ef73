//! Tests of a relay that refuses: participants read an error that helps.

use chrono::TimeDelta;
use parlour::context::{Clock, SystemClock};

use super::evening::{Evening, SECRET, join};

/// Checks that two participants who can't reach each other read the reason.
async fn check_relay_error_is_shown(evening: &Evening) {
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(375, "parent").await;
    join(&parent, &evening.call()).await;
    for browser in [&teacher, &parent] {
        browser.sees("The school’s relay refuses us").await;
    }
    let check = evening.as_actor(375, "parent").await;
    check.open(&evening.page("devices")).await;
    check.sees("refused").await;
}

#[actix_web::test]
async fn wrong_turn_credentials_are_reported() {
    check_relay_error_is_shown(
        &Evening::start_at(SystemClock::default().now(), "a secret that the school does not have")
            .await,
    )
    .await;
}

#[actix_web::test]
async fn expired_turn_credentials_are_reported() {
    // The school's clock is a month behind the relay's, so the credentials have already expired.
    check_relay_error_is_shown(
        &Evening::start_at(SystemClock::default().now() - TimeDelta::days(30), SECRET).await,
    )
    .await;
}
