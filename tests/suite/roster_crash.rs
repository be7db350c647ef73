//! Test of a process that is killed during a sync: the old roster stays whole, nothing of the new
//! one is stored, and the next server can sync.

use std::{
    env,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use parlour::{
    context::{FixedClock, Random},
    roster::{Deps, Extent, RosterSource, remote::Version, schedule::sync_if_due, sync_with_lease},
    store::{DatabaseUrl, Store, roster_sources::SyncTrigger},
};

use crate::harness::{
    Roster, School,
    provider::{Fault, Provider, deps, short_timeouts},
    wait_until,
};

/// Environment of the process that is to be killed: the provider, the database and the time.
const CRASH_ENV: [&str; 3] =
    ["PARLOUR_CRASH_PROVIDER", "PARLOUR_CRASH_DATABASE", "PARLOUR_CRASH_TIME"];

/// A child process that is killed when this is dropped.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn source(origin: &str) -> RosterSource {
    let list = format!(
        "[{{ url = \"{origin}\", token_url = \"{origin}/token\", client_id = \"parlour\", secret \
         = \"s3cret+/\", every = \"1h\", schools = [\"hillcrest\"] }}]"
    );
    RosterSource::parse_all(&list, None).unwrap().remove(0)
}

/// Syncs as another server would, until the process is killed.
async fn sync_until_killed([origin, database, now]: [String; 3]) {
    parlour::mail::install_tls();
    let (url, now) =
        (DatabaseUrl::parse(&database).unwrap(), now.parse::<DateTime<Utc>>().unwrap());
    let store = Store::open(&url, 2).unwrap();
    let deps = Deps {
        store,
        clock: Arc::new(FixedClock::at(now)),
        random: Random::seeded(7),
        limits: short_timeouts(),
        metrics: parlour::telemetry::metrics::JobMetrics::default(),
    };
    sync_if_due(&deps, &source(&origin)).await;
    panic!("the sync ended although the provider does not answer");
}

#[tokio::test]
async fn sync_killed_midway_leaves_the_old_roster() {
    // This test runs in both processes: with these variables it is the process that is killed.
    if let Some(of) = CRASH_ENV.iter().map(|name| env::var(name).ok()).collect::<Option<Vec<_>>>() {
        return sync_until_killed(of.try_into().unwrap()).await;
    }
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::without_sophie()).await;
    let parent = school.parent().await;
    let before = parent.get(&school.evening("/bookings")).await.is(200).body;
    provider.inject_fault("enrollments", 2, Fault::Silence);
    let mut other = Command::new(env::current_exe().unwrap());
    other.args(["--exact", "roster_crash::sync_killed_midway_leaves_the_old_roster"]);
    other.envs(CRASH_ENV.into_iter().zip([
        provider.origin.clone(),
        school.database_url(),
        school.now().to_rfc3339(),
    ]));
    let other = KillOnDrop(other.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    wait_until("the other server to reach the enrolments", async || {
        provider.request_count("enrollments") >= 2
    })
    .await;
    // SIGKILL leaves the process no chance to clean up.
    drop(other);

    assert_eq!(
        parent.get(&school.evening("/bookings")).await.is(200).body,
        before,
        "nothing of the new roster is stored"
    );
    provider.clear_faults();
    let (source, deps) = (source(&provider.origin), deps(&school, short_timeouts()));
    let by_command =
        sync_with_lease(&deps, &source.provider, &source.options, SyncTrigger::Now, Extent::Whole)
            .await
            .unwrap();
    assert!(by_command.is_none(), "the other server still holds the lease");
    school.advance_clock(TimeDelta::minutes(6));
    let report = sync_if_due(&deps, &source).await.expect("the lease has expired");
    assert_eq!(report.changes.access_withdrawn, 1, "{report}");
    school.ignore_mail("access.rs tests the mails about lost access");
}
