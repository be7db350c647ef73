//! Tests of pushed guardianships: who loses contact and who keeps it.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::{self, bars, people},
    store::{
        people::PersonRow,
        sql_types::{At, Key},
    },
};
use serde_json::{Value, json};

use super::{RosterClient, link, person, seen};
use crate::harness::{School, bookable_classes};

#[tokio::test]
async fn pushing_contact_not_allowed_ends_access() {
    let school = School::start().await;
    let (api_client, parent, guest) =
        (RosterClient::of(&school).await, school.parent().await, school.guest().await);
    let row = |more: Value| link("p-rachel-aaron", "s-sophie-aaron", more);
    let before = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(before.text.contains("Sophie Aaron"));
    assert_eq!(
        api_client.push("guardianships", [row(json!({ "contact_allowed": false }))]).await,
        ["changed"]
    );
    parent.get("/me").await.refuses(410, "access_ended");
    guest.get("/guest/appointments").await.refuses(410, "access_ended");
    let mut told: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    told.sort();
    assert_eq!(
        told,
        ["helen.okafor@example.org", "jordan.aaron@example.org"],
        "the office and the guest"
    );
    let parent = school.parent().await;
    assert!(!parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"));
    // A row that omits contact lifts nothing, even after the guardianship was removed. A row with
    // an explicit value does.
    assert_eq!(
        api_client.push("guardianships", [row(json!({ "relationship": "Mum" }))]).await,
        ["changed"]
    );
    let sees_sophie =
        async || parent.get(&school.evening("/slots")).await.is(200).text.contains("Sophie Aaron");
    assert!(!sees_sophie().await);
    api_client.push("guardianships", [row(json!({ "remove": true }))]).await;
    api_client.push("guardianships", [row(json!({}))]).await;
    assert!(!sees_sophie().await);
    api_client.push("guardianships", [row(json!({ "contact_allowed": true }))]).await;
    assert!(sees_sophie().await);
    api_client.push("guardianships", [row(json!({ "court_order": true }))]).await;
    let grid = school.parent().await.get(&school.evening("/slots")).await.is(200);
    assert!(!grid.text.contains("Sophie Aaron"), "a court order stands against it");
    school.ignore_mail("the first run checks the recipients");
}

#[tokio::test]
async fn contact_without_role_keeps_contact_if_rows_omit_it() {
    let (school, mother) = (School::start().await, "p-rachel-aaron");
    // An import of SDS stores people like this, because it decides by the role of the relationship.
    let as_sds = diesel::update(people::table.filter(people::sourced_id.eq(mother)))
        .set(people::source_role.eq("contact"));
    school.read(move |db| Ok(as_sds.execute(db)?)).await;
    let (api_client, parent) = (RosterClient::of(&school).await, school.parent().await);
    for row in [
        json!({ "relationship": "Mother", "priority": 2 }),
        json!({ "relationship": "Mum" }),
        json!({}),
        json!({ "contact_allowed": true }),
    ] {
        api_client.push("guardianships", [link(mother, "s-sophie-aaron", row.clone())]).await;
        parent.get("/me").await.is(200);
        assert!(
            parent.get(&school.evening("/bookings")).await.is(200).text.contains("Sophie Aaron"),
            "{row}"
        );
    }
    api_client
        .push("guardianships", [link(mother, "s-sophie-aaron", json!({ "relationship": "Aunt" }))])
        .await;
    parent.get("/me").await.refuses(410, "access_ended");
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn push_keeps_manual_permissions_and_bars() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    // Staff allow a grandmother contact, and bar Rachel from Sophie.
    let (her, him) =
        (person(&school, "p-046").await.id().0, person(&school, "s-9027").await.id().0);
    let path = format!("/parents/{her}/allowed_students/{him}");
    office.send("PUT", &path, office.request("PUT", &path)).await.is(200);
    let sophie = person(&school, "s-sophie-aaron").await.id().0;
    office
        .post("/bars", json!({ "student_id": sophie, "person_id": school.people.parent.0 }))
        .await
        .is(201);
    let rows = [
        link("p-046", "s-9027", json!({ "relationship": "Nana" })),
        link("p-rachel-aaron", "s-sophie-aaron", json!({ "contact_allowed": true, "priority": 2 })),
    ];
    assert_eq!(api_client.push("guardianships", rows).await, ["changed"; 2]);
    assert_eq!(seen(&school, &office, "p-046").await, (true, false));
    assert!(
        !school
            .parent()
            .await
            .get(&school.evening("/slots"))
            .await
            .is(200)
            .text
            .contains("Sophie Aaron")
    );
    assert_eq!(
        school
            .read(|db| Ok(bars::table
                .filter(bars::lifted_at.is_null())
                .count()
                .get_result::<i64>(db)?))
            .await,
        1
    );
    school.ignore_mail("access.rs tests the mails about a bar");
}

#[tokio::test]
async fn push_waits_for_an_uncommitted_booking() {
    let school = School::start().await;
    let (api_client, parent) = (RosterClient::of(&school).await, school.parent().await);
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    let student: PersonRow = {
        let id: uuid::Uuid = bookable.student.parse().unwrap();
        school
            .read(move |db| {
                Ok(people::table.find(Key(id)).select(PersonRow::as_select()).first(db)?)
            })
            .await
    };
    let of_student: String = school
        .read(move |db| Ok(people::table.find(student.id).select(people::sourced_id).first(db)?))
        .await;
    let booking = school.paused_booking(&bookable).await;
    // While the booking is open, the school withdraws contact.
    let push = tokio::spawn(async move {
        api_client
            .push(
                "guardianships",
                [link("p-rachel-aaron", &of_student, json!({ "contact_allowed": false }))],
            )
            .await
    });
    school.until_waiting(&["people"], 1).await;
    let made = booking.resume().await;
    assert_eq!(push.await.unwrap(), ["changed"]);
    let cancelled: Option<At> = school
        .read(move |db| {
            Ok(schema::bookings::table
                .find(made)
                .select(schema::bookings::cancelled_at)
                .first(db)?)
        })
        .await;
    assert!(cancelled.is_some(), "the booking is one of those that the withdrawal ends");
    school.ignore_mail("access.rs tests the mails about lost access");
}
