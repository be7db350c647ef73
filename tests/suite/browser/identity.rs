//! Tests of the choice of an identity after the link of a confirmation mail: the mail's parent
//! needs no code, any other identity needs a fresh one.

use super::{client, driver::Browser, pages::check_page};
use crate::harness::{School, code_of, token_of};

const RACHEL: &str = "rachel.aaron@example.org";

/// Starts a demo in which Rachel Aaron also belongs to the office.
async fn school() -> School {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    school
        .execute("update people set is_staff = true where email_key = 'rachel.aaron@example.org'")
        .await;
    school
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

/// Starts a browser in which Rachel has logged in before, and follows the link of her confirmation
/// mail in it.
async fn login_by_confirmation_mail(school: &School, width: u32) -> Browser {
    let browser = Browser::start(width).await;
    browser.open(&page(school, "dev/login/parent")).await;
    browser.heading("Parents’ evenings").await;
    browser.press("Rachel Aaron").await;
    browser.press("Log out").await;
    browser.heading("Log in").await;
    browser
        .open(&page(school, &format!("login#t={}", token_of(school.demo_mail_to(RACHEL)))))
        .await;
    browser.heading("Welcome back").await;
    browser.press("Log in").await;
    browser
}

async fn switching_identity_requires_a_code(width: u32) {
    let school = school().await;
    let browser = login_by_confirmation_mail(&school, width).await;
    // There is no choice of an identity, because the mail was addressed to the parent.
    browser.heading("Parents’ evenings").await;
    browser.press("Rachel Aaron").await;
    browser.press("Switch person").await;
    browser.heading("Who are you today?").await;
    browser.sees("Parent or guardian of").await;
    check_page(&browser, "the choice of a person").await;
    browser.press_first("School staff").await;
    browser.heading("Check your mail").await;
    browser.sees("You came by the link of a confirmation mail.").await;
    let first = code_of(&school.mail_to(RACHEL).await);
    check_page(&browser, "the code of another person").await;

    // After going back to the choice, the parent needs no code.
    browser.press("Back").await;
    browser.heading("Who are you today?").await;
    browser.press_first("Parent or guardian").await;
    browser.heading("Parents’ evenings").await;
    browser.press("Rachel Aaron").await;
    browser.press("Switch person").await;
    browser.press_first("School staff").await;
    browser.heading("Check your mail").await;
    let second = code_of(&school.mail_to(RACHEL).await);

    browser.fill("Code", "12").await;
    browser.press("Log in").await;
    browser.sees("Enter all 6 digits of the code.").await;
    let wrong = ["000000", "000001", "000002"]
        .into_iter()
        .find(|code| ![&first, &second].contains(&&(*code).to_owned()))
        .expect("a wrong code");
    browser.fill("Code", wrong).await;
    browser.press("Log in").await;
    browser.sees("That is not the code.").await;
    check_page(&browser, "a wrong code for another person").await;
    browser.press("Send a new code").await;
    browser.sees("A new code is on its way.").await;
    assert_eq!(
        browser.run("return document.activeElement.textContent.trim()").await,
        "Send a new code",
        "the focus stays"
    );
    let third = code_of(&school.mail_to(RACHEL).await);
    // The code is typed in full-width digits, as a Japanese keyboard writes them.
    let wide: String = third
        .chars()
        .filter_map(|digit| char::from_u32('０' as u32 + digit.to_digit(10)?))
        .collect();
    browser.fill("Code", &wide).await;
    browser.press("Log in").await;
    browser.heading("Find a parent").await;
    browser.close().await;
}

#[actix_web::test]
async fn switching_identity_requires_a_code_on_a_phone() {
    switching_identity_requires_a_code(375).await;
}

#[actix_web::test]
async fn switching_identity_requires_a_code_on_a_desktop() {
    switching_identity_requires_a_code(1280).await;
}
