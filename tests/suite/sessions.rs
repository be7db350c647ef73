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
async fn a_code_is_understood_as_people_type_it() {
    let school = School::start().await;
    for (zero, around) in [('٠', ("\u{200e}", "\u{200f}")), ('०', ("\u{feff}", "\u{200b}")), ('０', ("\u{3000}", "\n")), ('0', ("\u{202a}", "\u{202c}"))] {
        let browser = school.nobody();
        let link = browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
        let mail = school.mail_to(RACHEL).await;
        let digits = |line: &str| line.split_whitespace().collect::<String>();
        let code = mail.text.lines().map(digits).find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit())).unwrap();
        let typed: String = code.bytes().map(|digit| char::from_u32(u32::from(zero) + u32::from(digit - b'0')).unwrap()).collect();
        let (before, after) = around;
        let given = json!({ "login_link_id": link, "code": format!("{before}{typed}{after}") });
        browser.post("/sessions", given).await.is(201);
    }
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
