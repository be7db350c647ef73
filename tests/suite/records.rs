//! Tests of appointments with a teacher's record: they are not moved, and staff make another one of
//! the same class.

use serde_json::{Value, json};

use crate::{
    exports,
    harness::{Actor, School, TestResponse},
};

/// Rachel Aaron's appointments as the office sees them.
async fn bookings(school: &School, office: &Actor) -> Vec<Value> {
    let path = format!("{}?parent_id={}", school.evening("/bookings"), school.people.parent.0);
    office
        .get(&path)
        .await
        .is(200)
        .list("/rows")
        .into_iter()
        .filter(|row| row["kind"] == "booking")
        .collect()
}

/// Rachel Aaron's Science appointment at 16:00.
async fn science(school: &School, office: &Actor) -> Value {
    bookings(school, office)
        .await
        .into_iter()
        .find(|one| one["subject"] == "Science")
        .expect("Rachel has booked science")
}

/// A later time at which the office could book the class of this appointment.
async fn later(school: &School, office: &Actor, booking: &Value) -> String {
    let path = format!("{}?parent_id={}", school.evening("/slots"), school.people.parent.0);
    let grid = office.get(&path).await.is(200);
    let times = grid.list("/times");
    let of_student = grid
        .list("/students")
        .into_iter()
        .find(|one| one["student"]["id"] == booking["student"]["id"])
        .expect("the student is in the grid");
    let classes = of_student["classes"].as_array().expect("a list").clone();
    let class = classes
        .iter()
        .find(|one| one["class_id"] == booking["class_id"])
        .expect("the class is in the grid");
    let states = class["states"].as_array().expect("a list");
    let free =
        times.iter().zip(states).rev().find(|(_, state)| **state == "free").expect("a free time");
    free.0.as_str().expect("a time").to_owned()
}

fn path_of(booking: &Value) -> String {
    format!("/bookings/{}", booking["id"].as_str().expect("an id"))
}

async fn record(teacher: &Actor, booking: &Value, no_show: bool, note: &str) {
    teacher
        .put(&format!("{}/record", path_of(booking)), json!({ "no_show": no_show, "note": note }))
        .await
        .is(200);
}

/// Makes another appointment of the same student and class, as the office.
async fn repeat(school: &School, office: &Actor, booking: &Value, at: &str) -> TestResponse {
    let wanted = json!({
        "student_id": booking["student"]["id"],
        "class_id": booking["class_id"],
        "starts_at": at,
    });
    office
        .post(
            &format!("{}?parent_id={}", school.evening("/bookings"), school.people.parent.0),
            json!({ "bookings": [wanted] }),
        )
        .await
}

/// Advances the clock past the first appointment.
fn begin(school: &School) {
    school.clock.set("2026-11-26T16:06:00Z".parse().expect("a time"));
}

#[tokio::test]
async fn started_or_recorded_appointment_cannot_be_moved() {
    let school = School::start().await;
    let (office, parent, teacher) =
        (school.staff().await, school.parent().await, school.teacher().await);
    let booking = science(&school, &office).await;
    let (path, at) = (path_of(&booking), later(&school, &office, &booking).await);
    let wanted = json!({ "starts_at": at });

    // A note that was cleared again is no record.
    record(&teacher, &booking, false, "ask about the trip").await;
    for actor in [&office, &parent] {
        let refused = actor.patch(&path, wanted.clone()).await.refuses(409, "booking_began");
        assert!(
            refused.text_at("/detail").contains("another one of the same class"),
            "{}",
            refused.text
        );
    }
    record(&teacher, &booking, false, "").await;
    record(&teacher, &booking, true, "").await;
    office.patch(&path, wanted.clone()).await.refuses(409, "booking_began");
    record(&teacher, &booking, false, "").await;
    parent.patch(&path, wanted.clone()).await.is(200);
    office.patch(&path, json!({ "starts_at": booking["starts_at"] })).await.is(200);

    begin(&school);
    office.patch(&path, wanted).await.refuses(409, "booking_began");
    let same = office.patch(&path, json!({ "starts_at": booking["starts_at"] })).await.is(200);
    assert_eq!(same.body["starts_at"], booking["starts_at"], "the time that it has is no move");
    school.ignore_mail("mail.rs tests the mail about a move");
}

#[tokio::test]
async fn office_books_a_second_appointment_and_the_first_is_kept() {
    let school = School::start().await;
    let (office, parent, teacher) =
        (school.staff().await, school.parent().await, school.teacher().await);
    let first = science(&school, &office).await;
    let at = later(&school, &office, &first).await;
    repeat(&school, &office, &first, &at).await.refuses(409, "already_booked");
    begin(&school);
    record(&teacher, &first, true, "nobody came").await;
    let second = repeat(&school, &office, &first, &at).await.is(201).list("/items").remove(0);
    assert!(
        school.mails().await.iter().any(|mail| mail.to == "rachel.aaron@example.org"),
        "the parent is told"
    );

    // The teacher sees both appointments, each with a record of its own.
    let appointments =
        teacher.get(&school.evening("/schedule")).await.is(200).list("/appointments");
    let record_of = |booking: &Value| {
        appointments
            .iter()
            .find(|one| one["booking_id"] == booking["id"])
            .map(|one| (one["no_show"].clone(), one["note"].clone()))
    };
    assert_eq!(record_of(&first), Some((json!(true), json!("nobody came"))));
    assert_eq!(record_of(&second), Some((json!(false), json!(""))));
    let token = exports::api_client_token(&school, &["attendance:read"]).await;
    let attended = async |booking: &Value| {
        let path = format!("/attendance?id={}", booking["id"].as_str().expect("an id"));
        exports::get(&school.nobody(), &path, &token).await.is(200).list("/items")
    };
    let of_first = attended(&first).await.pop().expect("the first appointment has attendance");
    assert_eq!((&of_first["no_show"], &of_first["starts_at"]), (&json!(true), &first["starts_at"]));
    assert!(attended(&second).await.is_empty(), "the second is to come");

    // The parent sees both. The class can't be booked a third time, and the second appointment can
    // be moved.
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(
        [&first, &second].iter().all(|one| mine.text.contains(one["id"].as_str().expect("an id"))),
        "{}",
        mine.text
    );
    let other = later(&school, &office, &second).await;
    repeat(&school, &office, &first, &other).await.refuses(409, "already_booked");
    office.patch(&path_of(&second), json!({ "starts_at": other })).await.is(200);
    office.patch(&path_of(&first), json!({ "starts_at": at })).await.refuses(409, "booking_began");
    // Cancelling the second appointment makes room for another one.
    office.delete(&path_of(&second)).await.is(204);
    repeat(&school, &office, &first, &at).await.is(201);
    assert_eq!(
        bookings(&school, &office).await.iter().filter(|one| one["subject"] == "Science").count(),
        2
    );
    school.ignore_mail("mail.rs tests the mails about a move and a cancellation");
}

#[tokio::test]
async fn parent_cannot_book_a_second_appointment() {
    let school = School::start().await;
    let (office, parent, teacher) =
        (school.staff().await, school.parent().await, school.teacher().await);
    let first = science(&school, &office).await;
    let at = later(&school, &office, &first).await;
    record(&teacher, &first, false, "a note").await;
    let wanted = json!({
        "student_id": first["student"]["id"],
        "class_id": first["class_id"],
        "starts_at": at,
    });
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [wanted] }))
        .await
        .refuses(409, "already_booked");
}

#[tokio::test]
async fn concurrent_second_appointments_make_one() {
    let school = School::start().await;
    let office = school.staff().await;
    let first = science(&school, &office).await;
    let at = later(&school, &office, &first).await;
    begin(&school);
    let (one, other) =
        tokio::join!(repeat(&school, &office, &first, &at), repeat(&school, &office, &first, &at));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
    school.ignore_mail("mail.rs tests the mail about a booking");
}
