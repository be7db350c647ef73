//! Tests of links that were mangled on the way, and of browsers that keep no cookies.

use serde_json::json;
use thirtyfour::Key;

use super::{client, driver::Browser, pages::check_page};
use crate::harness::{School, token_of};

const RACHEL: &str = "rachel.aaron@example.org";
const JORDAN: &str = "jordan.aaron@example.org";

async fn school() -> School {
    School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await
}

/// Opens a link below the school's base URL as a new page, and checks that its token is not in the
/// address bar.
async fn follow(browser: &Browser, school: &School, link: &str, token: &str, heading: &str) {
    browser.open("about:blank").await;
    browser.open(&format!("{}/s/hillcrest/{link}", school.origin)).await;
    browser.heading(heading).await;
    let address = browser.run("return location.href").await;
    assert!(!address.as_str().expect("an address").contains(&token[..12]), "{address}");
}

/// Variants of a link as mail programs, gateways and people mangle it.
fn mangled(page: &str, token: &str) -> Vec<String> {
    let before = ["#t=", "%23t=", "#t%3D", "%23t%3D", "%2523t%253D", "?utm_source=mail#t="];
    let after = [".", ")", "%20", "%3E", ",", "&data=05%7C01%7C"];
    let before = before.map(|before| format!("{page}{before}{token}"));
    let after = after.map(|after| format!("{page}#t={token}{after}"));
    before.into_iter().chain(after).collect()
}

#[actix_web::test]
async fn mangled_login_links_work() {
    let school = school().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let token = token_of(&school.mail_to(RACHEL).await);
    let parent = Browser::start(375).await;
    for link in mangled("login", &token) {
        follow(&parent, &school, &link, &token, "Welcome back").await;
    }
    follow(&parent, &school, &format!("nowhere#t={token}"), &token, "There is no such page").await;
    follow(
        &parent,
        &school,
        &format!("login#t={}", &token[..30]),
        &token,
        "This link is incomplete",
    )
    .await;
    check_page(&parent, "a cut login link").await;
    parent.press("Send me a new link").await;
    parent.heading("Log in").await;
    follow(&parent, &school, &format!("login%23t={token}."), &token, "Welcome back").await;
    parent.press("Log in").await;
    parent.heading("Parents’ evenings").await;
    parent.close().await;
}

#[actix_web::test]
async fn mangled_guest_links_work() {
    let school = school().await;
    let token = token_of(school.demo_mail_to(JORDAN));
    let guest = Browser::start(375).await;
    for link in mangled("guest", &token) {
        follow(&guest, &school, &link, &token, "Hello Jordan Aaron").await;
    }
    follow(
        &guest,
        &school,
        &format!("guest#t={}", &token[..30]),
        &token,
        "This link is incomplete",
    )
    .await;
    guest.sees("ask the person who invited you").await;
    guest.close().await;
}

/// Requests the link for an address by keyboard alone, and returns the page's answer.
async fn request_link(guest: &Browser, email: &str) -> String {
    guest.fill("Email address", email).await;
    guest.key(Key::Enter).await;
    guest.heading("Check your mail").await;
    guest.wait_for_js("document.activeElement === document.querySelector('main h1')").await;
    guest
        .run("return document.querySelector('main').innerText")
        .await
        .as_str()
        .expect("a text")
        .replace(email, "…")
}

#[actix_web::test]
async fn guest_with_truncated_link_can_request_a_new_mail() {
    let school = school().await;
    let token = token_of(school.demo_mail_to(JORDAN));
    let guest = Browser::start(375).await;
    follow(
        &guest,
        &school,
        &format!("guest#t={}", &token[..30]),
        &token,
        "This link is incomplete",
    )
    .await;
    guest.press("Email me a new link").await;
    guest.sees("Enter an email address like name@example.org.").await;
    check_page(&guest, "a cut guest link with an error").await;
    let unknown = request_link(&guest, "nobody@example.org").await;
    assert!(
        unknown.contains("If an invite was sent to …, a mail with its link is on its way."),
        "{unknown}"
    );
    check_page(&guest, "after a guest has asked for their link").await;
    guest.press("Use another address").await;
    guest.heading("This link is incomplete").await;
    assert_eq!(
        request_link(&guest, JORDAN).await,
        unknown,
        "known and unknown addresses get the same answer"
    );
    let anew = token_of(&school.mail_to(JORDAN).await);
    follow(&guest, &school, &format!("guest#t={anew}"), &anew, "Hello Jordan Aaron").await;

    // The same form stands where the link is complete and dead, and where there is no link.
    let dead = "A".repeat(43);
    follow(&guest, &school, &format!("guest#t={dead}"), &dead, "This link no longer works").await;
    guest.has_button("Email me a new link").await;
    let stranger = Browser::start(1280).await;
    stranger.open(&format!("{}/s/hillcrest/guest/appointments", school.origin)).await;
    stranger.heading("Appointments you can join").await;
    stranger.has_button("Email me a new link").await;
    check_page(&stranger, "a guest without a link").await;
    stranger.close().await;
    // A removed invite can't be requested again.
    let invite = school.people.invite.expect("an invite").0;
    school.parent().await.delete(&format!("/invites/{invite}")).await.is(204);
    follow(&guest, &school, &format!("guest#t={token}"), &token, "This invite was removed").await;
    assert!(!guest.text().await.contains("Email me a new link"));
    assert!(school.mail_to(JORDAN).await.text.contains("no longer"), "the guest is told by mail");
    guest.close().await;
}

#[actix_web::test]
async fn disabled_cookies_are_reported() {
    let school = school().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let token = token_of(&school.mail_to(RACHEL).await);
    let guests = token_of(school.demo_mail_to(JORDAN));
    let browser = Browser::start(375).await;
    browser
        .run_before_each_page(
            "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} })",
        )
        .await;
    for (link, token) in [
        ("login".to_owned(), "no token at all"),
        (format!("login#t={token}"), &*token),
        (format!("guest#t={guests}"), &*guests),
    ] {
        browser.open("about:blank").await;
        browser.open(&format!("{}/s/hillcrest/{link}", school.origin)).await;
        browser.sees("This browser keeps no cookies for this site").await;
        let address = browser.run("return location.href").await;
        assert!(!address.as_str().expect("an address").contains(&token[..12]), "{address}");
    }
    check_page(&browser, "a browser without cookies").await;
    browser.close().await;
    // The link was not used up.
    let again = Browser::start(375).await;
    follow(&again, &school, &format!("login#t={token}"), &token, "Welcome back").await;
    again.press("Log in").await;
    again.heading("Parents’ evenings").await;
    again.close().await;
}
