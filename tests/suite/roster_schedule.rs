//! Syncs by themselves: when they are due, on one server at a time, and staff hear once of one that was stopped.

use chrono::TimeDelta;
use futures_util::future::join;
use parlour::roster::{RosterSource, remote::Version, schedule::sync_if_due, sync_in_turn};
use parlour::store::roster_sources::Turn;

use crate::harness::{
    Roster, School, Shared,
    provider::{Fault, Provider, deps, impatient},
};

/// The provider as a table of the settings, every hour.
fn source(provider: &Provider) -> RosterSource {
    let list = format!(
        "[{{ url = \"{0}\", token_url = \"{0}/token\", client_id = \"parlour\", secret = \"s3cret+/\", version = \"{1}\", every = \"1h\" }}]",
        provider.origin, provider.version
    );
    RosterSource::parse_all(&list, None).unwrap().remove(0)
}

#[tokio::test]
async fn of_two_servers_one_syncs_what_is_due() {
    let school = School::start().await;
    let other = school.second_node(Shared::Nothing).await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    let source = source(&provider);
    let (here, there) = (deps(&school, impatient()), deps(&other, impatient()));
    let both = join(sync_if_due(&here, &source), sync_if_due(&there, &source)).await;
    assert_eq!([&both.0, &both.1].iter().filter(|report| report.is_some()).count(), 1, "one of them had the turn");
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
        crate::harness::until("the sync to come to the enrolments", async || provider.asked("enrollments") > 0).await;
        sync_in_turn(&deps, &source.provider, &options, Turn::Now, |_, _| None).await.unwrap().is_none()
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
        assert_eq!(report.stopped.len(), 1);
        school.wait(TimeDelta::minutes(61));
    }
    let mails = school.mails().await;
    let told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(told, ["helen.okafor@example.org"]);
    assert!(mails[0].text.contains("The roster was not updated"), "{}", mails[0].text);
}
