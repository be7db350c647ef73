//! Tests of restoring what an import ended: only by the office, within two weeks, if the time is
//! free, and never past a bar.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use parlour::{mail::Mail, schema::people};
use serde_json::{Value, json};

use crate::harness::{Actor, Roster, School, TestResponse, bookable_classes};

const RACHEL: &str = "rachel.aaron@example.org";

/// Imports files and returns the import's id.
async fn import(school: &School, roster: Roster) -> String {
    let report = roster.import(school).await;
    let id = report.schools[0].import_id.expect("something was written").to_string();
    assert!(report.to_string().contains(&format!("  import {id}\n")), "{report}");
    id
}

async fn restore(office: &Actor, import: &str, dry_run: bool) -> TestResponse {
    office.post(&format!("/roster/imports/{import}/restore"), json!({ "dry_run": dry_run })).await
}

/// The reasons for the things of one kind; `None` for a thing that came back.
fn of_kind(answer: &TestResponse, kind: &str) -> Vec<Option<String>> {
    let items = answer.list("/items").into_iter().filter(|item| item["kind"] == kind);
    items.map(|item| item["reason"].as_str().map(str::to_owned)).collect()
}

/// A parent's appointments about Sophie.
async fn about_sophie(school: &School, parent: &Actor) -> Vec<Value> {
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    mine.list("/rows")
        .iter()
        .filter(|row| row["student"]["name"] == "Sophie Aaron")
        .cloned()
        .collect()
}

/// The sequence of each calendar entry in the mails, by address and UID.
fn sequences(mails: &[Mail], method: &str) -> BTreeMap<(String, String), u32> {
    let of = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned)).unwrap_or_default()
    };
    let messages = mails
        .iter()
        .flat_map(|mail| mail.calendar.iter().map(|message| (mail.to.clone(), &message.text)));
    let of_method = messages.filter(|(_, text)| of(text, "METHOD:") == method);
    of_method
        .map(|(to, text)| ((to, of(text, "UID:")), of(text, "SEQUENCE:").parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn guest_calendar_sequence_grows_over_two_restores() {
    let school = School::start().await;
    let mut last = BTreeMap::new();
    for _ in 0..2 {
        let id = import(&school, Roster::without_sophie()).await;
        let cancelled = sequences(&school.mails().await, "CANCEL");
        assert!(
            !cancelled.is_empty()
                && cancelled.iter().all(|(entry, sequence)| last
                    .get(entry)
                    .is_none_or(|earlier| sequence > earlier)),
            "{last:?} {cancelled:?}"
        );
        school.advance_clock(TimeDelta::minutes(1));
        restore(&school.staff().await, &id, false).await.is(200);
        let requested = sequences(&school.mails().await, "REQUEST");
        assert!(
            cancelled.iter().all(|(entry, sequence)| requested[entry] > *sequence),
            "{cancelled:?} {requested:?}"
        );
        last = requested;
        school.advance_clock(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn restored_invite_requires_a_new_guest_session() {
    let school = School::start().await;
    let guest = school.guest().await;
    let id = import(&school, Roster::without_sophie()).await;
    guest.get("/guest/appointments").await.refuses(410, "access_ended");
    restore(&school.staff().await, &id, false).await.is(200);
    guest.get("/guest/appointments").await.refuses(401, "not_logged_in");
    school.ignore_mail("another test reads the calendars");
}

#[tokio::test]
async fn push_response_has_an_import_id_to_restore() {
    let school = School::start().await;
    let office = school.staff().await;
    let push =
        async |row: Value| office.put("/roster/people", json!({ "items": [row] })).await.is(200);
    let pushed = push(json!({ "sourced_id": "t-abell", "remove": true })).await;
    let listed = office.get("/roster/imports").await.is(200);
    assert_eq!(pushed.text_at("/import_id"), listed.text_at("/items/0/id"));
    assert_eq!(
        of_kind(&restore(&office, &pushed.text_at("/import_id"), true).await.is(200), "person"),
        [None]
    );
    // The second push wrote nothing, so there is no import to restore.
    let nothing = push(json!({ "sourced_id": "t-abell", "remove": true })).await;
    assert!(nothing.body.get("import_id").is_none(), "{}", nothing.text);
    school.ignore_mail("the tests of stranded cover the mails to the office");
}

#[tokio::test]
async fn wrong_import_is_restored_once() {
    let school = School::start().await;
    let before = about_sophie(&school, &school.parent().await).await;
    assert!(!before.is_empty());
    let id = import(&school, Roster::without_sophie()).await;
    let told = school.mail_to("helen.okafor@example.org").await;
    assert!(told.text.contains(&format!("parlour roster restore {id}")), "{}", told.text);
    let cancelled = sequences(&school.mails().await, "CANCEL");
    assert_eq!(cancelled.len(), 2 * before.len(), "the parent's calendar and the guest's");
    let office = school.staff().await;
    let listed = office.get("/roster/imports").await.is(200);
    assert_eq!(
        (listed.text_at("/items/0/id"), listed.text_at("/items/0/source/kind")),
        (id.clone(), "file".to_owned())
    );
    assert_eq!(listed.body["items"][0]["ended"]["guardianships"], 1, "{}", listed.text);
    assert!(about_sophie(&school, &school.parent().await).await.is_empty());

    school.advance_clock(TimeDelta::hours(2));
    let office = school.staff().await;
    let promised = restore(&office, &id, true).await.is(200);
    assert_eq!(
        (promised.body["dry_run"].as_bool(), promised.body["not_restored"].as_u64()),
        (Some(true), Some(0)),
        "{}",
        promised.text
    );
    assert!(
        about_sophie(&school, &school.parent().await).await.is_empty(),
        "a dry run writes nothing"
    );
    assert_eq!(school.mails().await.len(), 0);

    let done = restore(&office, &id, false).await.is(200);
    assert_eq!(done.body["items"], promised.body["items"], "the result equals that of the dry run");
    assert_eq!(
        (of_kind(&done, "guardianship"), of_kind(&done, "invite")),
        (vec![None], vec![None]),
        "{}",
        done.text
    );
    assert_eq!(of_kind(&done, "booking"), vec![None; before.len()]);
    let after = about_sophie(&school, &school.parent().await).await;
    let key = |rows: &[Value]| {
        rows.iter().map(|row| (row["id"].clone(), row["starts_at"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(key(&after), key(&before), "the same appointments at the same times");
    school.guest().await.get("/guest/appointments").await.is(200);
    let mails = school.mails().await;
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["jordan.aaron@example.org", RACHEL]);
    // Each mail brings the appointments back into a calendar, with a sequence above the
    // cancellation's.
    let requested = sequences(&mails, "REQUEST");
    assert!(!cancelled.is_empty(), "nothing was cancelled");
    for (entry, sequence) in &cancelled {
        assert!(
            requested.get(entry).is_some_and(|raised| raised > sequence),
            "{entry:?}: {cancelled:?} {requested:?}"
        );
    }

    // A second restore brings nothing back, and an import of the right files then changes nothing.
    let again = restore(&office, &id, false).await.is(200);
    assert_eq!(again.body["restored"], 0, "{}", again.text);
    let reasons: Vec<Value> =
        again.list("/items").iter().map(|item| item["reason"].clone()).collect();
    let expected = vec![json!("already_there"); done.list("/items").len()];
    assert!(!expected.is_empty(), "{}", done.text);
    assert_eq!(reasons, expected, "{}", again.text);
    let right = Roster::demo().import(&school).await;
    assert_eq!(
        (right.changes.guardianships.added, right.changes.guardianships.changed),
        (0, 0),
        "{right}"
    );
    assert_eq!(school.mails().await.len(), 0);
}

#[tokio::test]
async fn ended_people_classes_and_enrolments_are_restored() {
    let school = School::start().await;
    let office = school.staff().await;
    let push = async |path: &str, row: Value| {
        office.put(&format!("/roster/{path}"), json!({ "items": [row] })).await.is(200)
    };
    school.execute("update people set is_staff = true where sourced_id = 't-abell'").await;
    push("people", json!({ "sourced_id": "t-abell", "remove": true })).await;
    let newest = async || office.get("/roster/imports").await.is(200).text_at("/items/0/id");
    let teacher = newest().await;
    school.advance_clock(TimeDelta::minutes(1));
    push("classes", json!({ "sourced_id": "c-sc-9x", "title": "9x", "subject": "Science" })).await;
    school.advance_clock(TimeDelta::minutes(1));
    push("classes", json!({ "sourced_id": "c-sc-9x", "remove": true })).await;
    let class = newest().await;
    let done = restore(&office, &class, false).await.is(200);
    assert_eq!(of_kind(&done, "class"), [None], "{}", done.text);
    let done = restore(&office, &teacher, false).await.is(200);
    assert_eq!(of_kind(&done, "person"), [None]);
    let places = of_kind(&done, "enrolment");
    assert!(!places.is_empty() && places.iter().all(Option::is_none), "{}", done.text);
    let here: i64 = school
        .read(|db| {
            let gone = people::table
                .filter(people::sourced_id.eq("t-abell"))
                .filter(people::removed_at.is_not_null());
            Ok(gone.count().get_result(db)?)
        })
        .await;
    assert_eq!(here, 0);
    let is_staff: bool = school
        .read(|db| {
            Ok(people::table
                .filter(people::sourced_id.eq("t-abell"))
                .select(people::is_staff)
                .first(db)?)
        })
        .await;
    assert!(!is_staff, "a restore does not make staff");
    school.ignore_mail("the tests of stranded cover the mails to the office");
}

#[tokio::test]
async fn contact_lost_by_a_role_change_is_restored() {
    let school = School::start().await;
    let before = about_sophie(&school, &school.parent().await).await;
    let (row, wrong) = ("hillcrest,parent,,,Rachel,Aaron", "hillcrest,wizard,,,Rachel,Aaron");
    let id = import(&school, Roster::demo().replace("users.csv", row, wrong)).await;
    let office = school.staff().await;
    let done = restore(&office, &id, false).await.is(200);
    assert_eq!(of_kind(&done, "contact"), vec![None; 3], "{}", done.text);
    assert_eq!(about_sophie(&school, &school.parent().await).await.len(), before.len());
    school.ignore_mail("a test above reads this mail");
}

#[tokio::test]
async fn booking_with_taken_time_is_not_restored() {
    let school = School::start().await;
    let before = about_sophie(&school, &school.parent().await).await;
    let id = import(&school, Roster::without_sophie()).await;
    let mut taken = None;
    for row in school.other_parents().await {
        let other = school.as_parent(&row).await;
        if other.get(&school.evening("/slots")).await.status != 200 {
            continue;
        }
        for bookable in bookable_classes(&school, &other).await {
            let slot = before.iter().find(|mine| {
                mine["class_id"] == json!(bookable.class)
                    && bookable.free.iter().any(|time| mine["starts_at"] == json!(time))
            });
            let Some(slot) = slot else { continue };
            other
                .post(
                    &school.evening("/bookings"),
                    json!({ "bookings": [bookable.at(slot["starts_at"].as_str().unwrap())] }),
                )
                .await
                .is(201);
            taken = Some(slot.clone());
            break;
        }
        if taken.is_some() {
            break;
        }
    }
    let taken = taken.expect("somebody in the class takes one of Rachel's times");
    let done = restore(&school.staff().await, &id, false).await.is(200);
    let reasons = of_kind(&done, "booking");
    assert_eq!(
        reasons.iter().filter(|reason| reason.as_deref() == Some("taken")).count(),
        1,
        "{}",
        done.text
    );
    assert_eq!(reasons.iter().filter(|reason| reason.is_none()).count(), before.len() - 1);
    let after = about_sophie(&school, &school.parent().await).await;
    assert!(after.len() == before.len() - 1 && after.iter().all(|row| row["id"] != taken["id"]));
    school.ignore_mail("a test above reads this mail");
}

#[tokio::test]
async fn endings_by_a_bar_are_never_restored() {
    for bar in [json!({ "contact_allowed": false }), json!({ "court_order": true })] {
        let school = School::start().await;
        let before = about_sophie(&school, &school.parent().await).await.len();
        let office = school.staff().await;
        let push = async |bar: Value| {
            let mut row = bar;
            (row["parent_sourced_id"], row["student_sourced_id"], row["relationship"]) =
                (json!("p-rachel-aaron"), json!("s-sophie-aaron"), json!("Mother"));
            office.put("/roster/guardianships", json!({ "items": [row] })).await.is(200)
        };
        push(bar).await;
        let id = office.get("/roster/imports").await.is(200).text_at("/items/0/id");
        school.advance_clock(TimeDelta::minutes(1));
        let check = async || {
            let done = restore(&office, &id, false).await.is(200);
            for kind in ["contact", "booking", "invite"] {
                let reasons = of_kind(&done, kind);
                assert!(
                    !reasons.is_empty()
                        && reasons.iter().all(|reason| reason.as_deref() == Some("barred")),
                    "{kind}: {}",
                    done.text
                );
            }
            assert_eq!(about_sophie(&school, &school.parent().await).await.len(), 0);
        };
        assert!(before > 0);
        check().await;
        // Lifting the bar does not restore either: the office has to make the appointments again.
        push(json!({ "contact_allowed": true, "court_order": false })).await;
        check().await;
        school.ignore_mail("access.rs tests the mails about lost access");
    }
}

#[tokio::test]
async fn later_bar_prevents_restoring() {
    let school = School::start().await;
    let id = import(&school, Roster::without_sophie()).await;
    let office = school.staff().await;
    let person = |id: &'static str| {
        school.read(move |db| {
            Ok(people::table
                .filter(people::sourced_id.eq(id))
                .select(people::id)
                .first::<parlour::store::sql_types::Key>(db)?)
        })
    };
    let (rachel, sophie) = (person("p-rachel-aaron").await, person("s-sophie-aaron").await);
    office.post("/bars", json!({ "student_id": sophie.0, "person_id": rachel.0 })).await.is(201);
    let done = restore(&office, &id, false).await.is(200);
    assert!(
        of_kind(&done, "booking").iter().all(|reason| reason.as_deref() == Some("no_access")),
        "{}",
        done.text
    );
    assert_eq!(about_sophie(&school, &school.parent().await).await.len(), 0);
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn only_the_office_restores_within_two_weeks() {
    let school = School::start().await;
    let other_school = school.other_school().await;
    let id = import(&school, Roster::without_sophie()).await;
    for actor in [school.parent().await, school.teacher().await] {
        restore(&actor, &id, true).await.refuses(403, "wrong_role");
        actor.get("/roster/imports").await.refuses(403, "wrong_role");
    }
    restore(&other_school.staff, &id, true).await.refuses(404, "not_found");
    assert!(!other_school.staff.get("/roster/imports").await.is(200).text.contains(&id));
    let office = school.staff().await;
    restore(&office, "01a1f640-bc00-7b31-8d02-5f1e2c3d4b5a", true).await.refuses(404, "not_found");
    office.post(&format!("/roster/imports/{id}/restore"), json!({ "dry_run": "no" })).await.is(422);
    school.advance_clock(TimeDelta::days(15));
    restore(&school.staff().await, &id, true).await.refuses(409, "import_too_old");
    school.ignore_mail("access.rs tests the mails about lost access");
}
