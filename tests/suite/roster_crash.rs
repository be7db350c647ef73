//! A process that is killed in the middle of a sync: the old roster stays whole, nothing of the new
//! one is there, and the next server goes on.

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

/// What the process that is to be killed works on: the provider, the database, and the time.
const CRASH_ENV: [&str; 3] =
    ["PARLOUR_CRASH_PROVIDER", "PARLOUR_CRASH_DATABASE", "PARLOUR_CRASH_TIME"];

/// It ends with the test, whatever becomes of that.
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

/// Syncs as another server would, until it is killed.
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
    panic!("the provider says nothing, so there is no end");
}

#[tokio::test]
async fn sync_killed_midway_leaves_the_old_roster() {
    // The same test plays both: started by itself it is the process that is killed.
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
    wait_until("the other server to be in the middle", async || {
        provider.request_count("enrollments") >= 2
    })
    .await;
    // SIGKILL: it has no chance to put anything in order.
    drop(other);

    assert_eq!(
        parent.get(&school.evening("/bookings")).await.is(200).body,
        before,
        "nothing of the new roster is there"
    );
    provider.clear_faults();
    let (source, deps) = (source(&provider.origin), deps(&school, short_timeouts()));
    let by_command =
        sync_with_lease(&deps, &source.provider, &source.options, SyncTrigger::Now, Extent::Whole)
            .await
            .unwrap();
    assert!(by_command.is_none(), "for all that is known the other server is still at it");
    school.advance_clock(TimeDelta::minutes(6));
    let report = sync_if_due(&deps, &source).await.expect("its turn is over");
    assert_eq!(report.changes.access_withdrawn, 1, "{report}");
    school.ignore_mail("what mail a loss of access sends is told in access.rs");
}
