//! Tests of webhooks: events, signatures, retries and forbidden addresses.

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

/// Starts a demo school whose webhooks may use addresses of this machine.
async fn school() -> School {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_WEBHOOKS_PRIVATE", "allow")])
            .await;
    school.ignore_mail("other tests read these mails");
    school
}

/// Makes an endpoint for these events at the receiver and returns its path and its secret.
async fn endpoint(staff: &Actor, receiver: &Receiver, types: &[&str]) -> (String, String) {
    let made = staff
        .post("/webhooks", json!({ "url": receiver.url(), "event_types": types }))
        .await
        .is(201);
    (format!("/webhooks/{}", made.text_at("/webhook/id")), made.text_at("/secret"))
}

/// Sends the due deliveries and returns what the receiver got.
async fn deliver_and_take(school: &School, receiver: &Receiver) -> Vec<Received> {
    workers::run_due(&school.app.webhook_worker()).await;
    receiver.take()
}

/// The kinds of the received events.
fn kinds(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::kind).collect()
}

/// Books the first free time of the first class with more than two free times, and returns the
/// response and the booking's path.
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

/// Sends a test event to an endpoint.
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
