//! Syncs by themselves: when they are due, on one server at a time, and staff hear once of one that
//! was stopped.

use chrono::TimeDelta;
use futures_util::future::join;
use parlour::roster::{Extent, remote::Version, schedule::sync_if_due, sync_in_turn};
use parlour::store::roster_sources::Turn;

use serde_json::json;

use crate::harness::{
    Roster, School, Shared,
    provider::{Fault, Filter, Paging, Provider, an_hour_later, deps, impatient, source},
};

#[tokio::test]
async fn of_two_servers_one_syncs_what_is_due() {
    let school = School::start().await;
    let other = school.second_node(Shared::Nothing).await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    let source = source(&provider);
    let (here, there) = (deps(&school, impatient()), deps(&other, impatient()));
    let both = join(sync_if_due(&here, &source), sync_if_due(&there, &source)).await;
    assert_eq!(
        [&both.0, &both.1].iter().filter(|report| report.is_some()).count(),
        1,
        "one of them had the turn"
    );
    assert_eq!(provider.asked("users"), 3, "297 people, 100 at a time");

    assert!(sync_if_due(&there, &source).await.is_none(), "it is not due");
    school.wait(TimeDelta::minutes(61));
    assert!(sync_if_due(&there, &source).await.is_some());
}

#[tokio::test]
async fn a_turn_that_somebody_has_is_not_taken_by_a_command() {
    let school = School::start().await;
    let provider = Provider::start(Version::V12, &Roster::of_the_demo()).await;
    let (source, deps) = (source(&provider), deps(&school, impatient()));
    provider.fault("enrollments", 1, Fault::Silence);
    let options = source.options.clone();
    let by_command = async {
        // The other is in the middle of it by then.
        crate::harness::until("the sync to come to the enrolments", async || {
            provider.asked("enrollments") > 0
        })
        .await;
        sync_in_turn(&deps, &source.provider, &options, Turn::Now, Extent::Whole)
            .await
            .unwrap()
            .is_none()
    };
    tokio::select! {
        _ = sync_if_due(&deps, &source) => panic!("there is no answer to wait for"),
        refused = by_command => assert!(refused),
    }
    // Its server has vanished in the middle; the turn is free when the lease has run out.
    provider.mend();
    school.wait(TimeDelta::minutes(6));
    assert!(sync_if_due(&deps, &source).await.is_some());
}

#[tokio::test]
async fn staff_hear_once_of_a_sync_that_was_stopped() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    provider.change("enrollments", |rows| rows.truncate(rows.len() / 2));
    let (source, deps) = (source(&provider), deps(&school, impatient()));
    for _ in 0..2 {
        let report = sync_if_due(&deps, &source).await.unwrap();
        assert_eq!(
            report.stopped.iter().map(|stop| stop.kind).collect::<Vec<_>>(),
            ["enrolments", "appointments"],
            "{report}"
        );
        school.wait(TimeDelta::minutes(61));
    }
    let mails = school.mails().await;
    let told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(told, ["helen.okafor@example.org"]);
    assert!(mails[0].text.contains("The roster was not updated"), "{}", mails[0].text);
}

#[tokio::test]
async fn between_whole_syncs_only_changes_are_asked_for() {
    for version in [Version::V11, Version::V12] {
        let school = School::start().await;
        let provider = Provider::start(version, &Roster::of_the_demo()).await;
        let source = source(&provider);
        let first = an_hour_later(&school, &source).await;
        assert_eq!(
            (provider.asked_for_changes(), first.changes.people.changed),
            (0, 0),
            "the first one is whole"
        );
        school.wait(TimeDelta::hours(2));
        let nothing = an_hour_later(&school, &source).await;
        assert_eq!(
            (
                provider.asked_for_changes(),
                nothing.changes.people.unchanged,
                nothing.changes.people.removed
            ),
            (3, 296, 0),
            "{nothing}"
        );

        // One is renamed, one leaves a class, and one leaves the school, with others to come on
        // further pages.
        provider.pages(Paging::Links, &[1]);
        provider.touch("users", "s-liz-aaron", school.now(), |user| {
            user["givenName"] = json!("Elizabeth")
        });
        provider
            .touch("users", "t-abell", school.now(), |user| user["status"] = json!("tobedeleted"));
        // What it drops without a word is found by the next whole sync.
        provider.change("users", |users| users.retain(|user| user["sourcedId"] != "t-atkinson"));
        let changed = an_hour_later(&school, &source).await;
        assert!(provider.asked_for_changes() >= 3);
        assert_eq!(
            (changed.changes.people.changed, changed.changes.people.removed),
            (1, 1),
            "{changed}"
        );
        provider.pages(Paging::Count, &[100]);
        school.wait(TimeDelta::hours(22));
        let whole = an_hour_later(&school, &source).await;
        assert_eq!((provider.asked_for_changes(), whole.changes.people.removed), (0, 1), "{whole}");
        school.ignore_mail("what mail a loss sends is told in access.rs");
    }
}

#[tokio::test]
async fn a_provider_that_tells_no_changes_is_asked_for_everything() {
    for filter in [Filter::Refused, Filter::Ignored] {
        let school = School::start().await;
        let provider = Provider::start(Version::V12, &Roster::of_the_demo()).await;
        let source = source(&provider);
        provider.filters(filter);
        an_hour_later(&school, &source).await;
        school.wait(TimeDelta::hours(2));
        provider.change("users", |users| users.retain(|user| user["sourcedId"] != "t-atkinson"));
        let report = an_hour_later(&school, &source).await;
        assert_eq!(
            (provider.asked_for_changes(), report.changes.people.removed),
            (1, 1),
            "{filter:?}: {report}"
        );
        school.ignore_mail("what mail a loss sends is told in access.rs");
    }
}

#[tokio::test]
async fn a_sync_that_failed_leaves_the_changes_to_the_next_one() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    let source = source(&provider);
    an_hour_later(&school, &source).await;
    school.wait(TimeDelta::hours(2));
    provider
        .touch("users", "s-liz-aaron", school.now(), |user| user["givenName"] = json!("Elizabeth"));
    provider.fault("enrollments", 0, Fault::Status(500, Vec::new()));
    school.wait(TimeDelta::minutes(61));
    assert!(sync_if_due(&deps(&school, impatient()), &source).await.is_none());
    provider.mend();
    school.wait(TimeDelta::hours(3));
    let report = an_hour_later(&school, &source).await;
    assert!(provider.asked_for_changes() > 0);
    assert_eq!(report.changes.people.changed, 1, "{report}");
}

#[tokio::test]
async fn a_bar_on_a_student_s_row_outlasts_changes_of_the_contact() {
    let school = School::start().await;
    let provider = Provider::start(Version::V12, &Roster::of_the_demo()).await;
    let source = source(&provider);
    provider.touch("users", "s-liz-aaron", school.now() - TimeDelta::days(1), |user| {
        user["metadata"]["courtOrder"] = json!("true")
    });
    an_hour_later(&school, &source).await;
    let sees_liz = async || {
        school
            .parent()
            .await
            .get(&school.evening("/slots"))
            .await
            .is(200)
            .text
            .contains("Liz Aaron")
    };
    assert!(!sees_liz().await);
    school.wait(TimeDelta::hours(2));
    provider
        .touch("users", "p-rachel-aaron", school.now(), |user| user["givenName"] = json!("Rahel"));
    let report = an_hour_later(&school, &source).await;
    assert_eq!(
        (report.changes.people.changed, report.changes.guardianships.changed),
        (1, 0),
        "{report}"
    );
    assert!(!sees_liz().await, "her row was not among the changes, and says so still");
    school.ignore_mail("what mail a loss sends is told in access.rs");
}
