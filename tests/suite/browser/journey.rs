//! Test of the whole journey of a parent and a guest: login mail, booking, invite, the guest's page
//! and removal of the invite.

use parlour::mail::install_tls;

use super::{axe, client, deliver_and_scan, driver::Browser, smtp_server::SmtpServer};
use crate::harness::School;

const RACHEL: &str = "rachel.aaron@example.org";
const GUEST: &str = "robin.reed@example.org";

#[actix_web::test]
async fn journey_from_login_mail_to_guest_page() {
    install_tls();
    let smtp = SmtpServer::start().await;
    let school = School::start_with(&[
        ("PARLOUR_MODE", "demo"),
        ("PARLOUR_SMTP_URL", &smtp.url),
        ("PARLOUR_CLIENT_DIR", &client()),
    ])
    .await;
    let base = format!("{}/s/hillcrest/", school.origin);

    // Log in by the link of a mail that a scanner has opened before.
    let parent = Browser::start(1280).await;
    parent.open(&base).await;
    parent.heading("Log in").await;
    axe::assert_no_violations(&parent, "the login page").await;
    parent.fill("Email address", RACHEL).await;
    parent.press("Send me a code").await;
    parent.heading("Check your mail").await;
    deliver_and_scan(&school, &smtp).await;
    parent.open(&smtp.link(RACHEL, "Your code to log in", "/login#t=")).await;
    parent.heading("Welcome back").await;
    axe::assert_no_violations(&parent, "the link's page").await;
    parent.press("Log in").await;
    parent.sees("Rachel Aaron").await;

    // My Bookings, and an invite for Liz.
    parent.open(&format!("{base}evenings/{}", school.people.evening.0)).await;
    parent.heading("My bookings").await;
    parent.sees("10 minute gap").await;
    axe::assert_no_violations(&parent, "My Bookings").await;
    parent.press("Manage Invites").await;
    parent.heading("Manage invites").await;
    axe::assert_no_violations(&parent, "Manage invites").await;
    parent.press("Invite another").await;
    parent.fill("Name", "Robin Reed").await;
    parent.fill("Email address", GUEST).await;
    parent.tick("Liz Aaron").await;
    parent.tick("I agree that this person is given access").await;
    axe::assert_no_violations(&parent, "the invite form").await;
    parent.press("Send Invite").await;
    parent.sees(&format!("Send to {GUEST}?")).await;
    parent.press("Yes, send it").await;
    parent.sees("Robin Reed").await;

    // The guest: a scanner's visit changes nothing, and the button does.
    deliver_and_scan(&school, &smtp).await;
    let link = smtp.link(GUEST, "Rachel Aaron", "/guest#t=");
    let guest = Browser::start(375).await;
    guest.open(&link).await;
    guest.sees("Rachel Aaron").await;
    let before = guest.text().await;
    assert!(
        !before.contains("Liz") && !before.contains("Music") && !before.contains("16:05"),
        "no student may be named before the button is pressed: {before}"
    );
    axe::assert_no_violations(&guest, "the guest's link").await;
    guest.press("See the appointments").await;
    guest.sees("Mr Geraint Davies").await;
    let after = guest.text().await;
    assert!(after.contains("Liz Aaron") && after.contains("16:05"), "{after}");
    assert!(
        !after.contains("Sophie") && !after.contains("Chris"),
        "siblings must not be named: {after}"
    );
    axe::assert_no_violations(&guest, "the guest's appointments").await;

    // The inviting parent who opens the link is led to their own door.
    parent.open(&link).await;
    parent.heading("This is the link for Robin Reed").await;

    // After removal the guest reads that the invite was removed.
    parent.open(&format!("{base}evenings/{}", school.people.evening.0)).await;
    parent.press("Manage Invites").await;
    parent.sees("Robin Reed").await;
    parent.press_of("Robin Reed", "Remove").await;
    parent.press("Yes, remove").await;
    parent.sees("The invite of Robin Reed is removed.").await;
    guest.reload().await;
    guest.sees("This invite was removed").await;
    deliver_and_scan(&school, &smtp).await;
    let told = smtp
        .mails()
        .into_iter()
        .any(|letter| letter.to == GUEST && letter.text.contains("no longer"));
    assert!(told, "the guest is told by mail as well");
    parent.close().await;
    guest.close().await;
}
