//! Tests that the school's contact stands beside each text that says to ask the school.

use serde_json::json;

use super::{client, driver::Browser, pages::check_page};
use crate::harness::School;

const PHONE: &str = "020 7946 0000";
const HOURS: &str = "Monday to Friday, 8:00 to 16:00 <b>in term time</b>";
const RACHEL: &str = "rachel.aaron@example.org";
/// JavaScript expression: whether the school's number is visible, in the same notice as a text.
const SHOWN: &str = "[...document.querySelectorAll('.contact a')].some((one) => \
                     one.checkVisibility() && one.href === 'tel:02079460000')";

async fn school() -> School {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    let contact = json!({
        "phone": PHONE,
        "email": "office@hillcrest-school.example",
        "office_hours": HOURS,
    });
    school.staff().await.patch("/school", contact).await.is(200);
    school
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

/// Checks that a text is shown together with the school's contact.
async fn shows_contact(browser: &Browser, text: &str) {
    browser.sees(text).await;
    browser.sees(PHONE).await;
    browser.wait_for_js(SHOWN).await;
    browser.sees(HOURS).await;
}

async fn school_contact_is_shown_beside_every_ask_the_school_text(width: u32) {
    let school = school().await;
    let parent = Browser::start(width).await;
    // An unknown address gets no mail.
    parent.open(&page(&school, "login")).await;
    parent.heading("Log in").await;
    parent.fill("Email address", "nobody@example.org").await;
    parent.press("Send me a code").await;
    shows_contact(&parent, "ask the school which address it has for you").await;
    check_page(&parent, "the code's page with the school's contact").await;

    // A barred address: the page gives the contact and not the reason.
    let sophie = school
        .parent()
        .await
        .get(&school.evening("/slots"))
        .await
        .is(200)
        .text_at("/students/0/student/id")
        .to_owned();
    let office = school.staff().await;
    let liz =
        school.parent().await.get(&school.evening("/invites")).await.is(200).list("/students");
    for student in liz.iter().map(|one| one["student"]["id"].clone()) {
        office
            .post(
                "/bars",
                json!({ "student_id": student, "email": "barred@example.org", "note": "" }),
            )
            .await
            .is(201);
    }
    parent.open(&page(&school, "dev/login/parent")).await;
    parent.open(&page(&school, &format!("evenings/{}", school.people.evening.0))).await;
    parent.press("Manage Invites").await;
    parent.press("Invite another").await;
    parent.fill("Name", "Robin Reed").await;
    parent.fill("Email address", "barred@example.org").await;
    parent.tick("Liz Aaron").await;
    parent.tick("I agree that this person is given access").await;
    parent.press("Send Invite").await;
    parent.press("Yes, send it").await;
    shows_contact(&parent, "This invite can't be sent. Please ask the school.").await;
    check_page(&parent, "a refused invite with the school's contact").await;

    // Booking has closed.
    school.clock.set("2026-11-26T15:30:00Z".parse().expect("a time"));
    parent.reload().await;
    shows_contact(&parent, "Booking has closed.").await;
    check_page(&parent, "closed booking with the school's contact").await;
    parent.open(&page(&school, &format!("evenings/{}/book", school.people.evening.0))).await;
    shows_contact(&parent, "Booking has closed.").await;

    // The school has ended the parent's access.
    for student in [sophie]
        .into_iter()
        .chain(liz.iter().filter_map(|one| one["student"]["id"].as_str().map(str::to_owned)))
    {
        let bar = json!({ "student_id": student, "person_id": school.people.parent.0, "note": "" });
        office.post("/bars", bar).await;
    }
    parent.open(&page(&school, &format!("evenings/{}", school.people.evening.0))).await;
    shows_contact(&parent, "Your access to this appointment has ended. Please contact the school.")
        .await;
    check_page(&parent, "ended access with the school's contact").await;
    school.ignore_mail("other tests read these mails");
    parent.close().await;
}

#[actix_web::test]
async fn school_contact_is_beside_ask_the_school_texts_on_a_phone() {
    school_contact_is_shown_beside_every_ask_the_school_text(375).await;
}

#[actix_web::test]
async fn school_contact_is_beside_ask_the_school_texts_on_a_desktop() {
    school_contact_is_shown_beside_every_ask_the_school_text(1280).await;
}

#[actix_web::test]
async fn no_contact_is_shown_if_the_school_has_none() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await;
    school.execute("update schools set phone = null, email = null, office_hours = null").await;
    let parent = Browser::start(375).await;
    parent.open(&page(&school, "login")).await;
    parent.fill("Email address", RACHEL).await;
    parent.press("Send me a code").await;
    parent.sees("ask the school which address it has for you").await;
    assert_eq!(
        parent
            .run(
                "return [...document.querySelectorAll('.contact')].some((one) => \
                 one.checkVisibility())"
            )
            .await,
        json!(false)
    );
    school.ignore_mail("this test is about the page");
    parent.close().await;
}
