//! Logging in by link and by code, logging out everywhere, and losing access.

use serde_json::json;

use crate::harness::{School, token_of};

const RACHEL: &str = "rachel.aaron@example.org";

#[tokio::test]
async fn a_link_works_once() {
    let school = School::start().await;
    let browser = school.nobody();
    browser.post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let token = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    browser.post("/login_links/preview", token.clone()).await.is(200);
    browser.post("/sessions", token.clone()).await.is(201);
    browser.get("/me").await.is(200);
    school.nobody().post("/sessions", token).await.refuses(410, "link_dead");
    let other = school.parent().await;
    browser.delete("/sessions").await.is(204);
    other.get("/me").await.refuses(401, "not_logged_in");
}

#[tokio::test]
async fn a_code_belongs_to_a_browser_and_has_five_tries() {
    let school = School::start().await;
    let browser = school.nobody();
    let link = browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
    let mail = school.mail_to(RACHEL).await;
    let digits = |line: &str| line.split_whitespace().collect::<String>();
    let code = mail.text.lines().map(digits).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit())).unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let with = |code: &str| json!({ "login_link_id": link, "code": code });
    school.nobody().post("/sessions", with(&code)).await.refuses(403, "wrong_browser");
    for _ in 0..4 {
        browser.post("/sessions", with(wrong)).await.refuses(403, "code_wrong");
    }
    browser.post("/sessions", with(wrong)).await.refuses(410, "code_dead");
    browser.post("/sessions", with(&code)).await.refuses(410, "code_dead");
    // The link of the same mail goes on working.
    browser.post("/sessions", json!({ "token": token_of(&mail) })).await.is(201);
}

#[tokio::test]
async fn an_unknown_address_is_answered_alike() {
    let school = School::start().await;
    let known = school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let unknown = school.nobody().post("/login_links", json!({ "email": "nobody@example.org" })).await.is(202);
    let fields = |answer: &crate::harness::Answer| answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&known), fields(&unknown));
    assert!(school.mails().await.iter().all(|mail| mail.to != "nobody@example.org"));
}

#[tokio::test]
async fn a_page_of_one_person_is_not_answered_as_another() {
    let school = School::start().await;
    let browser = school.parent().await;
    let rachel = browser.get("/me").await.is(200).header("parlour-person").expect("whom it is for").to_owned();
    let again = school.parent().await.get("/me").await.is(200).header("parlour-person").map(str::to_owned);
    assert_eq!(again.as_ref(), Some(&rachel), "another session of the same person");
    let of_rachel = |method: &str, path: &str| browser.request(method, path).header("parlour-person", &rachel);
    let bookings = school.evening("/bookings");
    let seen = browser.send("GET", &bookings, of_rachel("GET", &bookings)).await.is(200);
    assert_eq!(seen.header("parlour-person"), Some(rachel.as_str()));
    let booking = format!("/bookings/{}", seen.text_at("/rows/0/id"));

    // In another tab of the browser somebody else logs in.
    browser.post("/dev/logins", json!({ "as": "staff" })).await.is(201);
    for (method, path) in [("GET", "/me"), ("GET", bookings.as_str()), ("DELETE", booking.as_str()), ("DELETE", "/sessions/current"), ("GET", "/clients")] {
        browser.send(method, path, of_rachel(method, path)).await.refuses(401, "session_changed");
    }
    let helen = browser.get("/me").await.is(200);
    assert!(helen.header("parlour-person").is_some_and(|mark| mark != rachel));
    let rows = school.parent().await.get(&bookings).await.is(200).list("/rows");
    assert!(rows.iter().any(|row| booking.ends_with(row["id"].as_str().unwrap_or("none"))), "nothing was done");
    let nonsense = browser.request("GET", "/me").header("parlour-person", "nonsense");
    browser.send("GET", "/me", nonsense).await.refuses(401, "session_changed");
    // Who is nobody has no mark, and a guest's session none either.
    assert_eq!(school.nobody().get("/school").await.header("parlour-person"), None);
    let guest = school.guest().await;
    let path = "/guest/appointments";
    assert_eq!(guest.send("GET", path, guest.request("GET", path).header("parlour-person", &rachel)).await.is(200).header("parlour-person"), None);
}
