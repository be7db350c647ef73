//! Webhooks: what a school's systems are told, how it is signed, when it is tried again, and where
//! it may not go.

mod endpoints;
mod events;
mod private_addresses;
mod purging;
mod receiver;
mod retries;

use parlour::workers;
use serde_json::json;

use self::receiver::Received;
pub(crate) use self::receiver::Receiver;
use crate::harness::{Actor, School, TestResponse};

const ALL: [&str; 7] = [
    "booking.created",
    "booking.changed",
    "booking.cancelled",
    "invite.created",
    "invite.removed",
    "evening.changed",
    "roster.imported",
];

/// A demo school whose webhooks may lead to this machine.
async fn school() -> School {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_WEBHOOKS_PRIVATE", "allow")])
            .await;
    school.ignore_mail("other tests look at the mail of what happens here");
    school
}

/// An endpoint for these events at the receiver: its path, and its secret.
async fn endpoint(staff: &Actor, receiver: &Receiver, types: &[&str]) -> (String, String) {
    let made = staff
        .post("/webhooks", json!({ "url": receiver.url(), "event_types": types }))
        .await
        .is(201);
    (format!("/webhooks/{}", made.text_at("/webhook/id")), made.text_at("/secret"))
}

/// Sends what is due, and gives out what came.
async fn deliver_and_take(school: &School, receiver: &Receiver) -> Vec<Received> {
    workers::run_due(&school.app.webhook_worker()).await;
    receiver.take()
}

/// The kinds of what came.
fn kinds(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::kind).collect()
}

/// Books the first free time of the parent's first wish; the answer, and the path of the booking.
async fn book(school: &School, parent: &Actor) -> (TestResponse, String) {
    let bookable = crate::harness::bookable_classes(school, parent)
        .await
        .into_iter()
        .find(|bookable| bookable.free.len() > 2)
        .unwrap();
    let made = parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let path = format!("/bookings/{}", made.text_at("/items/0/id"));
    (made, path)
}

/// Has a test sent.
async fn test(staff: &Actor, endpoint: &str) -> TestResponse {
    staff
        .send(
            "POST",
            &format!("{endpoint}/test"),
            staff.request("POST", &format!("{endpoint}/test")),
        )
        .await
        .is(202)
}

/// The log of an endpoint.
async fn log(staff: &Actor, endpoint: &str) -> Vec<serde_json::Value> {
    staff.get(&format!("{endpoint}/deliveries")).await.is(200).list("/items")
}
