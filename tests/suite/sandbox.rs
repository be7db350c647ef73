//! Tests of a vendor's sandbox: constant credentials, a clock of its own, and a reset at any time.

use chrono::TimeDelta;
use diesel::{RunQueryDsl, sql_types::BigInt};
use parlour::{
    demo,
    store::{Db, reset},
};
use serde_json::json;

use crate::{
    exports::get,
    harness::{Actor, School},
};

const SANDBOX: &[(&str, &str)] =
    &[("PARLOUR_MODE", "sandbox"), ("PARLOUR_WEBHOOKS_PRIVATE", "allow")];

/// Requests a token with the sandbox's credentials; an error has the status.
async fn token(school: &School) -> Result<String, u16> {
    let demo::Credentials { id, secret } = demo::credentials(&school.app.keys);
    let (nobody, id) = (school.nobody(), id.0.to_string());
    let form =
        [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let answer = nobody
        .send("POST", "/oauth/token", nobody.request("POST", "/oauth/token").form(&form))
        .await;
    if answer.status == 200 { Ok(answer.text_at("/access_token")) } else { Err(answer.status) }
}

async fn reset(nobody: &Actor) {
    nobody.send("POST", "/dev/reset", nobody.request("POST", "/dev/reset")).await.is(200);
}

#[tokio::test]
async fn reset_recreates_the_demo_data_and_keeps_credentials() {
    let school = School::start_with(SANDBOX).await;
    let nobody = school.nobody();
    reset(&nobody).await;
    let api_client = token(&school).await.expect("a sandbox has an API client");
    let count = async |token: &str| get(&nobody, "/changes?limit=100", token).await.is(200);
    let fresh = count(&api_client).await;
    let of_kind = |page: &crate::harness::TestResponse, kind: &str| {
        page.list("/items").iter().filter(|item| item["kind"] == kind).count()
    };
    assert!(of_kind(&fresh, "booking") > 20);
    // Use the sandbox: make one of everything that can be made.
    nobody.post("/dev/logins", json!({ "as": "staff" })).await.is(201);
    let clients = nobody.get("/clients").await.is(200);
    assert_eq!(clients.text_at("/items/0/name"), "Sandbox");
    nobody
        .post(
            "/webhooks",
            json!({ "url": "http://127.0.0.1:9/", "event_types": ["booking.cancelled"] }),
        )
        .await
        .is(201);
    let now = school.now().to_rfc3339();
    let bookings = nobody.get("/bookings?limit=100").await.is(200).list("/items");
    let booking = bookings
        .iter()
        .find(|one| one["starts_at"].as_str() > Some(&now) && one["cancelled_at"].is_null())
        .and_then(|one| one["id"].as_str())
        .expect("an appointment is to come");
    nobody.delete(&format!("/bookings/{booking}")).await.is(204);
    nobody.delete(&format!("/clients/{}", clients.text_at("/items/0/id"))).await.is(204);
    assert_eq!(token(&school).await, Err(401));
    let other_school = school.other_school().await;
    school.advance_clock(TimeDelta::days(30));
    reset(&nobody).await;
    // The session and the other school are gone, and the API client is back.
    nobody.get("/webhooks").await.refuses(401, "not_logged_in");
    other_school.staff.get("/evenings").await.refuses(404, "unknown_school");
    let api_client = token(&school).await.expect("the same credentials");
    let again = count(&api_client).await;
    for kind in ["evening", "booking", "invite"] {
        assert_eq!(of_kind(&again, kind), of_kind(&fresh, kind), "{kind}");
    }
    get(&nobody, &format!("/changes?cursor={}", fresh.text_at("/next_cursor")), &api_client)
        .await
        .refuses(400, "bad_cursor");
    nobody.post("/dev/logins", json!({ "as": "staff" })).await.is(201);
    assert!(nobody.get("/webhooks").await.is(200).list("/items").is_empty());
    school.ignore_mail("the mails of the demo's own bookings");
}

#[tokio::test]
async fn sandbox_has_its_own_clock() {
    let school = School::start_with(SANDBOX).await;
    let nobody = school.nobody();
    let before = school.now();
    nobody.post("/dev/clock", json!({})).await.is(200);
    assert_ne!(school.now(), before);
    reset(&nobody).await;
    // The test's clock is fixed and has no real time beside it. A test in context.rs covers that
    // tokens use real time.
    token(&school).await.expect("a token at any time");
    school.ignore_mail("the mails of the demo's own bookings");
}

#[tokio::test]
async fn wipe_clears_every_table_and_no_other_school() {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let school = School::start().await;
    let left = school.app.store.write(|db| {
        reset::wipe(db, demo::SCHOOL)?;
        let tables = match db {
            Db::Pg(_) => {
                "select tablename::text as name from pg_tables where schemaname = current_schema()"
            }
            Db::Sqlite(_) => "select name from sqlite_master where type = 'table'",
        };
        let tables: Vec<Table> = diesel::sql_query(tables).load(db)?;
        let mut left = Vec::new();
        for Table { name } in tables {
            let count: Count =
                diesel::sql_query(format!("select count(*) as rows from {name}")).get_result(db)?;
            if count.rows > 0 {
                left.push(name);
            }
        }
        left.sort();
        Ok(left)
    });
    assert_eq!(
        left.await.expect("the database answers"),
        ["__diesel_schema_migrations", "marks", "schools"]
    );
    // A database that a production server has marked is not reset either.
    let school = School::start().await;
    school.execute("update marks set value = 'production' where name = 'mode'").await;
    let refused = school.app.store.write(|db| reset::wipe(db, demo::SCHOOL)).await;
    assert!(matches!(refused, Err(parlour::store::Error::NotFound)), "{refused:?}");
    assert!(!school.staff().await.get("/bookings?limit=1").await.is(200).list("/items").is_empty());
}

#[tokio::test]
async fn renamed_demo_evening_is_still_found() {
    let school = School::start_with(SANDBOX).await;
    let office = school.staff().await;
    office
        .patch(&school.evening(""), json!({ "name": "autumn", "title": "Autumn Evening" }))
        .await
        .is(200);
    for who in ["parent", "guest", "teacher", "staff"] {
        school.nobody().post("/dev/logins", json!({ "as": who })).await.is(201);
    }
    school.nobody().post("/dev/clock", json!({})).await.is(200);
    // The demo is not loaded again at the next start.
    let loaded = demo::load(&school.app.store, &school.app.context()).await.unwrap();
    assert_eq!((loaded.evenings, loaded.bookings), (Vec::new(), 0));
    school.ignore_mail("the tests of evenings cover the mails about a change");
}
