//! Tests of lost responses: the server has acted, and pressing the button again does not act twice.

use super::{client, driver::Browser};
use crate::harness::{NetworkCondition, NetworkProxy, School, token_of, wait_until};

const JORDAN: &str = "jordan.aaron@example.org";
const OFFLINE: &str = "We can’t reach the school’s server.";

struct RetryFixture {
    school: School,
    network: NetworkProxy,
    browser: Browser,
    base: String,
}

impl RetryFixture {
    async fn logged_in_as(who: &str) -> Self {
        let school =
            School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())])
                .await;
        let network = NetworkProxy::start(&school.origin).await;
        let browser = Browser::start_with(1280, &[network.flag()]).await;
        let base = format!("{}/s/hillcrest/", school.origin);
        browser.open(&format!("{base}dev/login/{who}")).await;
        Self { school, network, browser, base }
    }

    /// Presses a button twice. The first response is lost after the server `has_acted`.
    async fn press_with_lost_response(&self, button: &str, has_acted: impl AsyncFn() -> bool) {
        self.network.set_condition(NetworkCondition::ResponsesLost);
        self.browser.press(button).await;
        self.browser.sees(OFFLINE).await;
        wait_until("the server has acted", has_acted).await;
        self.network.set_condition(NetworkCondition::Good);
        self.browser.press(button).await;
    }
}

#[actix_web::test]
async fn retry_after_lost_response_books_once() {
    let fixture = RetryFixture::logged_in_as("parent").await;
    let (school, parent) = (&fixture.school, &fixture.browser);
    let rachel = school.parent().await;
    let rows = async || {
        rachel
            .get(&school.evening("/bookings"))
            .await
            .is(200)
            .list("/rows")
            .iter()
            .filter(|row| row["id"].is_string())
            .count()
    };
    let before = rows().await;
    parent.open(&format!("{}evenings/{}/book", fixture.base, school.people.evening.0)).await;
    parent.heading("Book appointments").await;
    parent.press_first(", free").await;
    parent.press("Review").await;
    parent.heading("Review your appointments").await;
    fixture
        .press_with_lost_response("Book these appointments", async || rows().await == before + 1)
        .await;
    parent.heading("You’re booked").await;
    assert_eq!(rows().await, before + 1);
    let text = parent.text().await;
    assert!(!text.contains("taken"), "{text}");
    school.ignore_mail("this test is about the response");
}

#[actix_web::test]
async fn retry_after_lost_response_invites_and_resends_once() {
    let fixture = RetryFixture::logged_in_as("parent").await;
    let (school, parent) = (&fixture.school, &fixture.browser);
    let rachel = school.parent().await;
    let live = async || rachel.get(&school.evening("/invites")).await.is(200).list("/items");
    parent.open(&format!("{}evenings/{}", fixture.base, school.people.evening.0)).await;
    parent.press("Manage Invites").await;
    parent.press("Invite another").await;
    parent.fill("Name", "Robin Reed").await;
    parent.fill("Email address", "robin.reed@example.org").await;
    parent.tick("Liz Aaron").await;
    parent.tick("I agree that this person is given access").await;
    parent.press("Send Invite").await;
    fixture.press_with_lost_response("Yes, send it", async || live().await.len() == 2).await;
    parent.sees("The invite for Robin Reed is on its way").await;
    assert_eq!(live().await.len(), 2);
    school.mails().await;
    school.advance_clock(chrono::TimeDelta::minutes(11));
    parent.open(&format!("{}evenings/{}", fixture.base, school.people.evening.0)).await;
    parent.press("Manage Invites").await;
    parent.sees("robin.reed@example.org").await;
    fixture.network.set_condition(NetworkCondition::ResponsesLost);
    parent.press_of("Robin Reed", "Resend").await;
    parent.sees(OFFLINE).await;
    fixture.network.set_condition(NetworkCondition::Good);
    parent.press_of("Robin Reed", "Resend").await;
    parent.sees("The invite for Robin Reed is sent again").await;
    let sent =
        school.mails().await.into_iter().filter(|mail| mail.to == "robin.reed@example.org").count();
    assert_eq!(sent, 1, "exactly one more mail");
}

#[actix_web::test]
async fn retry_after_lost_response_renews_guest_link_once() {
    let fixture = RetryFixture::logged_in_as("guest").await;
    let (school, guest) = (&fixture.school, &fixture.browser);
    let token = token_of(school.demo_mail_to(JORDAN));
    school.advance_clock(chrono::TimeDelta::minutes(11));
    guest.open(&format!("{}guest#t={token}", fixture.base)).await;
    guest.heading("Hello Jordan Aaron").await;
    guest.press("Someone else uses my link").await;
    let renewed = async || {
        school
            .nobody()
            .post("/guest_links/preview", serde_json::json!({ "token": token }))
            .await
            .status
            == 410
    };
    fixture.press_with_lost_response("Mail me a new link", renewed).await;
    guest.heading("This link was replaced").await;
    guest.sees("A newer mail to you holds the link that works.").await;
    let sent = school.mails().await.into_iter().filter(|mail| mail.to == JORDAN).count();
    assert_eq!(sent, 1, "once, and not twice");
}

#[actix_web::test]
async fn retry_after_lost_response_lifts_bar_without_error() {
    let fixture = RetryFixture::logged_in_as("staff").await;
    let (school, staff) = (&fixture.school, &fixture.browser);
    let helen = school.staff().await;
    let student = school
        .parent()
        .await
        .get(&school.evening("/slots"))
        .await
        .is(200)
        .text_at("/students/0/student/id")
        .to_owned();
    helen
        .post("/bars", serde_json::json!({ "student_id": student, "email": "someone@example.org" }))
        .await
        .is(201);
    let bars = async || helen.get("/bars").await.is(200).list("/items").len();
    staff.open(&format!("{}staff/bars", fixture.base)).await;
    staff.press_first("Lift").await;
    staff.heading("Lift this bar?").await;
    fixture.press_with_lost_response("Lift the bar", async || bars().await == 0).await;
    staff.sees("Nobody is barred by hand.").await;
    school.ignore_mail("this test is about the response");
}
