//! Tests of two tabs in one browser: after another login or a logout in one tab, the other does not
//! continue as the previous person.

use super::{client, driver::Browser, pages::check_page};
use crate::harness::School;

const RELOAD_NOTICE: &str =
    "Another person has logged in in this browser, so this page began anew.";

async fn school() -> School {
    School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

/// Opens Rachel Aaron's booking page with chosen times in the first tab, logs staff in in the
/// second, and checks the first.
async fn check_second_tab_login(browser: &Browser, school: &School, script: &str) {
    browser.run_before_each_page(script).await;
    browser.open(&page(school, "dev/login/parent")).await;
    browser.open(&page(school, &format!("evenings/{}/book", school.people.evening.0))).await;
    browser.press_first(", free").await;
    browser.sees("1 chosen").await;
    let first = browser.new_tab().await;
    browser.run_before_each_page(script).await;
    browser.open(&page(school, "dev/login/staff")).await;
    browser.heading("Find a parent").await;
    let second = browser.to_tab(&first).await;
    // The page changes without a press.
    browser.sees(RELOAD_NOTICE).await;
    browser.heading("Find a parent").await;
    // The page shows the list of parents and the staff's account, and nothing of the earlier
    // choice.
    let account =
        browser.run("return document.querySelector('header.top').innerText").await.to_string();
    assert!(account.contains("Helen Okafor") && !account.contains("Rachel"), "{account}");
    let text = browser.text().await;
    assert!(!text.contains("chosen") && !text.contains("French"), "{text}");
    check_page(browser, "a page that began anew").await;
    // The browser's history does not bring it back either.
    browser.run("history.back()").await;
    browser.wait_for_js("!document.body.innerText.includes('Loading')").await;
    let text = browser.text().await;
    assert!(
        text.contains("Helen Okafor") && !text.contains("chosen") && !text.contains("French"),
        "{text}"
    );
    assert_eq!(
        browser
            .run("return Object.keys(sessionStorage).filter((key) => key.includes('draft'))")
            .await,
        serde_json::json!([])
    );
    browser.to_tab(&second).await;
    browser.press("Mrs Helen Okafor").await;
    browser.press("Log out").await;
    browser.heading("Log in").await;
    browser.to_tab(&first).await;
    browser.sees("You were logged out in another tab.").await;
    browser.heading("Log in").await;
}

#[actix_web::test]
async fn login_in_a_second_tab_ends_the_first_tabs_session() {
    let school = school().await;
    check_second_tab_login(&Browser::start(1280).await, &school, "").await;
}

#[actix_web::test]
async fn login_in_a_second_tab_is_noticed_without_broadcast_channel() {
    let school = school().await;
    check_second_tab_login(
        &Browser::start(1280).await,
        &school,
        "delete globalThis.BroadcastChannel",
    )
    .await;
}
