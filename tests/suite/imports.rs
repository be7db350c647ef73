//! Tests of a roster import beside a running server: people who lose access are logged out at once
//! in every process, and booking goes on meanwhile.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::harness::{Roster, School, Shared, bookable_classes};

const ACCESS_ENDED: &str = "Your access to this appointment has ended. Please contact the school.";
const RACHEL: &str = "rachel.aaron@example.org";

#[tokio::test]
async fn losing_a_student_ends_access_on_every_node() {
    let school = School::start().await;
    let other = school.second_node(Shared::Nothing).await;
    let (parent, guest) = (school.parent().await, school.guest().await);
    let elsewhere = (parent.on_node(&other), guest.on_node(&other));
    elsewhere.0.get("/me").await.is(200);
    elsewhere.1.get("/guest/appointments").await.is(200);
    assert_eq!(Roster::without_sophie().import(&school).await.changes.access_withdrawn, 1);

    // The next request of each session, at either server.
    for parent in [&elsewhere.0, &parent] {
        assert_eq!(
            parent.get("/me").await.refuses(410, "access_ended").text_at("/detail"),
            ACCESS_ENDED
        );
    }
    for guest in [&elsewhere.1, &guest] {
        assert_eq!(
            guest.get("/guest/appointments").await.refuses(410, "access_ended").text_at("/detail"),
            ACCESS_ENDED
        );
    }
    let parent = school.parent().await;
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(!mine.text.contains("Sophie") && mine.text.contains("Liz Aaron"), "{}", mine.text);
    let mut told: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    told.sort();
    assert_eq!(
        told,
        ["helen.okafor@example.org", "jordan.aaron@example.org", RACHEL],
        "the office, and the people whose calendars lose the appointment"
    );
}

#[tokio::test]
async fn bookings_succeed_during_an_import() {
    let school = School::start().await;
    let (mut wanted, mut times) = (Vec::new(), BTreeSet::new());
    for row in school.other_parents().await.into_iter().take(30) {
        let actor = school.as_parent(&row).await;
        if actor.get(&school.evening("/slots")).await.status != 200 {
            continue;
        }
        // Each takes another time, so that the bookings do not conflict.
        let bookable_classes = bookable_classes(&school, &actor).await;
        let choice = bookable_classes.iter().find_map(|bookable| {
            let time = bookable.free.iter().find(|time| !times.contains(*time))?;
            Some((bookable.at(time), time.clone()))
        });
        let Some((bookable, time)) = choice else { continue };
        times.insert(time);
        wanted.push((actor, bookable));
    }
    assert!(wanted.len() > 9, "the demo has parents who may still book");
    let path = school.evening("/bookings");
    let bookings = join_all(
        wanted.iter().map(|(actor, bookable)| actor.post(&path, json!({ "bookings": [bookable] }))),
    );
    let roster = Roster::without_sophie();
    let (report, answers) = join(roster.import(&school), bookings).await;
    assert_eq!(report.changes.access_withdrawn, 1);
    let made = answers.len();
    // All of these bookings were made and still exist: the import ends only Rachel's.
    for ((actor, _), answer) in wanted.iter().zip(answers) {
        let id = answer.is(201).text_at("/items/0/id");
        actor.get(&format!("/bookings/{id}")).await.is(200);
    }
    let confirmed = school
        .mails()
        .await
        .into_iter()
        .filter(|mail| mail.subject.starts_with("Your appointments"))
        .count();
    assert_eq!(confirmed, made);
}
