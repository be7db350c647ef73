//! Tests of bookings and moves beside an import: each is either refused or reported as stranded.

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::people,
    store::{
        Db,
        bookings::{self, OnBehalfOf},
        evenings,
        events::Actor as Acts,
        locks::{LockRank, lock_row},
        people::PersonRow,
        sql_types::Key,
    },
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{OFFICE, StrandedFixture, booking_of_subject, other_times, place};
use crate::harness::{Actor, BookableClass, School, TestResponse, bookable_classes};

/// The French class that Rachel could book.
async fn french(school: &School, parent: &Actor) -> BookableClass {
    let grid = parent.get(&school.evening("/slots")).await.is(200);
    let classes: Vec<Value> = grid
        .list("/students")
        .iter()
        .flat_map(|one| one["classes"].as_array().unwrap().clone())
        .collect();
    let french = classes.iter().find(|class| class["subject"] == "French").unwrap()["class_id"]
        .as_str()
        .unwrap()
        .to_owned();
    bookable_classes(school, parent)
        .await
        .into_iter()
        .find(|bookable| bookable.class == french && !bookable.free.is_empty())
        .unwrap()
}

#[tokio::test]
async fn a_booking_that_waits_for_a_push_is_refused() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let bookable = french(school, &parent).await;
    // With one French appointment the push has something to report. It waits before the report,
    // because the row of its actor is locked.
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let other = french_of_another_child(school, &parent, &bookable).await;
    let staff = school.people.staff;
    let blocker = school.paused_transaction(move |db, pause_point| {
        if let Db::Pg(conn) = db {
            people::table
                .find(Key::from(staff))
                .select(people::id)
                .for_update()
                .first::<Key>(conn)?;
        }
        pause_point.pause();
        Ok(())
    });
    let blocker = blocker.await;
    let push = remove_class(&fixture, "9-french");
    school.until_waiting(&["events"], 1).await;
    let (booker, path) = (parent.clone(), school.evening("/bookings"));
    let booking =
        tokio::spawn(async move { booker.post(&path, json!({ "bookings": [other] })).await });
    school.until_waiting(&["events", "evenings"], 2).await;
    blocker.resume().await;
    push.await.unwrap();
    let answer = booking.await.unwrap();
    let letters: Vec<String> = school
        .mails()
        .await
        .into_iter()
        .filter(|mail| mail.to == OFFICE)
        .map(|mail| mail.text)
        .collect();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    answer.refuses(422, "class_not_offered");
    // Every stranded appointment was reported.
    let standing =
        fixture.office.get("/bookings?stranded=true&limit=100").await.is(200).list("/items").len();
    assert!(letter.contains(&format!("what {standing} appointment")), "{standing} in {letter}");
}

/// A booking of the same class at another time, for Rachel's other child in it.
async fn french_of_another_child(school: &School, parent: &Actor, first: &BookableClass) -> Value {
    let other = bookable_classes(school, parent)
        .await
        .into_iter()
        .find(|bookable| bookable.class == first.class && bookable.student != first.student)
        .unwrap();
    other.at(other.free.last().unwrap())
}

/// Pushes the removal of a class beside the test.
fn remove_class(fixture: &StrandedFixture, sourced_id: &str) -> JoinHandle<TestResponse> {
    let office = fixture.office.clone();
    let rows = json!({ "items": [{ "sourced_id": sourced_id, "remove": true }] });
    tokio::spawn(async move { office.put("/roster/classes", rows).await.is(200) })
}

#[tokio::test]
async fn push_waits_for_an_uncommitted_booking_and_reports_it() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let bookable = french(school, &parent).await;
    let booking = school.paused_booking(&bookable).await;
    let push = remove_class(&fixture, "9-french");
    school.until_waiting(&["evenings"], 1).await;
    booking.resume().await;
    assert_eq!(push.await.unwrap().text_at("/items/0/outcome"), "removed");
    let mails = school.mails().await;
    let letter = mails.iter().find(|mail| mail.to == OFFICE).expect("a mail to the office");
    assert!(letter.text.contains("French (the class is gone)"), "{}", letter.text);
    // A later booking is refused.
    let later = json!({ "bookings": [bookable.at(&bookable.free[1])] });
    parent.post(&school.evening("/bookings"), later).await.refuses(422, "class_not_offered");
    let rachel: PersonRow = school
        .read(|db| {
            Ok(people::table
                .filter(people::sourced_id.eq("p-rachel-aaron"))
                .select(PersonRow::as_select())
                .first(db)?)
        })
        .await;
    let as_staff = format!("{}?parent_id={}", school.evening("/bookings"), rachel.id().0);
    assert_eq!(
        booking_of_subject(&fixture.office.get(&as_staff).await.is(200), "French")["stranded"],
        "class_gone"
    );
}

#[tokio::test]
async fn booking_moved_during_a_push_is_reported_again() {
    let fixture = StrandedFixture::start().await;
    let (school, parent) = (&fixture.school, fixture.school.parent().await);
    let booking = booking_of_subject(&fixture.read(&parent).await, "Science");
    let times = other_times(school, &parent).await;
    fixture.push("enrolments", place("9a-science", "t-abell", "teacher", true)).await;
    assert!(
        fixture
            .office_mail()
            .await
            .expect("a mail to the office")
            .contains("a teacher left the class")
    );
    school.advance_clock(TimeDelta::minutes(1));
    // The office moves the appointment to a newly added teacher in a transaction that is still
    // open.
    fixture.push("enrolments", place("9a-science", "t-price", "teacher", false)).await;
    let id = booking["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    let (ctx, of_school, evening, rachel) =
        (school.app.context(), school.people.school, school.people.evening, school.people.parent);
    let moving = school.paused_transaction(move |db, pause_point| {
        let (row, found) = (
            evenings::find(db, of_school, evening)?,
            bookings::find(db, of_school, None, id.into())?,
        );
        let acting = OnBehalfOf {
            parent: rachel,
            actor: Acts { person: None, name: "the office".to_owned() },
            is_staff: true,
        };
        // In the same lock order as the change.
        lock_row(db, LockRank::Person, rachel)?;
        lock_row(db, LockRank::Booking, found.row.id)?;
        evenings::lock_for_share(db, evening)?;
        pause_point.pause();
        let is_moved = times.iter().any(|time| {
            bookings::change(db, &ctx, &row, &acting, &found.row, time.parse().unwrap()).is_ok()
        });
        assert!(is_moved, "one of the times is free");
        Ok(())
    });
    let moving = moving.await;
    let push = remove_class(&fixture, "9a-science");
    school.until_waiting(&["evenings"], 1).await;
    moving.resume().await;
    push.await.unwrap();
    let mails = school.mails().await;
    let letter = mails.iter().find(|mail| mail.to == OFFICE).expect("a mail to the office");
    assert!(
        letter.text.contains("Mr Rhys Price, Sophie Aaron, Science (the class is gone)"),
        "{}",
        letter.text
    );
}
