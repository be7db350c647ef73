//! Losing access (rule 13) through a bar that staff set by hand, and what a playground alone may do.

use serde_json::{Value, json};

use crate::harness::{Actor, Database, School, Server, token_of, wishes};

const RACHEL: &str = "rachel.aaron@example.org";
const OFFICE: &str = "helen.okafor@example.org";
const TOLD: &str = "Your access to this appointment has ended. Please contact the school.";

/// The id of Sophie Aaron.
async fn sophie(school: &School, office: &Actor) -> Value {
    let parent = office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200);
    let students = parent.list("/students");
    students.into_iter().map(|linked| linked["student"].clone()).find(|student| student["name"] == "Sophie Aaron").unwrap()["id"].clone()
}

#[tokio::test]
async fn a_barred_parent_loses_all_that_rests_on_the_student() {
    let school = School::start().await;
    let (office, parent, guest) = (school.staff().await, school.parent().await, school.guest().await);
    let sophie = sophie(&school, &office).await;
    let link = json!({ "token": token_of(school.demo_mail_to(RACHEL)) });
    school.nobody().post("/login_links/preview", link.clone()).await.is(200);
    let bar = office.post("/bars", json!({ "student_id": sophie, "person_id": school.people.parent.0, "note": "court" })).await.is(201);

    // Logged out at once, and told in the one text; the guest too.
    assert_eq!(parent.get("/me").await.refuses(410, "access_ended").text_at("/detail"), TOLD);
    assert_eq!(guest.get("/guest/appointments").await.refuses(410, "access_ended").text_at("/detail"), TOLD);
    let mails = school.mails().await;
    assert!(mails.iter().all(|mail| mail.to != RACHEL), "no mail goes to a barred contact");
    assert!(mails.iter().any(|mail| mail.to == OFFICE), "staff are told");
    // The login link of the mails that she has is dead.
    school.nobody().post("/login_links/preview", link.clone()).await.refuses(410, "link_dead");
    school.nobody().post("/sessions", link.clone()).await.refuses(410, "link_dead");

    // Who logs in again sees the other children alone; the invite is gone.
    let parent = school.parent().await;
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(!mine.text.contains("Sophie") && mine.text.contains("Liz Aaron"), "{}", mine.text);
    assert!(wishes(&school, &parent).await.iter().all(|wish| wish.student != sophie.as_str().unwrap()));
    assert_eq!(parent.get(&school.evening("/invites")).await.is(200).list("/items").len(), 0);

    // Lifted, Sophie is back; what was cancelled stays so and is free again.
    office.delete(&format!("/bars/{}", bar.text_at("/id"))).await.is(204);
    let open = wishes(&school, &parent).await.into_iter().filter(|wish| wish.student == sophie.as_str().unwrap()).collect::<Vec<_>>();
    assert!(open.iter().any(|wish| wish.free.iter().any(|time| time.contains("T16:00"))), "{open:?}");

    // The next confirmation brings a link of its own.
    let wish = open.iter().find(|wish| !wish.free.is_empty()).unwrap();
    parent.post(&school.evening("/bookings"), json!({ "bookings": [wish.at(&wish.free[0])] })).await.is(201);
    let newer = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    assert_ne!(newer, link);
    school.nobody().post("/login_links/preview", newer).await.is(200);
}

#[tokio::test]
async fn a_barred_address_ends_its_invite() {
    let school = School::start().await;
    let (office, parent, guest) = (school.staff().await, school.parent().await, school.guest().await);
    let sophie = sophie(&school, &office).await;
    // Case and tags make no difference.
    office.post("/bars", json!({ "student_id": sophie, "email": "Jordan.Aaron+x@Example.org", "note": "" })).await.is(201);
    assert_eq!(guest.get("/guest/appointments").await.refuses(410, "access_ended").text_at("/detail"), TOLD);
    assert!(school.mails().await.iter().all(|mail| mail.to != "jordan.aaron@example.org"), "no mail goes to a barred contact");
    // The parent's own bookings stay.
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(mine.text.contains("Sophie Aaron"), "{}", mine.text);
    let again = json!({ "name": "Jordan", "email": "jordan.aaron@example.org", "student_ids": [sophie], "consent": true });
    parent.post(&school.evening("/invites"), again).await.refuses(403, "ask_the_school");
    school.mail_to(OFFICE).await;
}

#[tokio::test]
async fn only_a_playground_has_one_click_logins_a_mailbox_and_movable_time() {
    let settings = [
        ("PARLOUR_MODE", "production"),
        ("PARLOUR_SCHOOL_PATHS", "allow"),
        ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
        ("PARLOUR_SMTP_URL", "smtp://127.0.0.1:9"),
        ("PARLOUR_PUBLIC_URL", "https://evening.example.org"),
        ("PARLOUR_MAIL_FROM", "school@example.org"),
    ];
    let server = Server::start(Database::filled(), &settings).await;
    let nobody = Actor::new(&server.origin);
    nobody.get("/school").await.is(200);
    nobody.get("/dev/mails").await.refuses(404, "not_found");
    let path = format!("{}/s/hillcrest/", server.origin);
    let client = reqwest::Client::new();
    for (operation, body) in [("logins", json!({ "as": "parent" })), ("clock", json!({}))] {
        let post = client.post(format!("{path}api/v1/dev/{operation}")).header("origin", "https://evening.example.org").json(&body);
        assert_eq!(post.send().await.unwrap().status(), 404, "{operation}");
    }
    assert_eq!(client.get(format!("{path}dev/login/parent")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_repeated_bar_is_one_bar() {
    let school = School::start().await;
    let office = school.staff().await;
    let student = office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200).list("/students")[0]["student"]["id"].clone();
    let bar = json!({ "student_id": student, "email": "barred@example.org", "note": "" });
    let first = office.post_once("/bars", "one", bar.clone()).await.is(201);
    assert_eq!(office.post_once("/bars", "one", bar).await.is(201).body, first.body);
    assert_eq!(office.get("/bars").await.is(200).list("/items").len(), 1);
    office.post_once("/bars", "one", json!({ "student_id": student, "email": "other@example.org" })).await.refuses(409, "idempotency_key_reused");
}
