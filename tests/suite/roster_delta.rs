//! Tests of delta syncs: what a provider's changes can't tell is requested in full, so that nobody
//! loses an appointment by a guess.

use chrono::TimeDelta;
use parlour::roster::{
    ImportReport,
    remote::Version::{V11, V12},
};
use serde_json::{Value, json};

use crate::harness::{
    Actor, Roster, School,
    provider::{Provider, source, sync_an_hour_later},
};

/// A list of references by id, in the form of `OneRoster`.
fn refer(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({ "sourcedId": id })).collect()
}

/// The demo school after a full sync. The next sync is a delta.
struct SyncedSchool {
    school: School,
    provider: Provider,
    parent: Actor,
}

impl SyncedSchool {
    /// Runs the full sync with a provider whose collections the test has changed.
    async fn with(provider: Provider) -> Self {
        let school = School::start().await;
        let first = sync_an_hour_later(&school, &source(&provider)).await;
        assert_eq!(
            (first.changes.guardianships.removed, provider.delta_requests()),
            (0, 0),
            "{first}"
        );
        school.advance_clock(TimeDelta::hours(2));
        let parent = school.parent().await;
        Self { school, provider, parent }
    }

    fn edit_and_touch(&self, collection: &str, id: &str, change: impl FnOnce(&mut Value)) {
        self.provider.edit_and_touch(collection, id, self.school.now(), change);
    }

    async fn sync(&self) -> ImportReport {
        let report = sync_an_hour_later(&self.school, &source(&self.provider)).await;
        assert!(self.provider.delta_requests() > 0, "changes were asked for first");
        report
    }

    /// Checks that Rachel is still logged in and has the same appointments.
    async fn assert_unchanged(&self) {
        self.parent.get("/me").await.is(200);
        let bookings = self.parent.get(&self.school.evening("/bookings")).await.is(200);
        assert!(bookings.text.contains("Sophie Aaron"), "{}", bookings.text);
    }
}

#[tokio::test]
async fn delta_keeps_students_of_a_contact_of_another_org() {
    for version in [V11, V12] {
        let provider = Provider::start(version, &Roster::demo()).await;
        provider.edit("orgs", |orgs| {
            orgs.push(json!({
                "sourcedId": "trust",
                "status": "active",
                "name": "Trust",
                "type": "district",
            }))
        });
        provider.edit("users", |users| {
            let rachel =
                users.iter_mut().find(|user| user["sourcedId"] == "p-rachel-aaron").unwrap();
            match version {
                V11 => rachel["orgs"] = refer(&["trust"]),
                V12 => rachel["roles"][0]["org"] = json!({ "sourcedId": "trust" }),
            }
        });
        let synced = SyncedSchool::with(provider).await;
        synced.edit_and_touch("users", "p-rachel-aaron", |user| user["givenName"] = json!("Rahel"));
        let report = synced.sync().await;
        assert_eq!(
            (report.changes.people.changed, report.changes.guardianships.removed),
            (1, 0),
            "{report}"
        );
        synced.assert_unchanged().await;
        // Staff see the provider as the source of the name, and not the client's id.
        let office = synced.school.staff().await;
        let seen = office.get(&format!("/parents/{}", synced.school.people.parent.0)).await.is(200);
        let name = seen
            .list("/sources")
            .iter()
            .find(|source| source["field"] == "given_name")
            .unwrap()["name"]
            .clone();
        assert_eq!(name, synced.provider.settings().address());
        assert!(!name.as_str().unwrap().contains("parlour"), "{name}");
        // A bar also takes effect with a delta.
        synced.edit_and_touch("users", "p-rachel-aaron", |user| {
            user["metadata"]["contactAllowed"] = json!(false)
        });
        assert_eq!(synced.sync().await.changes.access_withdrawn, 3);
        synced.parent.get("/me").await.refuses(410, "access_ended");
        synced.school.ignore_mail("access.rs tests the mails about lost access");
    }
}

#[tokio::test]
async fn contacts_agents_keep_a_link_missing_in_the_students_row() {
    let provider = Provider::start(V11, &Roster::demo()).await;
    provider.edit("users", |users| {
        let sophie = users.iter_mut().find(|user| user["sourcedId"] == "s-sophie-aaron").unwrap();
        sophie["agents"] = refer(&["p-marcus-webb"]);
    });
    let synced = SyncedSchool::with(provider).await;
    synced
        .edit_and_touch("users", "s-sophie-aaron", |user| user["familyName"] = json!("Aaron-Webb"));
    let report = synced.sync().await;
    assert_eq!(
        (report.changes.people.changed, report.changes.guardianships.removed),
        (1, 0),
        "{report}"
    );
    synced.parent.get("/me").await.is(200);
    let bookings = synced.parent.get(&synced.school.evening("/bookings")).await.is(200);
    assert!(bookings.text.contains("Sophie Aaron-Webb"), "{}", bookings.text);
}

#[tokio::test]
async fn students_agents_keep_a_link_missing_in_the_contacts_row() {
    let provider = Provider::start(V12, &Roster::demo()).await;
    provider.edit("users", |users| {
        let rachel = users.iter_mut().find(|user| user["sourcedId"] == "p-rachel-aaron").unwrap();
        rachel["agents"] = refer(&["s-liz-aaron"]);
    });
    let synced = SyncedSchool::with(provider).await;
    synced.edit_and_touch("users", "p-rachel-aaron", |user| user["givenName"] = json!("Rahel"));
    let report = synced.sync().await;
    assert_eq!(
        (report.changes.people.changed, report.changes.guardianships.removed),
        (1, 0),
        "{report}"
    );
    synced.assert_unchanged().await;
}

#[tokio::test]
async fn link_missing_in_both_rows_is_removed_by_a_delta() {
    let synced = SyncedSchool::with(Provider::start(V12, &Roster::demo()).await).await;
    synced.edit_and_touch("users", "p-rachel-aaron", |user| {
        user["agents"] = refer(&["s-liz-aaron", "s-chris-aaron"])
    });
    synced.edit_and_touch("users", "s-sophie-aaron", |user| {
        user["agents"] = refer(&["p-marcus-webb"])
    });
    let before = synced.provider.request_count("users");
    assert_eq!(synced.sync().await.changes.access_withdrawn, 1);
    assert_eq!(synced.provider.request_count("users") - before, 1, "users are requested once");
    synced.parent.get("/me").await.refuses(410, "access_ended");
    synced.school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn deleting_one_of_two_enrolments_keeps_the_place() {
    let provider = Provider::start(V11, &Roster::demo()).await;
    provider.edit("enrollments", |rows| {
        let mut spring = rows
            .iter()
            .find(|row| row["sourcedId"] == "9a-science.s-sophie-aaron")
            .unwrap()
            .clone();
        spring["sourcedId"] = json!("spring");
        rows.push(spring);
    });
    let synced = SyncedSchool::with(provider).await;
    let seats = async || {
        synced
            .parent
            .get(&synced.school.evening("/slots"))
            .await
            .is(200)
            .text
            .matches("Science")
            .count()
    };
    let before = seats().await;
    synced.edit_and_touch("enrollments", "9a-science.s-sophie-aaron", |row| {
        row["status"] = json!("tobedeleted")
    });
    let report = synced.sync().await;
    assert_eq!((report.changes.enrolments.removed, seats().await), (0, before), "{report}");
    synced.assert_unchanged().await;
    synced.edit_and_touch("enrollments", "spring", |row| row["status"] = json!("tobedeleted"));
    let report = synced.sync().await;
    assert_eq!(report.changes.enrolments.removed, 1, "{report}");
    assert!(seats().await < before);
    synced.school.ignore_mail("access.rs tests the mails about lost access");
}
