//! Tests of concurrent requests: one name, one key, and no booking that escapes a change.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use parlour::store::{
    bookings::{self, NewBooking, OnBehalfOf},
    evenings,
    events::Actor,
};
use serde_json::{Value, json};

use super::{audit_log, draft, free, open, winter};
use crate::harness::{self, School};

#[tokio::test]
async fn concurrent_creates_with_one_name_make_one() {
    let school = School::start().await;
    let office = school.staff().await;
    let answers = join_all((0..10).map(|_| office.post("/evenings", winter()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.refuses(409, "evening_name_taken");
    }
    assert_eq!(audit_log(&school).await.len(), 1);
}

#[tokio::test]
async fn concurrent_creates_with_one_idempotency_key_answer_the_same() {
    let school = School::start().await;
    let api_client = school.api_client(&["evenings:write"]).await;
    let answers = join_all(
        (0..10).map(|_| api_client.post_with_idempotency_key("/evenings", "one", winter())),
    )
    .await;
    let ids: BTreeSet<String> =
        answers.into_iter().map(|answer| answer.is(201).text_at("/id")).collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn concurrent_publish_and_close_are_each_logged_once() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = draft(&office).await;
    let published =
        join_all((0..8).map(|_| office.request("POST", &format!("{path}/publish")).send())).await;
    assert!(published.into_iter().all(|answer| answer.unwrap().status() == 200));
    let steps = ["publish", "close"].repeat(8);
    join_all(steps.iter().map(|step| office.request("POST", &format!("{path}/{step}")).send()))
        .await;
    let done = |what: &str, log: &[(String, String, String)]| {
        log.iter().filter(|(action, ..)| action == what).count()
    };
    let log = audit_log(&school).await;
    assert_eq!(done("evening_published", &log), 1);
    let is_closed = office.get(&path).await.is(200).text_at("/state") == "closed";
    assert_eq!(
        done("evening_closed", &log) - done("evening_reopened", &log),
        usize::from(is_closed),
        "closing and reopening alternate"
    );
}

/// Parents of the evening, each with a booking that they could make.
async fn parents_with_free_slots(school: &School, path: &str) -> Vec<(harness::Actor, Value)> {
    let mut all = Vec::new();
    for row in school.other_parents().await {
        let parent = school.as_parent(&row).await;
        if parent.get(path).await.status != 200 {
            continue;
        }
        // Each takes another time, so that the bookings do not conflict.
        let bookable_classes = free(&parent, path).await;
        let place = all.len();
        let times: BTreeSet<String> = bookable_classes
            .iter()
            .map(|bookable| bookable["starts_at"].as_str().unwrap().to_owned())
            .collect();
        let Some(time) = times.iter().nth(place) else { break };
        let bookable = bookable_classes
            .iter()
            .find(|bookable| bookable["starts_at"] == time.as_str())
            .unwrap()
            .clone();
        all.push((parent, json!({ "bookings": [bookable] })));
    }
    assert!(all.len() > 5, "{}", all.len());
    all
}

#[tokio::test]
async fn concurrent_bookings_fit_the_changed_evening() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = open(&office).await;
    let parents = parents_with_free_slots(&school, &path).await;
    let bookings_path = format!("{path}/bookings");
    let bookings = join_all(
        parents.iter().map(|(parent, bookable)| parent.post(&bookings_path, bookable.clone())),
    );
    let change = async { office.patch(&path, json!({ "starts": "16:05", "ends": "18:05" })).await };
    let (booked, changed) = join(bookings, change).await;
    let made = booked.iter().filter(|answer| answer.status == 201).count();
    let evening = path.rsplit('/').next().unwrap();
    let live = office
        .get(&format!("/bookings?limit=100&evening_id={evening}"))
        .await
        .is(200)
        .list("/items");
    assert_eq!(live.len(), made);
    let slots: BTreeSet<String> = parents[0]
        .0
        .get(&format!("{path}/slots"))
        .await
        .is(200)
        .list("/times")
        .iter()
        .map(|time| time.as_str().unwrap().to_owned())
        .collect();
    for booking in &live {
        assert!(
            slots.contains(booking["starts_at"].as_str().unwrap()),
            "{booking} is at none of {slots:?}"
        );
    }
    if changed.status == 200 {
        assert_eq!(made, 0, "no booking may be at a time that is not a slot any more");
        booked.into_iter().for_each(|answer| drop(answer.refuses(422, "not_a_slot")));
    } else {
        let changed = changed.refuses(409, "bookings_rest_on_it");
        assert!(changed.body["bookings_total"].as_u64().unwrap() as usize <= made);
        assert_eq!(made, parents.len());
    }
    school.ignore_mail("bookings.rs tests the mail about a booking");
}

#[tokio::test]
async fn concurrent_bookings_and_cancellations_end_at_the_close() {
    let school = School::start().await;
    let office = school.staff().await;
    let path = open(&office).await;
    let parents = parents_with_free_slots(&school, &path).await;
    let (early, late) = parents.split_at(parents.len() / 2);
    let bookings_path = format!("{path}/bookings");
    let mut booked = Vec::new();
    for (parent, bookable) in early {
        booked.push((
            parent,
            format!(
                "/bookings/{}",
                parent.post(&bookings_path, bookable.clone()).await.is(201).text_at("/items/0/id")
            ),
        ));
    }
    let bookings = join_all(
        late.iter().map(|(parent, bookable)| parent.post(&bookings_path, bookable.clone())),
    );
    let cancellations = join_all(booked.iter().map(|(parent, booking)| parent.delete(booking)));
    let close_path = format!("{path}/close");
    let close = office.post(&close_path, json!({}));
    let ((made, cancelled), closed) = join(join(bookings, cancellations), close).await;
    closed.is(200);
    let evening = path.rsplit('/').next().unwrap();
    let rows = office
        .get(&format!("/bookings?limit=100&evening_id={evening}"))
        .await
        .is(200)
        .list("/items");
    let gone = rows.iter().filter(|booking| booking["cancelled_at"].is_string()).count();
    assert_eq!(gone, cancelled.iter().filter(|answer| answer.status == 204).count());
    assert_eq!(rows.len(), early.len() + made.iter().filter(|answer| answer.status == 201).count());
    for answer in made.into_iter().chain(cancelled).filter(|answer| answer.status >= 300) {
        answer.refuses(409, "booking_closed");
    }
    for (parent, bookable) in late {
        parent.post(&bookings_path, bookable.clone()).await.refuses(409, "booking_closed");
    }
    school.ignore_mail("bookings.rs tests the mail about a booking");
}

#[tokio::test]
async fn evening_change_waits_for_an_uncommitted_booking() {
    let school = School::start().await;
    let (office, parent) = (school.staff().await, school.parent().await);
    let path = open(&office).await;
    let bookable = free(&parent, &path).await.swap_remove(0);
    let id = |value: &str| value.parse::<uuid::Uuid>().unwrap();
    let (of_school, evening) = (
        id(&parent.get("/school").await.is(200).text_at("/id")),
        id(path.rsplit('/').next().unwrap()),
    );
    let new = NewBooking {
        student: id(bookable["student_id"].as_str().unwrap()).into(),
        class: id(bookable["class_id"].as_str().unwrap()).into(),
        starts_at: bookable["starts_at"].as_str().unwrap().parse().unwrap(),
    };
    let (ctx, rachel) = (school.app.context(), school.people.parent);
    // The booking is written, and its transaction stays open until the test resumes it.
    let booking = school.paused_transaction(move |db, pause_point| {
        let row = evenings::find(db, of_school.into(), evening.into())?;
        let acting = OnBehalfOf {
            parent: rachel,
            actor: Actor { person: Some(rachel), name: "Rachel".to_owned() },
            is_staff: false,
        };
        let made = bookings::create(db, &ctx, &row, &acting, &[new])?.len();
        pause_point.pause();
        Ok(made)
    });
    let booking = booking.await;
    let change = tokio::spawn(async move {
        office.patch(&path, json!({ "starts": "16:05", "ends": "18:05" })).await
    });
    school.until_waiting(&["evenings"], 1).await;
    assert_eq!(booking.resume().await, 1);
    change.await.unwrap().refuses(409, "bookings_rest_on_it");
    school.ignore_mail("bookings.rs tests the mail about a booking");
}
