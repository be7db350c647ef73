//! Tests of booking: all or nothing, each rule by its code, and the race for one slot.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Actor, BookableClass, School, bookable_classes};

const RACHEL: &str = "rachel.aaron@example.org";

/// Checks that Rachel has got exactly one mail since the last check, with this subject.
async fn check_mailed(school: &School, subject: &str) {
    let mail = school.mail_to(RACHEL).await;
    assert!(mail.subject.starts_with(subject), "{}", mail.subject);
}

async fn book(school: &School, parent: &Actor, bookings: &[Value]) -> crate::harness::TestResponse {
    parent.post(&school.evening("/bookings"), json!({ "bookings": bookings })).await
}

/// Two classes that Rachel Aaron can book, with a free time for each; the times differ.
async fn two(school: &School, parent: &Actor) -> (BookableClass, String, BookableClass, String) {
    let mut found = bookable_classes(school, parent)
        .await
        .into_iter()
        .filter(|bookable| bookable.free.len() > 2);
    let (one, other) = (found.next().unwrap(), found.next().unwrap());
    let first = one.free[0].clone();
    let second = other.free.iter().find(|time| **time != first).unwrap().clone();
    (one, first, other, second)
}

#[tokio::test]
async fn new_bookings_appear_in_my_bookings() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, other, second) = two(&school, &parent).await;
    let history =
        async || parent.get(&school.evening("/history")).await.is(200).list("/items").len();
    let before = history().await;
    let made = book(&school, &parent, &[one.at(&first), other.at(&second)]).await.is(201);
    assert_eq!(made.list("/items").len(), 2);
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    let rows = mine.list("/rows").into_iter().filter(|row| row["kind"] == "booking").count();
    assert_eq!(rows, 5, "{}", mine.text);
    parent.get(&format!("/bookings/{}", made.text_at("/items/0/id"))).await.is(200);
    parent.get(&school.evening("/calendar")).await.is(200);
    assert_eq!(history().await, before + 2);
    check_mailed(&school, "Your appointments: Year 9 Parents’ Evening").await;
}

#[tokio::test]
async fn taken_slot_rejects_the_whole_request() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, other, _) = two(&school, &parent).await;
    let taken =
        other.times.iter().find(|time| !other.free.contains(time) && **time != first).unwrap();
    let refused = book(&school, &parent, &[one.at(&first), other.at(taken)]).await.is(409);
    let lost = refused.list("/lost");
    assert_eq!(lost.len(), 1, "{}", refused.text);
    assert_eq!(lost[0]["class_id"], other.class.as_str());
    let still = bookable_classes(&school, &parent).await;
    assert!(
        still.iter().any(|bookable| bookable.class == one.class && bookable.student == one.student),
        "the other class must not be booked"
    );
}

#[tokio::test]
async fn booking_rules_have_error_codes() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, other, _) = two(&school, &parent).await;
    let both = other.free.iter().find(|time| one.free.contains(time)).unwrap();
    book(&school, &parent, &[one.at(both), other.at(both)]).await.refuses(409, "person_busy");
    book(&school, &parent, &[]).await.refuses(422, "nothing_chosen");
    book(&school, &parent, &[one.at("2026-11-26T16:02:00Z")]).await.refuses(422, "not_a_slot");
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    let again = json!({
        "student_id": mine.text_at("/rows/0/student/id"),
        "class_id": mine.text_at("/rows/0/class_id"),
        "starts_at": first,
    });
    book(&school, &parent, &[again]).await.refuses(409, "already_booked");
    let mut foreign = one.at(&first);
    foreign["class_id"] = json!(school.people.parent.0);
    book(&school, &parent, &[foreign]).await.refuses(422, "class_not_offered");
    let teacher = school.teacher().await;
    teacher
        .post(&school.evening("/bookings"), json!({ "bookings": [one.at(&first)] }))
        .await
        .refuses(403, "wrong_role");
}

#[tokio::test]
async fn booking_window_closes() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, _, _) = two(&school, &parent).await;
    school.clock.set("2026-11-26T15:00:00Z".parse().unwrap());
    book(&school, &parent, &[one.at(&first)]).await.refuses(409, "booking_closed");
    school
        .staff()
        .await
        .get(&format!("{}?parent_id={}", school.evening("/bookings"), school.people.parent.0))
        .await
        .is(200);
    school.clock.set("2026-11-26T19:00:00Z".parse().unwrap());
    book(&school, &parent, &[one.at(&first)]).await.refuses(409, "evening_over");
}

#[tokio::test]
async fn booking_can_be_moved_and_cancelled() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, other, second) = two(&school, &parent).await;
    let made = book(&school, &parent, &[one.at(&first), other.at(&second)]).await.is(201);
    check_mailed(&school, "Your appointments: ").await;
    let path = format!("/bookings/{}", made.text_at("/items/0/id"));
    let now = bookable_classes(&school, &parent).await;
    assert!(
        now.iter().all(|bookable| bookable.class != one.class || bookable.student != one.student)
    );
    let later = one.free.iter().find(|time| **time != first && **time != second).unwrap();
    let moved = parent.patch(&path, json!({ "starts_at": later })).await.is(200);
    assert_eq!(
        (moved.text_at("/starts_at"), moved.body["sequence"].as_u64()),
        (later.clone(), Some(1))
    );
    check_mailed(&school, "Changed: ").await;
    parent
        .patch(&path, json!({ "starts_at": "2026-11-26T16:02:00Z" }))
        .await
        .refuses(422, "not_a_slot");
    parent.patch(&path, json!({ "starts_at": second })).await.is(409);
    parent.delete(&path).await.is(204);
    check_mailed(&school, "Cancelled: ").await;
    parent.patch(&path, json!({ "starts_at": first })).await.refuses(409, "booking_cancelled");
    // The cancelled slot and class can be booked again.
    book(&school, &parent, &[one.at(later)]).await.is(201);
    check_mailed(&school, "Your appointments: ").await;
}

#[tokio::test]
async fn booking_with_idempotency_key_is_made_once() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, other, second) = two(&school, &parent).await;
    let path = school.evening("/bookings");
    let body = json!({ "bookings": [one.at(&first)] });
    let made = parent.post_with_idempotency_key(&path, "k1", body.clone()).await.is(201);
    let again = parent.post_with_idempotency_key(&path, "k1", body.clone()).await.is(201);
    assert_eq!(made.body, again.body);
    parent
        .post_with_idempotency_key(&path, "k1", json!({ "bookings": [other.at(&second)] }))
        .await
        .refuses(409, "idempotency_key_reused");
    parent
        .post_with_idempotency_key(&path, "k2", body.clone())
        .await
        .refuses(409, "already_booked");
    // The key of a refused request can be used again.
    parent
        .post_with_idempotency_key(&path, "k2", json!({ "bookings": [other.at(&second)] }))
        .await
        .is(201);
    school.advance_clock(TimeDelta::hours(25));
    parent.post_with_idempotency_key(&path, "k1", body).await.refuses(409, "already_booked");
    let [mail] = &school.mails().await[..] else { panic!("exactly one mail is due") };
    assert_eq!(
        mail.calendar.len(),
        5,
        "one message for each of three old and two new appointments"
    );
}

#[tokio::test]
async fn bookings_outside_the_window_are_refused() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (one, first, ..) = two(&school, &parent).await;
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    let booking = format!("/bookings/{}", mine.text_at("/rows/0/id"));
    for (time, code) in [
        ("2026-11-01T09:00:00Z", "booking_not_open"),
        ("2026-11-26T15:30:00Z", "booking_closed"),
        ("2026-11-26T21:00:00Z", "evening_over"),
    ] {
        school.clock.set(time.parse().unwrap());
        // The session has expired in the meantime, so log in again.
        let parent = school.parent().await;
        book(&school, &parent, &[one.at(&first)]).await.refuses(409, code);
        parent.patch(&booking, json!({ "starts_at": first })).await.refuses(409, code);
        parent.delete(&booking).await.refuses(409, code);
    }
}

#[tokio::test]
async fn fifty_concurrent_parents_book_one_slot_once() {
    let school = School::start().await;
    // Remove the demo's bookings, so that every slot is free.
    school.execute("delete from claims").await;
    school.execute("update bookings set cancelled_at = created_at").await;
    let mut runners = Vec::new();
    let mut by_teacher: std::collections::BTreeMap<String, Vec<(Actor, Value)>> =
        std::collections::BTreeMap::new();
    for row in school.other_parents().await {
        let actor = school.as_parent(&row).await;
        let grid = actor.get(&school.evening("/slots")).await;
        if grid.status != 200 {
            continue;
        }
        let mut seen = Vec::new();
        for student in grid.list("/students") {
            for class in student["classes"].as_array().unwrap() {
                let (teachers, teacher) = (
                    class["teachers"].as_array().unwrap(),
                    class["teachers"][0]["id"].as_str().unwrap().to_owned(),
                );
                if teachers.len() == 1 && !seen.contains(&teacher) {
                    let bookable = json!({
                        "student_id": student["student"]["id"],
                        "class_id": class["class_id"],
                        "starts_at": grid.body["times"][3],
                    });
                    by_teacher.entry(teacher.clone()).or_default().push((actor.clone(), bookable));
                    seen.push(teacher);
                }
            }
        }
    }
    let most = by_teacher.into_values().max_by_key(Vec::len).unwrap();
    runners.extend(most.into_iter().take(50));
    assert_eq!(runners.len(), 50, "the demo has a teacher whom fifty parents may see");
    let answers = join_all(
        runners
            .iter()
            .map(|(actor, bookable)| book(&school, actor, std::slice::from_ref(bookable))),
    )
    .await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers
        .iter()
        .filter(|answer| answer.status == 409 && answer.code() == "slot_taken")
        .count();
    assert_eq!(
        (won, lost),
        (1, 49),
        "{:?}",
        answers.iter().map(|answer| answer.text.clone()).collect::<Vec<_>>()
    );
    assert_eq!(school.mails().await.len(), 1, "only the parent who got the slot is mailed");
}
