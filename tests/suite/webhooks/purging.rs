//! Tests of purging: settled deliveries are deleted after 30 days, and pending ones are kept.

use chrono::TimeDelta;
use diesel::{QueryDsl, RunQueryDsl};
use parlour::{
    schema::{idempotency_keys, webhook_attempts, webhook_deliveries},
    store::idempotency::{RequestKey, Response, with_idempotency_key},
};
use serde_json::json;
use uuid::Uuid;

use super::{ALL, deliver_and_take, endpoint, log, receiver::Receiver, school, test};
use crate::harness::School;

/// The number of deliveries, attempts and idempotency keys.
async fn rows(school: &School) -> (i64, i64, i64) {
    school
        .read(|db| {
            let deliveries = webhook_deliveries::table.count().get_result(db)?;
            Ok((
                deliveries,
                webhook_attempts::table.count().get_result(db)?,
                idempotency_keys::table.count().get_result(db)?,
            ))
        })
        .await
}

#[tokio::test]
async fn purge_deletes_old_settled_deliveries_only() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let (path, _) = endpoint(&staff, &receiver, &ALL).await;
    staff
        .post_with_idempotency_key(
            "/clients",
            "a-key",
            json!({ "name": "MIS", "scopes": ["evenings:read"] }),
        )
        .await
        .is(201);
    for _ in 0..3 {
        test(&staff, &path).await;
        deliver_and_take(&school, &receiver).await;
        school.advance_clock(TimeDelta::minutes(10));
    }
    // The last delivery is pending.
    test(&staff, &path).await;
    let purge = async || school.app.purge_worker().step().await.unwrap();
    assert!(!purge().await);
    assert_eq!(rows(&school).await, (4, 3, 1));
    let page = staff.get(&format!("{path}/deliveries?limit=2")).await.is(200);
    let next = page.text_at("/next_cursor");
    school.advance_clock(TimeDelta::hours(24));
    assert!(!purge().await);
    assert_eq!(rows(&school).await, (4, 3, 0), "a key is kept for a day");
    // The first two deliveries are older than 30 days, and the third is not. A cursor from before
    // may continue at the second.
    school.advance_clock(TimeDelta::days(29) - TimeDelta::minutes(15));
    assert!(!purge().await);
    assert_eq!(rows(&school).await, (2, 1, 0));
    let staff = school.staff().await;
    let left: Vec<String> = log(&staff, &path)
        .await
        .iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(left, ["pending", "delivered"]);
    assert!(
        staff
            .get(&format!("{path}/deliveries?limit=2&cursor={next}"))
            .await
            .is(200)
            .list("/items")
            .is_empty()
    );
    // A pending delivery stays, however old it is.
    school.advance_clock(TimeDelta::days(30));
    assert!(!purge().await);
    assert_eq!(rows(&school).await, (1, 0, 0));
}

#[tokio::test]
async fn purge_deletes_in_batches() {
    let school = school().await;
    // More keys than one step deletes. They are inserted directly, because so many requests would
    // take too long.
    let keys = |ctx: &parlour::context::Context, db: &mut parlour::store::Db| {
        // A transaction locks keys in the order of their owners.
        let mut owners: Vec<Uuid> = (0..700).map(|_| ctx.new_id()).collect();
        owners.sort_unstable();
        for (number, owner) in owners.into_iter().enumerate() {
            let request =
                RequestKey { owner, key: number.to_string(), request_hash: "hash".to_owned() };
            with_idempotency_key(db, ctx, Some(&request), |_| Response::created(&number))?;
        }
        Ok(())
    };
    for _ in 0..2 {
        let ctx = school.app.context();
        school.app.store.write(move |db| keys(&ctx, db)).await.unwrap();
        school.advance_clock(TimeDelta::seconds(1));
    }
    school.advance_clock(TimeDelta::hours(25));
    let mut steps = 1;
    while school.app.purge_worker().step().await.unwrap() {
        steps += 1;
        assert!(steps < 100, "the purge does not end");
    }
    assert_eq!(
        (steps, rows(&school).await.2),
        (3, 0),
        "one step for the keys of each moment, and one that finds none"
    );
}
