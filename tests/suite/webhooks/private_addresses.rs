//! Tests of private addresses: no delivery goes to this machine or its network, however the address
//! is written.

use parlour::{
    webhooks::{AllowedAddresses, Sender},
    workers,
};
use serde_json::json;

use super::{ALL, log, receiver::Receiver, school, test};
use crate::harness::School;

#[tokio::test]
async fn nothing_is_sent_to_private_addresses() {
    let (school, receiver) = (school().await, Receiver::start().await);
    let staff = school.staff().await;
    let port = receiver.port;
    let hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"];
    // The endpoints were made while private addresses were allowed; now they are not.
    let mut worker = school.app.webhook_worker();
    worker.sender = Sender::new(AllowedAddresses::Public).unwrap();
    for host in hosts {
        for scheme in ["http", "https"] {
            let new =
                json!({ "url": format!("{scheme}://{host}:{port}/hooks"), "event_types": ALL });
            let path = format!(
                "/webhooks/{}",
                staff.post("/webhooks", new).await.is(201).text_at("/webhook/id")
            );
            test(&staff, &path).await;
            assert_eq!(workers::run_due(&worker).await, 0);
            let entry = log(&staff, &path).await.remove(0);
            assert_eq!(
                entry["attempts"][0]["error"], "address_not_allowed",
                "{scheme} {host}: {entry}"
            );
        }
    }
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn host_resolving_to_a_private_address_is_refused_on_delivery() {
    let (school, receiver) = (School::start().await, Receiver::start().await);
    let staff = school.staff().await;
    let new =
        json!({ "url": format!("https://localhost:{}/hooks", receiver.port), "event_types": ALL });
    let path =
        format!("/webhooks/{}", staff.post("/webhooks", new).await.is(201).text_at("/webhook/id"));
    test(&staff, &path).await;
    assert_eq!(workers::run_due(&school.app.webhook_worker()).await, 0);
    let attempt = log(&staff, &path).await.remove(0)["attempts"][0].clone();
    assert_eq!(attempt["error"], "address_not_allowed", "{attempt}");
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn unreachable_endpoint_differs_from_a_disallowed_address() {
    let school = school().await;
    let staff = school.staff().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let new = json!({ "url": format!("http://127.0.0.1:{port}/"), "event_types": ALL });
    let path =
        format!("/webhooks/{}", staff.post("/webhooks", new).await.is(201).text_at("/webhook/id"));
    test(&staff, &path).await;
    assert_eq!(workers::run_due(&school.app.webhook_worker()).await, 0);
    let attempt = log(&staff, &path).await.remove(0)["attempts"][0].clone();
    assert_eq!(attempt["error"], "unreachable", "{attempt}");
}
