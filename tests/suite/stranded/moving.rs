//! Tests of actions on stranded appointments: moving, changing teachers and cancelling, inviting
//! guests, and changing the evening.

use serde_json::{Value, json};

use super::{StrandedFixture, booking_of_subject, other_times, place, science};
use crate::harness::Roster;

#[tokio::test]
async fn staff_move_and_parent_cancels_a_stranded_booking() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let times = other_times(school, &parent).await;
    let booking = booking_of_subject(&fixture.read(&parent).await, "Science");
    let path = format!("/bookings/{}", booking["id"].as_str().unwrap());
    assert_eq!(fixture.stranded_reasons().await, [None, None, None]);
    fixture.remove_class("9a-science").await;
    assert!(fixture.office_mail().await.is_some());
    assert_eq!(fixture.stranded_reasons().await, science("class_gone"));
    assert_eq!(fixture.office.get(&path).await.is(200).text_at("/stranded"), "class_gone");
    assert!(parent.get(&path).await.is(200).body["stranded"].is_null());
    let grid = parent.get(&school.evening("/slots")).await.is(200).text;
    assert!(
        !grid.contains(booking["class_id"].as_str().unwrap()),
        "the class is not in the parent's grid: {grid}"
    );

    let as_staff = fixture
        .office
        .get(&school.evening(&format!("/slots?parent_id={}", school.people.parent.0)))
        .await
        .is(200);
    let of_class: Vec<Value> = as_staff
        .list("/students")
        .iter()
        .flat_map(|one| one["classes"].as_array().unwrap().clone())
        .collect();
    assert!(
        of_class.iter().any(|class| class["booking_id"] == booking["id"]),
        "staff choose its new time from the grid"
    );
    let refused =
        fixture.move_to(&parent, &booking, &times[0]).await.refuses(422, "class_not_offered");
    assert!(refused.text_at("/detail").contains("the school can move it"), "{}", refused.text);
    let moved = fixture.move_to(&fixture.office, &booking, &times[0]).await.is(200);
    assert_eq!(
        (&moved.body["teachers"], moved.text_at("/stranded")),
        (&booking["teachers"], "class_gone".to_owned())
    );
    let busy = booking_of_subject(&fixture.read(&parent).await, "Music");
    fixture
        .move_to(&fixture.office, &booking, busy["starts_at"].as_str().unwrap())
        .await
        .refuses(409, "person_busy");
    assert_eq!(school.mail_to("rachel.aaron@example.org").await.to, "rachel.aaron@example.org");
    // The class is back, and no appointment is stranded.
    Roster::demo().import(school).await;
    assert_eq!(fixture.stranded_reasons().await, [None, None, None]);
    fixture.move_to(&parent, &booking, &times[1]).await.is(200);
    fixture.remove_class("9a-science").await;
    parent.delete(&path).await.is(204);
    assert!(!fixture.read(&fixture.office).await.text.contains("class_gone"));
    school.ignore_mail("mail.rs tests the mails about a move and a cancellation");
}

#[tokio::test]
async fn one_moves_to_a_replaced_teacher_and_stays_without_one() {
    let fixture = StrandedFixture::start().await;
    let parent = fixture.school.parent().await;
    let times = other_times(&fixture.school, &parent).await;
    let booking = booking_of_subject(&fixture.read(&parent).await, "Science");
    fixture.push("people", json!({ "sourced_id": "t-abell", "remove": true })).await;
    fixture.move_to(&fixture.office, &booking, &times[0]).await.refuses(422, "class_not_offered");
    fixture.push("enrolments", place("9a-science", "t-price", "teacher", false)).await;
    assert_eq!(fixture.stranded_reasons().await, science("teacher_left_class"));
    let mut moved = None;
    for time in &times {
        let answer = fixture.move_to(&fixture.office, &booking, time).await;
        if answer.status == 200 {
            moved = Some(answer);
            break;
        }
        assert_eq!(answer.code(), "slot_taken", "the new teacher has appointments of their own");
    }
    let moved = moved.expect("one of the times is free");
    assert!(
        moved.body["stranded"].is_null() && moved.body["teachers"] != booking["teachers"],
        "{}",
        moved.text
    );
    fixture.school.ignore_mail("another test reads the mail to staff");
}

#[tokio::test]
async fn staff_reassign_a_stranded_booking_at_the_same_time() {
    let fixture = StrandedFixture::start().await;
    let parent = fixture.school.parent().await;
    let booking = booking_of_subject(&fixture.read(&parent).await, "Science");
    let time = booking["starts_at"].as_str().unwrap().to_owned();
    fixture
        .push(
            "people",
            json!({
                "sourced_id": "t-new",
                "roles": ["teacher"],
                "honorific": "Mx",
                "given_name": "Robin",
                "family_name": "Novak",
            }),
        )
        .await;
    fixture.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    fixture.push("enrolments", place("9a-science", "t-new", "teacher", false)).await;
    let mails = fixture.school.mails().await;
    assert!(!mails.is_empty(), "staff are told");
    let unmoved = fixture.move_to(&parent, &booking, &time).await.is(200);
    assert_eq!(
        (&unmoved.body["teachers"], &unmoved.body["sequence"]),
        (&booking["teachers"], &booking["sequence"]),
        "the parent's request changes nothing"
    );
    let given = fixture.move_to(&fixture.office, &booking, &time).await.is(200);
    assert_eq!(
        (given.text_at("/teachers/0/name"), given.text_at("/starts_at")),
        ("Mx Robin Novak".to_owned(), time.clone())
    );
    assert!(
        given.body["stranded"].is_null()
            && given.body["sequence"].as_i64() > booking["sequence"].as_i64(),
        "{}",
        given.text
    );
    assert!(fixture.school.mail_to("rachel.aaron@example.org").await.text.contains("Robin Novak"));
    let again = fixture.move_to(&fixture.office, &booking, &time).await.is(200);
    assert_eq!(again.body["sequence"], given.body["sequence"], "once");
    fixture.school.ignore_mail("mail.rs tests the guest's mail about a change");
}

#[tokio::test]
async fn started_booking_is_not_reassigned() {
    let fixture = StrandedFixture::start().await;
    let booking =
        booking_of_subject(&fixture.read(&fixture.school.parent().await).await, "Science");
    let time = booking["starts_at"].as_str().unwrap().to_owned();
    fixture
        .push(
            "people",
            json!({
                "sourced_id": "t-new",
                "roles": ["teacher"],
                "honorific": "Mx",
                "given_name": "Robin",
                "family_name": "Novak",
            }),
        )
        .await;
    fixture.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    fixture.push("enrolments", place("9a-science", "t-new", "teacher", false)).await;
    fixture.school.clock.set("2026-11-26T16:01:00Z".parse().unwrap());
    fixture.move_to(&fixture.office, &booking, &time).await.refuses(409, "booking_began");
    let seen = booking_of_subject(&fixture.read(&fixture.office).await, "Science");
    assert_eq!(
        (&seen["teachers"], &seen["sequence"]),
        (&booking["teachers"], &booking["sequence"])
    );
    fixture.school.ignore_mail("another test reads the mail to staff");
}

#[tokio::test]
async fn evening_with_removed_class_can_be_changed() {
    let fixture = StrandedFixture::start().await;
    let (office, path) = (&fixture.office, fixture.school.evening(""));
    let classes = async || {
        let answer = office.get(&format!("{path}/settings")).await.is(200);
        answer
            .list("/classes")
            .iter()
            .map(|class| class["sourced_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = classes().await;
    let others: Vec<String> =
        before.iter().filter(|class| *class != "9a-science").cloned().collect();
    office
        .patch(&path, json!({ "classes": [{ "ids": others }] }))
        .await
        .refuses(409, "bookings_rest_on_it");
    fixture.remove_class("9a-science").await;
    assert_eq!(classes().await, others);
    office.patch(&path, json!({ "title": "Year 9 in November" })).await.is(200);
    office.patch(&path, json!({ "classes": [{ "ids": others }] })).await.is(200);
    assert_eq!(classes().await, others);
    // The appointments of the class keep their slots, and other classes can't be removed either.
    office.patch(&path, json!({ "slot_minutes": 7 })).await.refuses(409, "bookings_rest_on_it");
    office
        .patch(&path, json!({ "classes": [{ "ids": [others[0]] }] }))
        .await
        .refuses(409, "bookings_rest_on_it");
    Roster::demo().import(&fixture.school).await;
    assert_eq!(classes().await, before, "the class is back in the evening");
    // Choosing a class without a teacher has no effect, and its appointments stay.
    fixture.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    office.patch(&path, json!({ "classes": [{ "ids": before }] })).await.is(200);
    assert_eq!(classes().await, before);
    fixture.school.ignore_mail("another test reads the mail to staff");
}

#[tokio::test]
async fn guest_can_be_invited_to_a_stranded_booking() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let path = school.evening("/invites");
    let students = async || parent.get(&path).await.is(200).list("/students");
    let before = students().await;
    let settings = fixture.office.get(&format!("{}/settings", school.evening(""))).await.is(200);
    for class in settings.list("/classes") {
        fixture.remove_class(class["sourced_id"].as_str().unwrap()).await;
    }
    assert_eq!(students().await, before, "students with appointments can still be chosen");
    let free = before.iter().find(|one| one["invited"] == false).unwrap();
    let invite = json!({
        "name": "Sam Aaron",
        "email": "sam.aaron@example.org",
        "consent": true,
        "student_ids": [free["student"]["id"]],
    });
    parent.post(&path, invite).await.is(201);
    school.ignore_mail("other tests read the mails to staff and guests");
}
