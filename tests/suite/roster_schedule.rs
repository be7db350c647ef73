//! Tests of scheduled syncs: their times, one server at a time, and one mail to staff about a
//! refused sync.

use chrono::TimeDelta;
use futures_util::future::join;
use parlour::roster::{Extent, remote::Version, schedule::sync_if_due, sync_with_lease};
use parlour::store::roster_sources::SyncTrigger;

use serde_json::json;

use crate::harness::{
    Roster, School, Shared,
    provider::{Fault, Filter, Paging, Provider, deps, short_timeouts, source, sync_an_hour_later},
};

#[tokio::test]
async fn due_sync_runs_on_one_of_two_nodes() {
    let school = School::start().await;
    let other = school.second_node(Shared::Nothing).await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    let source = source(&provider);
    let (here, there) = (deps(&school, short_timeouts()), deps(&other, short_timeouts()));
    let both = join(sync_if_due(&here, &source), sync_if_due(&there, &source)).await;
    assert_eq!(
        [&both.0, &both.1].iter().filter(|report| report.is_some()).count(),
        1,
        "only one of the servers syncs"
    );
    assert_eq!(provider.request_count("users"), 3, "297 people, 100 at a time");

    assert!(sync_if_due(&there, &source).await.is_none(), "the next sync is not due");
    school.advance_clock(TimeDelta::minutes(61));
    assert!(sync_if_due(&there, &source).await.is_some());
}

#[tokio::test]
async fn sync_command_does_not_steal_a_lease() {
    let school = School::start().await;
    let provider = Provider::start(Version::V12, &Roster::demo()).await;
    let (source, deps) = (source(&provider), deps(&school, short_timeouts()));
    provider.inject_fault("enrollments", 1, Fault::Silence);
    let options = source.options.clone();
    let by_command = async {
        // The scheduled sync is under way by then.
        crate::harness::wait_until("the sync to come to the enrolments", async || {
            provider.request_count("enrollments") > 0
        })
        .await;
        sync_with_lease(&deps, &source.provider, &options, SyncTrigger::Now, Extent::Whole)
            .await
            .unwrap()
            .is_none()
    };
    tokio::select! {
        _ = sync_if_due(&deps, &source) => panic!("the provider must not answer"),
        refused = by_command => assert!(refused),
    }
    // The other server has vanished during its sync. Its lease expires, and another may sync.
    provider.clear_faults();
    school.advance_clock(TimeDelta::minutes(6));
    assert!(sync_if_due(&deps, &source).await.is_some());
}

#[tokio::test]
async fn stopped_sync_is_mailed_to_staff_once() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    provider.edit("enrollments", |rows| rows.truncate(rows.len() / 2));
    let (source, deps) = (source(&provider), deps(&school, short_timeouts()));
    for _ in 0..2 {
        let report = sync_if_due(&deps, &source).await.unwrap();
        assert_eq!(
            report.stopped.iter().map(|stop| stop.kind).collect::<Vec<_>>(),
            ["enrolments", "appointments"],
            "{report}"
        );
        school.advance_clock(TimeDelta::minutes(61));
    }
    let mails = school.mails().await;
    let told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(told, ["helen.okafor@example.org"]);
    assert!(mails[0].text.contains("The roster was not updated"), "{}", mails[0].text);
}

#[tokio::test]
async fn delta_syncs_run_between_full_syncs() {
    for version in [Version::V11, Version::V12] {
        let school = School::start().await;
        let provider = Provider::start(version, &Roster::demo()).await;
        let source = source(&provider);
        let first = sync_an_hour_later(&school, &source).await;
        assert_eq!(
            (provider.delta_requests(), first.changes.people.changed),
            (0, 0),
            "the first sync is a full one"
        );
        school.advance_clock(TimeDelta::hours(2));
        let nothing = sync_an_hour_later(&school, &source).await;
        assert_eq!(
            (
                provider.delta_requests(),
                nothing.changes.people.unchanged,
                nothing.changes.people.removed
            ),
            (3, 296, 0),
            "{nothing}"
        );

        // One person is renamed, one leaves a class, and one leaves the school, with further
        // changes on later pages.
        provider.set_paging(Paging::Links, &[1]);
        provider.edit_and_touch("users", "s-liz-aaron", school.now(), |user| {
            user["givenName"] = json!("Elizabeth")
        });
        provider.edit_and_touch("users", "t-abell", school.now(), |user| {
            user["status"] = json!("tobedeleted")
        });
        // An object that the provider drops without a notice is found by the next full sync.
        provider.edit("users", |users| users.retain(|user| user["sourcedId"] != "t-atkinson"));
        let changed = sync_an_hour_later(&school, &source).await;
        assert!(provider.delta_requests() >= 3);
        assert_eq!(
            (changed.changes.people.changed, changed.changes.people.removed),
            (1, 1),
            "{changed}"
        );
        provider.set_paging(Paging::Count, &[100]);
        school.advance_clock(TimeDelta::hours(22));
        let whole = sync_an_hour_later(&school, &source).await;
        assert_eq!((provider.delta_requests(), whole.changes.people.removed), (0, 1), "{whole}");
        school.ignore_mail("access.rs tests the mails about lost access");
    }
}

#[tokio::test]
async fn provider_without_filter_support_gets_full_syncs() {
    for filter in [Filter::Refused, Filter::Ignored] {
        let school = School::start().await;
        let provider = Provider::start(Version::V12, &Roster::demo()).await;
        let source = source(&provider);
        provider.set_filter(filter);
        sync_an_hour_later(&school, &source).await;
        school.advance_clock(TimeDelta::hours(2));
        provider.edit("users", |users| users.retain(|user| user["sourcedId"] != "t-atkinson"));
        let report = sync_an_hour_later(&school, &source).await;
        assert_eq!(
            (provider.delta_requests(), report.changes.people.removed),
            (1, 1),
            "{filter:?}: {report}"
        );
        school.ignore_mail("access.rs tests the mails about lost access");
    }
}

#[tokio::test]
async fn failed_sync_does_not_skip_changes() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    let source = source(&provider);
    sync_an_hour_later(&school, &source).await;
    school.advance_clock(TimeDelta::hours(2));
    provider.edit_and_touch("users", "s-liz-aaron", school.now(), |user| {
        user["givenName"] = json!("Elizabeth")
    });
    provider.inject_fault("enrollments", 0, Fault::Status(500, Vec::new()));
    school.advance_clock(TimeDelta::minutes(61));
    assert!(sync_if_due(&deps(&school, short_timeouts()), &source).await.is_none());
    provider.clear_faults();
    school.advance_clock(TimeDelta::hours(3));
    let report = sync_an_hour_later(&school, &source).await;
    assert!(provider.delta_requests() > 0);
    assert_eq!(report.changes.people.changed, 1, "{report}");
}

#[tokio::test]
async fn bar_on_the_students_row_survives_a_delta_of_the_contact() {
    let school = School::start().await;
    let provider = Provider::start(Version::V12, &Roster::demo()).await;
    let source = source(&provider);
    provider.edit_and_touch("users", "s-liz-aaron", school.now() - TimeDelta::days(1), |user| {
        user["metadata"]["courtOrder"] = json!("true")
    });
    sync_an_hour_later(&school, &source).await;
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
    school.advance_clock(TimeDelta::hours(2));
    provider.edit_and_touch("users", "p-rachel-aaron", school.now(), |user| {
        user["givenName"] = json!("Rahel")
    });
    let report = sync_an_hour_later(&school, &source).await;
    assert_eq!(
        (report.changes.people.changed, report.changes.guardianships.changed),
        (1, 0),
        "{report}"
    );
    assert!(!sees_liz().await, "the delta did not contain the relative's row");
    school.ignore_mail("access.rs tests the mails about lost access");
}
