//! Tests of the movable clock of a playground.

use serde_json::json;

use crate::harness::School;

#[tokio::test]
async fn dev_clock_moves_to_the_evening() {
    let school = School::start().await;
    let (nobody, parent) = (school.nobody(), school.parent().await);
    let state = async || parent.get(&school.evening("")).await.is(200).text_at("/booking_state");
    assert_eq!(state().await, "open");
    assert_eq!(
        nobody.post("/dev/clock", json!({})).await.is(200).text_at("/now"),
        "2026-11-26T15:59:00Z"
    );
    assert_eq!(state().await, "closed", "the evening is about to begin");
    assert_eq!(
        nobody
            .post("/dev/clock", json!({ "to": "2026-11-26T20:00:00+01:00" }))
            .await
            .is(200)
            .text_at("/now"),
        "2026-11-26T19:00:00Z"
    );
    assert_eq!(state().await, "over");
    assert_eq!(
        nobody.post("/dev/clock", json!({})).await.is(200).text_at("/now"),
        "2026-11-26T15:59:00Z",
        "the clock moves back"
    );
    nobody
        .post("/dev/clock", json!({ "to": "2126-11-26T20:00:00Z" }))
        .await
        .refuses(422, "invalid");
    nobody.post("/dev/clock", json!({ "to": "soon" })).await.refuses(422, "invalid");
    assert_eq!(state().await, "closed", "a refused request does not move the clock");
}
