//! Tests of every page and dialog with axe-core: light and dark, at phone and desktop widths.

use serde_json::json;
use thirtyfour::Key;

use super::{axe, client, driver::Browser};
use crate::harness::School;

/// Checks a page in both colour schemes, and saves screenshots in the folder `PARLOUR_SCREENSHOTS`
/// if it is set.
pub async fn check_page(browser: &Browser, page: &str) {
    for scheme in ["dark", "light"] {
        browser.set_color_scheme(scheme).await;
        if let Ok(folder) = std::env::var("PARLOUR_SCREENSHOTS") {
            browser.screenshot(&format!("{folder}/{page}, {scheme}, {}.png", browser.width)).await;
        }
        axe::assert_no_violations(browser, &format!("{page}, {scheme}")).await;
    }
}

async fn school() -> School {
    School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_CLIENT_DIR", &client())]).await
}

fn page(school: &School, path: &str) -> String {
    format!("{}/s/hillcrest/{path}", school.origin)
}

async fn enter(school: &School, width: u32, who: &str) -> Browser {
    let browser = Browser::start(width).await;
    browser.open(&page(school, &format!("dev/login/{who}"))).await;
    browser
}

async fn parents_pages(school: &School, width: u32) {
    let parent = enter(school, width, "parent").await;
    let evening = format!("evenings/{}", school.people.evening.0);
    parent.open(&page(school, &evening)).await;
    parent.sees("10 minute gap").await;
    check_page(&parent, "My Bookings").await;
    parent.press_first("Cancel").await;
    parent.heading("Cancel this appointment?").await;
    check_page(&parent, "the question before cancelling").await;
    parent.key(Key::Escape).await;
    parent.press("What happened so far").await;
    parent.sees("Booked 16:00").await;
    check_page(&parent, "the history").await;
    parent.press("Manage Invites").await;
    parent.heading("Manage invites").await;
    parent.press("Remove").await;
    parent.sees("Remove the invite of").await;
    check_page(&parent, "the question before an invite is removed").await;
    parent.key(Key::Escape).await;
    parent.press("Manage Invites").await;
    parent.press("Invite another").await;
    parent.press("Send Invite").await;
    parent.sees("Enter an email address").await;
    check_page(&parent, "the invite form with errors").await;
    parent.key(Key::Escape).await;
    parent.open(&page(school, &format!("{evening}/book"))).await;
    parent.heading("Book appointments").await;
    parent.sees("Sophie Aaron").await;
    check_page(&parent, "booking").await;
    parent.press_first("Change").await;
    parent.heading("Change the time").await;
    check_page(&parent, "moving an appointment").await;
    parent.open(&page(school, "nowhere")).await;
    parent.heading("There is no such page").await;
    check_page(&parent, "an address without a page").await;
    parent.open(&page(school, "dev/mailbox")).await;
    parent.heading("Mailbox").await;
    check_page(&parent, "the mailbox").await;
    parent.close().await;
}

async fn guests_pages(school: &School, width: u32) {
    let guest = enter(school, width, "guest").await;
    guest.sees("Sophie Aaron").await;
    check_page(&guest, "a guest's appointments").await;
    // A text of a token's length that is no token.
    let token = "A".repeat(43);
    guest.open(&page(school, &format!("guest#t={token}"))).await;
    guest.heading("This link no longer works").await;
    check_page(&guest, "a dead guest link").await;
    guest.open(&page(school, &format!("login#t={token}"))).await;
    guest.heading("This link no longer works").await;
    check_page(&guest, "a dead login link").await;
    guest.close().await;
}

async fn teachers_pages(school: &School, width: u32) {
    let teacher = enter(school, width, "teacher").await;
    teacher.open(&page(school, &format!("teacher/evenings/{}", school.people.evening.0))).await;
    teacher.heading("My schedule").await;
    teacher.sees("Sophie Aaron").await;
    check_page(&teacher, "a teacher's schedule").await;
    teacher.open(&page(school, "teacher")).await;
    check_page(&teacher, "a teacher's evenings").await;
    teacher.close().await;
}

async fn staffs_pages(school: &School, width: u32) {
    let staff = enter(school, width, "staff").await;
    staff.open(&page(school, "staff")).await;
    staff.heading("Find a parent").await;
    check_page(&staff, "the search for a parent").await;
    staff.fill("Name or email address", "Rachel Aaron").await;
    staff.press_first("Rachel Aaron").await;
    staff.heading("Rachel Aaron").await;
    staff.sees("Contact allowed").await;
    check_page(&staff, "a parent, for staff").await;
    staff.press("Source of this data").await;
    staff.sees("Classes of Sophie Aaron").await;
    check_page(&staff, "where a parent's values come from").await;
    staff.press_first("Bar from").await;
    staff.heading("Bar from Chris Aaron").await;
    check_page(&staff, "the form of a bar").await;
    staff.key(Key::Escape).await;
    staff.open(&page(school, "staff")).await;
    staff.fill("Name or email address", "Beverley Edwards").await;
    staff.press_first("Beverley Edwards").await;
    staff.press("Allow contact Tyrese Edwards").await;
    staff.heading("Allow contact with Tyrese Edwards?").await;
    check_page(&staff, "the question before a relative is allowed").await;
    staff.press("Allow contact").await;
    staff.sees("Contact allowed").await;
    check_page(&staff, "a relative who is allowed").await;
    staff.open(&page(school, "staff/bars")).await;
    staff.heading("Barred contacts").await;
    check_page(&staff, "the bars").await;
    staff.open(&page(school, "staff/office")).await;
    staff.heading("How to reach the school").await;
    staff.fill("Phone", "ask at the gate").await;
    staff.press("Save").await;
    staff.sees("Enter a telephone number").await;
    check_page(&staff, "how to reach the school").await;
    staff.fill("Phone", "020 7946 0000 (answerphone outside term: 020 7946 0001)").await;
    staff
        .fill("Email address", "the.parents.evening.office@the-long-named-hillcrest-school.sch.uk")
        .await;
    staff
        .fill(
            "Office hours",
            &"Monday to Thursday, 8:00 to 16:00; Friday, 8:00 to 12:30. ".repeat(3),
        )
        .await;
    staff.press("Save").await;
    check_page(&staff, "how to reach the school with long values").await;
    staff.fill("Phone", "020 7946 0000").await;
    staff
        .fill(
            "Office hours",
            "Monday to Thursday, 8:00 to 16:00; Friday, 8:00 to 12:30, in term time only",
        )
        .await;
    staff.press("Save").await;
    staff.sees("Saved.").await;
    check_page(&staff, "how to reach the school, saved").await;
    api_clients_page(school, &staff).await;
    webhooks(school, &staff).await;
    staff
        .open(&page(
            school,
            &format!("evenings/{}?parent_id={}", school.people.evening.0, school.people.parent.0),
        ))
        .await;
    staff.heading("Bookings of Rachel Aaron").await;
    check_page(&staff, "a parent's bookings, for staff").await;
    staff.press("Manage Invites").await;
    staff.press("Invite another").await;
    staff.heading("Invite a parent or guardian").await;
    check_page(&staff, "the invite form, for staff").await;
    staff.key(Key::Escape).await;
    staff.press("Mrs Helen Okafor").await;
    check_page(&staff, "the menu of the account").await;
    staff.press("Log out everywhere").await;
    staff.heading("Log in").await;
    check_page(&staff, "after logging out everywhere").await;
    staff.close().await;
}

/// Visits the pages of API clients, from the empty list to a client's removal.
async fn api_clients_page(school: &School, staff: &Browser) {
    staff.open(&page(school, "staff")).await;
    staff.press("API clients").await;
    staff.sees("No API client yet.").await;
    check_page(staff, "no API clients").await;
    staff.press("Add an API client").await;
    staff.heading("Add an API client").await;
    staff.fill("Name", "Arbor").await;
    staff.fill("Requests a minute", "often").await;
    staff.press("Add an API client").await;
    staff.sees("Choose at least one.").await;
    staff.sees("Enter a number from 1 to 6000.").await;
    check_page(staff, "the form of an API client with an error").await;
    staff.tick("See evenings").await;
    staff.tick("See appointments").await;
    // Members of staff can only be brought in together with the roster.
    let ticked = async || {
        staff.run("return [...document.querySelectorAll('#program :checked')].length").await
    };
    staff.tick("Also make people staff").await;
    assert_eq!(ticked().await, 4);
    assert!(!staff.text().await.contains("Choose at least one."), "one is chosen");
    check_page(staff, "the form of an API client that brings in staff").await;
    staff.tick("Bring in people who are not staff").await;
    assert_eq!(ticked().await, 2);
    staff.fill("Requests a minute", "900").await;
    staff.press("Add an API client").await;
    staff.heading("Hand these over").await;
    staff.sees("Client ID").await;
    check_page(staff, "an API client's secret").await;
    staff.press("Done").await;
    staff.press("New secret Arbor").await;
    staff.heading("Make a new secret?").await;
    check_page(staff, "the question before a new secret").await;
    staff.press("New secret").await;
    staff.heading("Hand these over").await;
    staff.press("Done").await;
    staff.sees("Two secrets work").await;
    staff.sees("Up to 900 requests a minute").await;
    check_page(staff, "the API clients").await;
    staff.press("Revoke Arbor").await;
    staff.heading("Revoke Arbor?").await;
    staff.press("Revoke").await;
    staff.sees("No API client yet.").await;
}

/// Visits the pages of webhooks, from the empty list to the log with a pending test delivery.
async fn webhooks(school: &School, staff: &Browser) {
    staff.open(&page(school, "staff")).await;
    staff.press("Webhooks").await;
    staff.sees("No system is told anything yet.").await;
    check_page(staff, "no webhooks").await;
    staff.fill("Address", "https://mis.example.org/parlour").await;
    staff.tick("Appointments made").await;
    staff.press("Add").await;
    staff.sees("Copy it into the other system now").await;
    check_page(staff, "a webhook's secret").await;
    staff.open(&page(school, "staff/webhooks")).await;
    staff.sees("mis.example.org").await;
    check_page(staff, "the webhooks").await;
    staff.press_first("Send a test").await;
    staff.sees("The test is on its way.").await;
    staff.press_first("Log").await;
    staff.heading("What was sent").await;
    staff.sees("On its way").await;
    check_page(staff, "the log of a webhook").await;
}

/// Visits the pages that show stranded appointments after a class has left the roster.
async fn stranded(school: &School, width: u32) {
    school
        .staff()
        .await
        .put(
            "/roster/classes",
            json!({ "items": [{ "sourced_id": "9a-science", "remove": true }] }),
        )
        .await
        .is(200);
    assert!(
        school.mails().await.iter().any(|mail| mail.text.contains("Sophie Aaron")),
        "the office is told which appointments rest on it"
    );
    let teacher = enter(school, width, "teacher").await;
    teacher.open(&page(school, &format!("teacher/evenings/{}", school.people.evening.0))).await;
    teacher.sees("Not in the roster any more").await;
    check_page(&teacher, "a schedule with a class that is gone").await;
    teacher.close().await;
    let staff = enter(school, width, "staff").await;
    staff
        .open(&page(
            school,
            &format!("evenings/{}?parent_id={}", school.people.evening.0, school.people.parent.0),
        ))
        .await;
    staff.sees("The class is gone. Move or cancel it.").await;
    check_page(&staff, "an appointment whose class is gone, for staff").await;
    staff.press_first("Change").await;
    staff.heading("Change the time").await;
    staff.sees("Science").await;
    check_page(&staff, "moving an appointment whose class is gone").await;
    let office = school.staff().await;
    let anew = json!({
        "sourced_id": "t-new",
        "roles": ["teacher"],
        "given_name": "Robin",
        "family_name": "Novak",
    });
    office
        .put(
            "/roster/people",
            json!({ "items": [anew, { "sourced_id": "t-davies", "remove": true }] }),
        )
        .await
        .is(200);
    office
        .put(
            "/roster/enrolments",
            json!({
                "items": [{
                    "class_sourced_id": "9b-music",
                    "person_sourced_id": "t-new",
                    "role": "teacher",
                }]
            }),
        )
        .await
        .is(200);
    assert!(!school.mails().await.is_empty(), "the office is told");
    staff
        .open(&page(
            school,
            &format!("evenings/{}?parent_id={}", school.people.evening.0, school.people.parent.0),
        ))
        .await;
    staff.press("Change 16:05 Mr Geraint Davies").await;
    staff.sees("Keep 16:05, with Robin Novak").await;
    check_page(&staff, "an appointment whose teacher is replaced").await;
    staff.press("Keep 16:05, with Robin Novak").await;
    staff.sees("with Robin Novak is at 16:05 now").await;
    assert!(
        school.mail_to("rachel.aaron@example.org").await.text.contains("Robin Novak"),
        "the parent is told"
    );
    staff.close().await;
}

async fn all_pages(width: u32) {
    let school = school().await;
    // One bar, so that the list is not empty.
    let office = school.staff().await;
    let sophie =
        office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200).list("/students")
            [0]["student"]["id"]
            .clone();
    office
        .post("/bars", json!({ "student_id": sophie, "email": "barred@example.org", "note": "" }))
        .await
        .is(201);
    parents_pages(&school, width).await;
    guests_pages(&school, width).await;
    teachers_pages(&school, width).await;
    staffs_pages(&school, width).await;
    stranded(&school, width).await;
}

#[actix_web::test]
async fn axe_finds_no_violations_on_the_api_docs() {
    let school = school().await;
    let vendor = Browser::start(1280).await;
    vendor.open(&page(&school, "api/docs")).await;
    vendor.heading("Bookings").await;
    axe::assert_no_violations(&vendor, "the contract's page").await;
    vendor.close().await;
}

#[actix_web::test]
async fn axe_finds_no_violations_on_a_phone() {
    all_pages(375).await;
}

#[actix_web::test]
async fn axe_finds_no_violations_on_a_desktop() {
    all_pages(1280).await;
}
