//! Tests of the log as JSON. All tests of the process write into one log, and each reads the lines
//! of its own requests by their ids.

use parlour::workers;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, School, TestResponse, bookable_classes, lines_of, start_log};

const RACHEL: &str = "rachel.aaron@example.org";
const BEHIND_A_PROXY: [(&str, &str); 3] = [
    ("PARLOUR_MODE", "demo"),
    ("PARLOUR_TRUSTED_PROXY_HOPS", "1"),
    ("PARLOUR_WEBHOOKS_PRIVATE", "allow"),
];

/// The only line with this message.
fn only(lines: &[Value], message: &str) -> Value {
    let found: Vec<&Value> = lines.iter().filter(|line| line["message"] == message).collect();
    assert_eq!(found.len(), 1, "{message}: {lines:#?}");
    found[0].clone()
}

async fn book_as(parent: &Actor, school: &School, request_id: &str) -> TestResponse {
    let bookable = bookable_classes(school, parent)
        .await
        .into_iter()
        .find(|bookable| bookable.free.len() > 2)
        .unwrap();
    let path = school.evening("/bookings");
    let request = parent
        .request("POST", &path)
        .header("x-request-id", request_id)
        .json(&json!({ "bookings": [bookable.at(&bookable.free[0])] }));
    parent.send("POST", &path, request).await
}

#[tokio::test]
async fn request_id_links_booking_mail_and_webhook_logs() {
    start_log();
    let school = School::start_with(&BEHIND_A_PROXY).await;
    let receiver = crate::webhooks::Receiver::start().await;
    let staff = school.staff().await;
    staff
        .post("/webhooks", json!({ "url": receiver.url(), "event_types": ["booking.created"] }))
        .await
        .is(201);
    let (parent, id) = (school.parent().await, "01a23c00-0000-7000-8000-000000000001".to_owned());
    book_as(&parent, &school, &id).await.is(201);
    workers::run_due(&school.app.mail_worker()).await;
    workers::run_due(&school.app.webhook_worker()).await;

    let lines = lines_of(&id);
    let served = only(&lines, "request served");
    let rachel = school.mailbox().take_to(RACHEL).pop().unwrap().mail;
    assert_eq!(
        json!([
            served["operation"],
            served["method"],
            served["status"],
            served["school"],
            served["level"]
        ]),
        json!(["create_bookings", "POST", 201, school.people.school.0, "INFO"])
    );
    assert!(served["duration_ms"].is_u64(), "{served}");
    let sent = only(&lines, "mail sent");
    assert_eq!(json!([sent["template"], sent["attempt"]]), json!(["bookings_made", 1]));
    assert_eq!(sent["outbox"], rachel.id.to_string());
    let told = only(&lines, "webhook delivered");
    assert_eq!(json!([told["event_type"], told["status"]]), json!(["booking.created", 204]));
    let all = serde_json::to_string(&lines).unwrap();
    for personal in ["Rachel", "Aaron", "@", "eyJ"] {
        assert!(!all.contains(personal), "{personal} in {all}");
    }
    school.ignore_mail("the parent's mail has been read");
}

#[tokio::test]
async fn refusal_log_has_the_code_and_no_request_data() {
    start_log();
    let school = School::start_with(&BEHIND_A_PROXY).await;
    let (nobody, id) = (school.nobody(), "01a23c00-0000-7000-8000-000000000002".to_owned());
    let path = "/bookings/a-name-of-somebody";
    let refused =
        nobody.send("GET", path, nobody.request("GET", path).header("x-request-id", &id)).await;
    assert_eq!(refused.header("x-request-id"), Some(id.as_str()));
    let served = only(&lines_of(&id), "request served");
    assert_eq!(
        json!([served["operation"], served["status"], served["code"]]),
        json!(["get_booking", refused.status, refused.code()])
    );
    assert!(!served.to_string().contains("a-name-of-somebody"), "{served}");
}

#[tokio::test]
async fn request_id_is_accepted_only_from_a_trusted_proxy() {
    start_log();
    let id = "01a23c00-0000-7000-8000-000000000003".to_owned();
    let of = async |settings: &[(&str, &str)], given: &str| {
        let school = School::start_with(settings).await;
        let nobody = school.nobody();
        let answer = nobody
            .send("GET", "/school", nobody.request("GET", "/school").header("x-request-id", given))
            .await
            .is(200);
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(of(&BEHIND_A_PROXY, &id).await, id);
    assert_ne!(
        of(&[("PARLOUR_MODE", "demo")], &id).await,
        id,
        "the id is not taken over without a proxy"
    );
    let made = of(&BEHIND_A_PROXY, "rachel.aaron@example.org").await;
    assert!(Uuid::try_parse(&made).is_ok(), "{made}: a value that is no UUID is not taken over");
}
