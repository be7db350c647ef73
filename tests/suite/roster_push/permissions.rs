//! Tests of the permission to push, and of the school that a push writes.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::schema::events;
use serde_json::{Value, json};

use super::{PATHS, RosterClient, class, enrolment_rows, errors, family, link, outcomes, person};
use crate::harness::{Roster, School};

#[tokio::test]
async fn only_scoped_api_clients_and_the_office_may_push() {
    let school = School::start().await;
    let without = RosterClient::with(
        school.nobody(),
        &school.staff().await,
        &["evenings:read", "guests:read"],
    )
    .await;
    for (path, body) in PATHS.into_iter().zip([
        family()[0].clone(),
        class(),
        enrolment_rows()[0].clone(),
        link("p-208", "s-104", json!({})),
    ]) {
        let body = json!({ "items": [body] });
        without.put(path, body.clone()).await.refuses(403, "scope_missing");
        for actor in [school.parent().await, school.teacher().await] {
            actor.put(path, body.clone()).await.refuses(403, "wrong_role");
        }
        school.guest().await.put(path, body.clone()).await.refuses(401, "not_logged_in");
        school.nobody().put(path, body.clone()).await.refuses(401, "not_logged_in");
        school.staff().await.put(path, body).await.is(200);
    }
    assert_eq!(person(&school, "s-104").await.name(), "Ines Marsh");
    let told: Vec<(String, String)> = school
        .read(|db| {
            Ok(events::table
                .filter(events::action.eq("roster_pushed"))
                .order(events::at)
                .select((events::actor, events::summary))
                .load(db)?)
        })
        .await;
    assert!(
        told.iter().all(|(actor, _)| actor == "Helen Okafor") && told.len() == 3,
        "{told:?}: the link named nobody"
    );
    RosterClient::of(&school).await.push("people", family()).await;
    let by_program = school
        .read(|db| {
            Ok(events::table
                .filter(events::actor.eq("Arbor"))
                .select(events::summary)
                .load::<String>(db)?)
        })
        .await;
    assert_eq!(by_program, ["Pushed a roster: people 2 added, 0 changed, 0 removed."]);
}

#[tokio::test]
async fn push_cannot_affect_another_school() {
    let school = School::start().await;
    let other_school = school.other_school().await;
    let lake =
        RosterClient::with(other_school.staff.clone(), &other_school.staff, &["roster:write"])
            .await;
    // A token of one school is not valid at the other.
    let elsewhere = RosterClient { actor: school.nobody(), token: lake.token.clone() };
    elsewhere
        .put("/roster/people", json!({ "items": family() }))
        .await
        .refuses(401, "token_invalid");
    let lake_push = async |kind: &str, rows: Value| {
        lake.put(&format!("/roster/{kind}"), json!({ "items": rows })).await.is(200)
    };
    // The roster ids of the demo school name nobody at Lakeside.
    let answer = lake_push(
        "guardianships",
        json!([
            link("p-rachel-aaron", "lake-s", json!({})),
            link("lake-p", "s-sophie-aaron", json!({}))
        ]),
    )
    .await;
    assert_eq!(
        errors(&answer).iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>(),
        ["unknown_person"; 2]
    );
    let answer = lake_push(
        "people",
        json!([
            { "sourced_id": "p-rachel-aaron", "remove": true },
            { "sourced_id": "s-sophie-aaron", "roles": ["student"], "given_name": "Another" },
        ]),
    )
    .await;
    assert_eq!(outcomes(&answer), ["unchanged", "added"]);
    let parent = school.parent().await;
    assert!(parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"));
    assert_eq!(Roster::demo().import(&school).await.changes.people.changed, 0);
    assert_eq!(other_school.parent.get("/me").await.status, 200);
}
