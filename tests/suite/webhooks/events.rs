//! Tests of webhook events: their kinds, their order, and that they contain only ids.

use futures_util::future::join_all;
use parlour::evening_file;
use serde_json::json;

use super::{ALL, book, deliver_and_take, endpoint, kinds, receiver::Receiver, school, test};
use crate::harness::{Roster, School, bookable_classes, token_of};

#[tokio::test]
async fn booking_event_is_signed_and_has_no_personal_data() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    let (_, secret) = endpoint(&staff, &receiver, &["booking.created"]).await;
    let (made, _) = book(&school, &parent).await;
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(kinds(&received), ["booking.created"]);
    let one = &received[0];
    assert_eq!((one.path.as_str(), one.content_type.as_str()), ("/hooks", "application/json"));
    assert_eq!(one.signature, one.signed_with(&secret));
    assert_eq!(one.timestamp, school.now().timestamp());
    let data = json!({
        "school_id": school.people.school.0,
        "evening_id": school.people.evening.0,
        "booking_id": made.text_at("/items/0/id"),
    });
    assert_eq!(
        one.body,
        json!({ "type": "booking.created", "timestamp": "2026-11-23T10:01:00Z", "data": data })
    );
    assert_eq!(
        deliver_and_take(&school, &receiver).await.len(),
        0,
        "a delivered event is not sent again"
    );
}

#[tokio::test]
async fn signature_verifies_with_the_reference_library() {
    let (school, receiver) = (school().await, Receiver::start().await);
    // The library checks timestamps against the machine's clock.
    school.clock.set(std::time::SystemTime::now().into());
    let staff = school.staff().await;
    let (path, secret) = endpoint(&staff, &receiver, &ALL).await;
    test(&staff, &path).await;
    let received = deliver_and_take(&school, &receiver).await;
    let one = &received[0];
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert(standardwebhooks::HEADER_WEBHOOK_ID, one.id.parse().unwrap());
    headers.insert(standardwebhooks::HEADER_WEBHOOK_TIMESTAMP, one.timestamp.into());
    headers.insert(standardwebhooks::HEADER_WEBHOOK_SIGNATURE, one.signature.parse().unwrap());
    let library = standardwebhooks::Webhook::new(&secret).unwrap();
    library.verify(one.text.as_bytes(), &headers).unwrap();
    assert!(
        library
            .verify(one.text.replace("webhook.test", "webhook.tests").as_bytes(), &headers)
            .is_err(),
        "the signature must not fit another text"
    );
}

#[tokio::test]
async fn changes_are_delivered_in_order() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    endpoint(&staff, &receiver, &ALL).await;
    let (_, path) = book(&school, &parent).await;
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    parent.patch(&path, json!({ "starts_at": bookable.free.last().unwrap() })).await.is(200);
    parent.delete(&path).await.is(204);
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(kinds(&received), ["booking.created", "booking.changed", "booking.cancelled"]);
    for one in &received {
        assert_eq!(format!("/bookings/{}", one.body["data"]["booking_id"].as_str().unwrap()), path);
    }

    let invites = parent.get(&school.evening("/invites")).await.is(200);
    let free =
        invites.list("/students").into_iter().find(|student| student["invited"] == false).unwrap();
    let new = json!({
        "name": "Morgan Reed",
        "email": "morgan.reed@example.org",
        "student_ids": [free["student"]["id"]],
        "consent": true,
    });
    let invite = parent.post(&school.evening("/invites"), new).await.is(201).text_at("/id");
    parent.delete(&format!("/invites/{invite}")).await.is(204);
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(kinds(&received), ["invite.created", "invite.removed"]);
    for one in &received {
        assert_eq!(one.body["data"]["invite_id"], invite);
        for personal in ["Morgan", "Reed", "morgan", "Aaron", "rachel", "@"] {
            assert!(!one.text.contains(personal), "{personal} in {}", one.text);
        }
    }
}

#[tokio::test]
async fn declined_invite_is_delivered() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    endpoint(&staff, &receiver, &["invite.removed"]).await;
    let link = json!({ "token": token_of(school.demo_mail_to("jordan.aaron@example.org")) });
    school.nobody().post("/guest_links/decline", link).await.is(204);
    let received = deliver_and_take(&school, &receiver).await;
    assert_eq!(kinds(&received), ["invite.removed"]);
    assert_eq!(received[0].body["data"]["invite_id"], school.people.invite.unwrap().0.to_string());
}

#[tokio::test]
async fn import_event_is_delivered_with_its_cancellations() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    endpoint(&staff, &receiver, &ALL).await;
    assert_eq!(Roster::without_sophie().import(&school).await.changes.access_withdrawn, 1);
    let received = deliver_and_take(&school, &receiver).await;
    let mut found = kinds(&received);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ["booking.cancelled", "invite.removed", "roster.imported"]);
    // The same import again changes nothing and sends nothing.
    Roster::without_sophie().import(&school).await;
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0);
}

#[tokio::test]
async fn only_subscribed_event_types_are_delivered_to_each_endpoint() {
    let (school, one, other) = (school().await, Receiver::start().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    endpoint(&staff, &one, &["booking.cancelled"]).await;
    endpoint(&staff, &other, &["booking.created", "booking.cancelled"]).await;
    let (_, path) = book(&school, &parent).await;
    parent.delete(&path).await.is(204);
    let at_one = deliver_and_take(&school, &one).await;
    assert_eq!(kinds(&at_one), ["booking.cancelled"]);
    let at_other = other.take();
    assert_eq!(kinds(&at_other), ["booking.created", "booking.cancelled"]);
    assert_eq!(at_one[0].id, at_other[1].id, "one event has one id");
}

async fn rows(school: &School) -> i64 {
    use diesel::{QueryDsl, RunQueryDsl};
    school.read(|db| Ok(parlour::schema::webhook_deliveries::table.count().get_result(db)?)).await
}

#[tokio::test]
async fn no_delivery_is_enqueued_without_an_endpoint() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    book(&school, &parent).await;
    // Endpoints that are switched off, deleted or of another school do not count.
    let (off, _) = endpoint(&staff, &receiver, &ALL).await;
    staff.patch(&off, json!({ "enabled": false })).await.is(200);
    let (deleted, _) = endpoint(&staff, &receiver, &ALL).await;
    staff.delete(&deleted).await.is(204);
    let other_school = school.other_school().await;
    endpoint(&other_school.staff, &receiver, &ALL).await;
    book(&school, &parent).await;
    assert_eq!(rows(&school).await, 0);
    assert_eq!(deliver_and_take(&school, &receiver).await.len(), 0);
}

#[tokio::test]
async fn refused_request_enqueues_no_event() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    endpoint(&staff, &receiver, &ALL).await;
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [] }))
        .await
        .refuses(422, "nothing_chosen");
    assert_eq!(rows(&school).await, 0);
}

#[tokio::test]
async fn only_the_successful_concurrent_booking_is_delivered() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let (staff, parent) = (school.staff().await, school.parent().await);
    endpoint(&staff, &receiver, &ALL).await;
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    let (path, body) =
        (school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }));
    let answers = join_all((0..10).map(|_| parent.post(&path, body.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(kinds(&deliver_and_take(&school, &receiver).await), ["booking.created"]);
}

#[tokio::test]
async fn evening_creation_and_change_are_delivered() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    endpoint(&staff, &receiver, &ALL).await;
    let load = async |capacity: u32| {
        let file = format!(
            "school = \"hillcrest\"\nname = \"spring\"\ntitle = \"Spring Evening\"\ndate = \
             2027-03-04\nstarts = \"16:00\"\nends = \"19:00\"\nslot_minutes = 5\nmode = \
             \"video\"\ncapacity = {capacity}\n[booking]\nopens = \"2027-02-01T08:00\"\ncloses = \
             \"2027-03-04T12:00\"\n[[classes]]\ntitles = \"Year 9*\"\n"
        );
        evening_file::load(&school.app.store, &school.app.context(), &file).await.unwrap();
        deliver_and_take(&school, &receiver).await
    };
    let added = load(4).await;
    assert_eq!(kinds(&added), ["evening.changed"]);
    let evening = added[0].body["data"]["evening_id"].as_str().unwrap();
    staff.get(&format!("/evenings/{evening}")).await.is(200);
    assert_eq!(load(4).await.len(), 0, "a repeated load sends no event");
    let changed = load(5).await;
    assert_eq!(changed[0].body["data"]["evening_id"], evening);
}
