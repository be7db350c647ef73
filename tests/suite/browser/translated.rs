//! Tests of the journeys in a browser that translates the pages: every text is replaced, and the
//! pages stay correct.

use serde_json::json;

use super::{client, driver::Browser};
use crate::harness::{School, token_of};

const TRANSLATOR: &str = include_str!("translated.js");
const GUEST: &str = "robin.reed@example.org";

/// Makes the browser translate whatever it shows.
pub async fn enable_translator(browser: &Browser) {
    browser.run_before_each_page(TRANSLATOR).await;
}

/// Panics when a text that has changed is still shown in its old form.
pub async fn assert_no_stale_text(browser: &Browser, page: &str) {
    assert_eq!(browser.run("return isTranslated()").await, json!(true), "{page} is translated");
    assert_eq!(browser.run("return stale()").await, json!([]), "{page}");
}

async fn school() -> School {
    School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

async fn enter(school: &School, width: u32, who: &str) -> Browser {
    let browser = Browser::start(width).await;
    enable_translator(&browser).await;
    browser.open(&page(school, &format!("dev/login/{who}"))).await;
    browser
}

/// Chooses the n-th of the free times that are shown, counted from 0, and returns it.
async fn choose_time(browser: &Browser, place: usize) -> String {
    browser.wait_for_js("document.querySelectorAll('button.slot').length > 2").await;
    let script = format!(
        "document.querySelectorAll('details.chooser').forEach((one) => {{ one.open = true; }});
         const slot = \
         [...document.querySelectorAll('button.slot[aria-pressed=false]:not([aria-disabled])'\
         )][{place}];
         slot.focus(); slot.click(); return slot.textContent.trim();"
    );
    browser.run(&script).await.as_str().expect("a time").to_owned()
}

async fn book_change_and_cancel(width: u32) {
    let school = school().await;
    let parent = enter(&school, width, "parent").await;
    let evening = format!("evenings/{}", school.people.evening.0);
    parent.open(&page(&school, &format!("{evening}/book"))).await;
    parent.heading("Book appointments").await;
    choose_time(&parent, 0).await;
    parent.sees("1 chosen").await;
    choose_time(&parent, 40).await;
    parent.sees("2 chosen").await;
    parent.press("Review").await;
    parent.heading("Review your appointments").await;
    parent.press_first("Remove").await;
    parent.wait_for_js("document.querySelectorAll('.review li').length === 1").await;
    let kept = parent.run("return document.querySelector('.review time').textContent").await;
    parent.press("Book these appointments").await;
    parent.heading("You’re booked").await;
    assert_no_stale_text(&parent, "booking").await;
    parent.press("My bookings").await;
    parent.heading("My bookings").await;
    parent.sees(kept.as_str().expect("a time")).await;

    // The button names the new time.
    parent.press_first("Change 16:05").await;
    parent.heading("Change the time").await;
    let first = choose_time(&parent, 0).await;
    parent.has_button(&format!("Move to {first}")).await;
    let second = choose_time(&parent, 4).await;
    assert_ne!(first, second);
    parent
        .wait_for_js(&format!(
            "document.querySelector('.chosen button').textContent.trim() === 'Move to {second}'"
        ))
        .await;
    parent.wait_for_js(&format!("document.activeElement.textContent.trim() === '{second}'")).await;
    assert_no_stale_text(&parent, "changing").await;
    parent.press(&format!("Move to {second}")).await;
    parent.sees(&format!("is at {second} now")).await;
    parent.press_first(&format!("Cancel {second}")).await;
    parent.heading("Cancel this appointment?").await;
    parent.sees(&format!("{second} with")).await;
    parent.press("Keep it").await;
    parent.press_first("Cancel 16:00").await;
    parent.sees("16:00 with").await;
    parent.press("Cancel appointment").await;
    parent
        .wait_for_js(
            "document.querySelector('p.unseen[role=status]').textContent === 'The appointment is \
             cancelled.'",
        )
        .await;
    parent
        .wait_for_js(
            "![...document.querySelectorAll('.bookings time')].some((one) => one.textContent === \
             '16:00')",
        )
        .await;
    assert_no_stale_text(&parent, "My Bookings").await;
    school.ignore_mail("other tests read these mails");
    parent.close().await;
}

#[actix_web::test]
async fn a_parent_books_changes_and_cancels_on_a_phone() {
    book_change_and_cancel(375).await;
}

#[actix_web::test]
async fn a_parent_books_changes_and_cancels_on_a_desktop() {
    book_change_and_cancel(1280).await;
}

#[actix_web::test]
async fn translated_parent_invites_and_removes_a_guest() {
    let school = school().await;
    let parent = enter(&school, 1280, "parent").await;
    parent.open(&page(&school, &format!("evenings/{}", school.people.evening.0))).await;
    parent.press("Manage Invites").await;
    parent.heading("Manage invites").await;
    parent.press("Invite another").await;
    parent.heading("Invite a parent or guardian").await;
    parent.press("Send Invite").await;
    parent.sees("Enter an email address").await;
    parent.fill("Name", "Robin Reed").await;
    parent.fill("Email address", "robin.reed@gmial.com").await;
    parent.press("Did you mean robin.reed@gmail.com?").await;
    parent.fill("Email address", GUEST).await;
    parent.tick("Liz Aaron").await;
    parent.tick("I agree that this person is given access").await;
    parent.press("Send Invite").await;
    parent.sees(&format!("Send to {GUEST}?")).await;
    parent.press("No, change it").await;
    parent.fill("Email address", "r.reed@example.org").await;
    parent.press("Send Invite").await;
    parent.sees("Send to r.reed@example.org?").await;
    parent.press("Yes, send it").await;
    parent.heading("Manage invites").await;
    parent.sees("The invite for Robin Reed is on its way to r.reed@example.org.").await;
    let link = token_of(&school.mail_to("r.reed@example.org").await);
    parent.press_of("Robin Reed", "Remove").await;
    parent.press("Keep it").await;
    assert_no_stale_text(&parent, "the invites").await;

    let guest = Browser::start(375).await;
    enable_translator(&guest).await;
    guest.open(&page(&school, &format!("guest#t={link}"))).await;
    guest.heading("Hello Robin Reed").await;
    guest.press("See the appointments").await;
    guest.heading("Appointments you can join").await;
    guest.sees("Mr Geraint Davies").await;
    assert_no_stale_text(&guest, "the guest's pages").await;
    guest.close().await;

    parent.press_of("Robin Reed", "Remove").await;
    parent.press("Yes, remove").await;
    parent.heading("Invite a parent or guardian").await;
    parent.sees("The invite of Robin Reed is removed.").await;
    assert!(!parent.text().await.contains("is on its way"), "the earlier status text is gone");
    assert_no_stale_text(&parent, "the invites after one was removed").await;
    school.ignore_mail("other tests read these mails");
    parent.close().await;
}

#[actix_web::test]
async fn translated_login_and_office_show_current_state() {
    let school = school().await;
    let browser = Browser::start(375).await;
    enable_translator(&browser).await;
    browser.open(&page(&school, "login")).await;
    browser.fill("Email address", "rachel").await;
    browser.press("Send me a code").await;
    browser.sees("Enter an email address").await;
    browser.fill("Email address", "rachel.aaron@example.org").await;
    browser.press("Send me a code").await;
    browser.heading("Check your mail").await;
    browser.sees("rachel.aaron@example.org").await;
    browser.press("Use another address").await;
    browser.heading("Log in").await;
    assert_no_stale_text(&browser, "the login").await;
    browser.open(&page(&school, "dev/login/staff")).await;
    browser.heading("Find a parent").await;
    browser.fill("Name or email address", "Rachel Aaron").await;
    browser.press_first("Rachel Aaron").await;
    browser.heading("Rachel Aaron").await;
    browser.press_first("Bar from").await;
    browser.heading("Bar from Chris Aaron").await;
    browser.press("Cancel").await;
    assert_no_stale_text(&browser, "the office").await;
    school.ignore_mail("another test reads this mail");
    browser.close().await;
}

#[actix_web::test]
async fn translated_run_page_shows_presence() {
    let school = school().await;
    school.clock.set("2026-11-26T16:02:00Z".parse().expect("a time"));
    let teacher = enter(&school, 1280, "teacher").await;
    teacher.open(&page(&school, &format!("teacher/evenings/{}", school.people.evening.0))).await;
    teacher.heading("My schedule").await;
    teacher.sees("Rachel Aaron: not here yet").await;
    teacher.sees("Nobody is waiting at the moment.").await;
    teacher.press_first("Private note").await;
    teacher.write("Private note about Sophie Aaron", "Practise").await;
    teacher.sees("Saved").await;
    let booking = school
        .teacher()
        .await
        .get(&school.evening("/schedule"))
        .await
        .is(200)
        .text_at("/appointments/0/booking_id")
        .parse()
        .expect("an id");
    school.start_call(booking).await;
    school.seat_parent(booking).await;
    teacher.sees("Rachel Aaron: here").await;
    teacher
        .wait_for_js(
            "document.querySelector('p.unseen[role=status]').textContent === 'Rachel Aaron is \
             waiting for 16:00.'",
        )
        .await;
    assert!(
        !teacher.text().await.contains("Rachel Aaron: not here yet"),
        "Rachel Aaron is shown as present"
    );
    assert_no_stale_text(&teacher, "a teacher's run page").await;
    teacher.close().await;
}
