//! Tests of a teacher's tools during the evening: own notes and no-show marks, lateness, and the
//! presence of families.

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::{booking_teachers, bookings, call_queue, calls, events, people},
    store::{
        people::PersonRow,
        sql_types::{Key, at, key},
        teaching,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, School};

/// Rachel Aaron's appointment with Anita Abell.
async fn first(school: &School, teacher: &Actor) -> Value {
    let schedule = teacher.get(&school.evening("/schedule")).await.is(200);
    let found =
        schedule.list("/appointments").into_iter().find(|one| one["parent"] == "Rachel Aaron");
    found.expect("Rachel Aaron has booked")
}

fn record_of(appointment: &Value) -> String {
    format!("/bookings/{}/record", appointment["booking_id"].as_str().unwrap())
}

/// The teachers of a joint appointment of the evening, and its booking.
async fn joint(school: &School) -> (Uuid, Vec<PersonRow>) {
    let evening = key(school.people.evening);
    school
        .read(move |db| {
            let rows: Vec<(Key, PersonRow)> = booking_teachers::table
                .inner_join(bookings::table)
                .inner_join(people::table)
                .filter(bookings::evening_id.eq(evening))
                .order((booking_teachers::booking_id, booking_teachers::position))
                .select((booking_teachers::booking_id, PersonRow::as_select()))
                .load(db)?;
            let (booking, _) = rows
                .windows(2)
                .find(|pair| pair[0].0 == pair[1].0)
                .map(|pair| pair[0].clone())
                .expect("a joint appointment");
            Ok((
                booking.0,
                rows.into_iter()
                    .filter(|(id, _)| *id == booking)
                    .map(|(_, teacher)| teacher)
                    .collect(),
            ))
        })
        .await
}

#[tokio::test]
async fn note_is_visible_only_to_its_teacher() {
    let school = School::start().await;
    let (booking, teachers) = joint(&school).await;
    let (one, other) =
        (school.as_teacher(&teachers[0]).await, school.as_teacher(&teachers[1]).await);
    let path = format!("/bookings/{booking}/record");
    let refused = one
        .put(&path, json!({ "no_show": true, "note": "Zoë:\nask\u{0}again 🙂" }))
        .await
        .refuses(422, "invalid");
    assert_eq!(refused.text_at("/errors/0/field"), "note");
    let kept =
        one.put(&path, json!({ "no_show": true, "note": "Zoë:\naskagain 🙂" })).await.is(200);
    assert_eq!(kept.body, json!({ "no_show": true, "note": "Zoë:\naskagain 🙂" }));
    let shown = async |actor: &Actor| {
        let schedule = actor.get(&school.evening("/schedule")).await.is(200);
        let found = schedule
            .list("/appointments")
            .into_iter()
            .find(|one| one["booking_id"] == json!(booking))
            .unwrap();
        (found["no_show"].clone(), found["note"].clone())
    };
    assert_eq!(shown(&one).await, (json!(true), json!("Zoë:\naskagain 🙂")));
    assert_eq!(
        shown(&other).await,
        (json!(false), json!("")),
        "each teacher of a joint appointment has a record of their own"
    );
    one.put(&path, json!({ "no_show": false, "note": "Later." })).await.is(200);
    assert_eq!(shown(&one).await, (json!(false), json!("Later.")), "the latest record counts");
}

#[tokio::test]
async fn only_a_teacher_of_the_appointment_sets_a_record() {
    let school = School::start().await;
    let teacher = school.teacher().await;
    let path = record_of(&first(&school, &teacher).await);
    let body = json!({ "no_show": true, "note": "x" });
    school.parent().await.put(&path, body.clone()).await.refuses(403, "wrong_role");
    school.staff().await.put(&path, body.clone()).await.refuses(403, "wrong_role");
    school.guest().await.put(&path, body.clone()).await.refuses(401, "not_logged_in");
    let (_, others) = joint(&school).await;
    let other = others.iter().find(|one| one.id() != school.people.teacher).unwrap();
    school.as_teacher(other).await.put(&path, body.clone()).await.refuses(404, "not_found");
    teacher
        .put(&format!("/bookings/{}/record", Uuid::nil()), body.clone())
        .await
        .refuses(404, "not_found");
    teacher
        .put(&path, json!({ "no_show": true, "note": "é".repeat(2001) }))
        .await
        .refuses(422, "invalid");
    teacher.put(&path, json!({ "note": "x" })).await.refuses(422, "invalid");
    assert_eq!(first(&school, &teacher).await["note"], "");
    teacher.put(&path, json!({ "no_show": false, "note": "é".repeat(2000) })).await.is(200);
    // A cancelled appointment is on nobody's schedule.
    school.parent().await.delete(path.trim_end_matches("/record")).await.is(204);
    teacher.put(&path, body).await.refuses(404, "not_found");
    school.mails().await;
}

#[tokio::test]
async fn no_show_is_logged_and_hidden_from_the_parent() {
    let school = School::start().await;
    let teacher = school.teacher().await;
    let path = record_of(&first(&school, &teacher).await);
    for no_show in [true, true, false] {
        teacher.put(&path, json!({ "no_show": no_show, "note": "" })).await.is(200);
    }
    let log: Vec<(String, String, Option<Key>)> = school
        .read(|db| {
            let marks = events::table
                .filter(events::action.eq_any(["no_show_marked", "no_show_lifted"]))
                .order((events::at, events::id));
            Ok(marks.select((events::action, events::summary, events::parent_id)).load(db)?)
        })
        .await;
    let mut actions: Vec<&str> = log.iter().map(|(action, ..)| action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["no_show_lifted", "no_show_marked"], "one entry for each change");
    assert!(
        log.iter().all(|(_, summary, parent)| summary.contains("Sophie Aaron, Science at 16:00")
            && parent.is_none()),
        "{log:?}"
    );
    assert!(
        !school
            .parent()
            .await
            .get(&school.evening("/history"))
            .await
            .is(200)
            .text
            .contains("nobody came")
    );
}

#[tokio::test]
async fn lateness_is_pushed_to_waiting_calls() {
    let school = School::start().await;
    let teacher = school.teacher().await;
    let (path, booking) = (
        school.evening("/lateness"),
        first(&school, &teacher).await["booking_id"].as_str().unwrap().parse::<Uuid>().unwrap(),
    );
    let (_, others) = joint(&school).await;
    let other = others.iter().find(|one| one.id() != school.people.teacher).unwrap().clone();
    school.start_call(booking).await;
    teacher.put(&path, json!({ "minutes": 5 })).await.is(200);
    assert_eq!(version(&school, booking).await, 1, "connected participants reload the call");
    teacher.put(&path, json!({ "minutes": 5 })).await.is(200);
    assert_eq!(version(&school, booking).await, 1, "nothing has changed");
    school.as_teacher(&other).await.put(&path, json!({ "minutes": 15 })).await.is(200);
    assert_eq!(
        version(&school, booking).await,
        1,
        "another teacher's lateness does not change this call"
    );
    let late = async |actor: &Actor| {
        actor.get(&school.evening("/schedule")).await.is(200).body["late_minutes"].clone()
    };
    assert_eq!(
        (late(&teacher).await, late(&school.as_teacher(&other).await).await),
        (json!(5), json!(15))
    );
    let (evening, both) = (school.people.evening, [school.people.teacher, other.id()]);
    assert_eq!(
        school.read(move |db| teaching::late_minutes(db, evening, &both)).await,
        15,
        "the largest lateness counts"
    );
    teacher.put(&path, json!({ "minutes": 0 })).await.is(200);
    assert_eq!((late(&teacher).await, version(&school, booking).await), (json!(0), 2));
}

#[tokio::test]
async fn only_a_teacher_of_the_evening_sets_lateness() {
    let school = School::start().await;
    let (teacher, path) = (school.teacher().await, school.evening("/lateness"));
    for minutes in [json!(61), json!(-1), json!(1.5), json!("5")] {
        teacher.put(&path, json!({ "minutes": minutes })).await.refuses(422, "invalid");
    }
    teacher.put(&path, json!({ "minutes": 60 })).await.is(200);
    school.parent().await.put(&path, json!({ "minutes": 5 })).await.refuses(403, "wrong_role");
    school.staff().await.put(&path, json!({ "minutes": 5 })).await.refuses(403, "wrong_role");
    teacher
        .put(&format!("/evenings/{}/lateness", Uuid::nil()), json!({ "minutes": 5 }))
        .await
        .refuses(404, "not_found");
}

#[tokio::test]
async fn schedule_shows_presence() {
    let school = School::start().await;
    let teacher = school.teacher().await;
    let appointment = first(&school, &teacher).await;
    let states = async || {
        let people = first(&school, &teacher).await["people"].clone();
        let of = |one: &Value| {
            format!(
                "{} {} {}",
                one["role"].as_str().unwrap(),
                one["name"].as_str().unwrap(),
                one["state"].as_str().unwrap()
            )
        };
        people.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        states().await,
        [
            "teacher Mrs Anita Abell missing",
            "parent Rachel Aaron missing",
            "guest Jordan Aaron missing"
        ]
    );
    let booking: Uuid = appointment["booking_id"].as_str().unwrap().parse().unwrap();
    school.start_call(booking).await;
    let guest: Uuid = appointment["people"][2]["id"].as_str().unwrap().parse().unwrap();
    school.seat_parent(booking).await;
    queue(&school, booking, guest).await;
    assert_eq!(
        states().await,
        [
            "teacher Mrs Anita Abell missing",
            "parent Rachel Aaron in_call",
            "guest Jordan Aaron waiting"
        ]
    );
    school.advance_clock(TimeDelta::seconds(31));
    assert_eq!(
        states().await[1..],
        ["parent Rachel Aaron missing", "guest Jordan Aaron missing"],
        "participants with an expired lease are missing"
    );
}

async fn version(school: &School, booking: Uuid) -> i32 {
    school
        .read(move |db| Ok(calls::table.find(Key(booking)).select(calls::version).first(db)?))
        .await
}

async fn queue(school: &School, booking: Uuid, who: Uuid) {
    use parlour::schema::sessions;
    let (lease, now) = (at(school.now() + TimeDelta::seconds(30)), at(school.now()));
    let write = move |db: &mut parlour::store::Db| {
        let session: Key = sessions::table.select(sessions::id).first(db)?;
        let row = (
            call_queue::booking_id.eq(Key(booking)),
            call_queue::participant_id.eq(Key(who)),
            call_queue::role.eq("guest"),
            call_queue::session_id.eq(session),
            call_queue::device_hash.eq("y"),
            call_queue::connection.eq(2),
            call_queue::queued_number.eq(1),
            call_queue::is_present.eq(true),
            call_queue::lease_ends_at.eq(lease),
            call_queue::queued_at.eq(now),
        );
        Ok(diesel::insert_into(call_queue::table).values(row).execute(db)?)
    };
    school.app.store.write(write).await.unwrap();
}
