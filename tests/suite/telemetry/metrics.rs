//! Tests of `GET /metrics`, read by a parser and by Debian's `prometheus` itself.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use parlour::{
    app::App,
    metrics_listener,
    store::{
        ClaimResult, Db, outbox,
        roster_sources::{self, SyncTrigger},
    },
    telemetry::metrics::LeasedJob,
};
use serde_json::{Value, json};

use crate::harness::{School, bookable_classes, wait_until};

/// Path at which Debian's package installs it.
const PROMETHEUS: &str = "/usr/bin/prometheus";

/// Serves the metrics of a school's server and returns host and port.
async fn listen(school: &School) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let app: actix_web::web::Data<App> = school.app.clone();
    let (send, receive) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = metrics_listener::start(&app, listener).unwrap();
            send.send(()).unwrap();
            server.await.unwrap();
        });
    });
    receive.await.unwrap();
    at
}

/// The value of one sample, by its name with its labels; `None` if it is missing.
async fn sample(at: &str, name: &str) -> Option<f64> {
    let answer = reqwest::get(format!("http://{at}/metrics")).await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn requests_are_counted_by_operation_and_status() {
    let school = School::start().await;
    let at = listen(&school).await;
    let nobody = school.nobody();
    for _ in 0..3 {
        nobody.get("/school").await.is(200);
    }
    nobody.get("/me").await.is(401);
    assert_eq!(
        sample(&at, r#"parlour_http_requests_total{operation="get_school",status="200"}"#).await,
        Some(3.0)
    );
    assert_eq!(
        sample(&at, r#"parlour_http_requests_total{operation="get_me",status="401"}"#).await,
        Some(1.0)
    );
    assert_eq!(
        sample(&at, r#"parlour_http_request_duration_seconds_count{operation="get_school"}"#).await,
        Some(3.0)
    );
    assert!(
        sample(&at, r#"parlour_database_duration_seconds_count{kind="read"}"#).await > Some(0.0)
    );
    assert!(sample(&at, r#"parlour_database_wait_seconds_count{kind="write"}"#).await > Some(0.0));
    nobody.get("/metrics").await.is(404);
}

#[tokio::test]
async fn outbox_metrics_show_age_and_outcomes() {
    let school = School::start().await;
    let (at, parent) = (listen(&school).await, school.parent().await);
    let (due, oldest) =
        (r#"parlour_queue_due{queue="mail"}"#, r#"parlour_queue_oldest_due_seconds{queue="mail"}"#);
    let counted = r#"parlour_mails_total{template="bookings_made",outcome="sent"}"#;
    // The confirmations of the demo's own bookings are already counted.
    let before = sample(&at, counted).await;
    assert_eq!(sample(&at, due).await, Some(0.0));
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    school.advance_clock(chrono::TimeDelta::seconds(90));
    let waiting = sample(&at, due).await.unwrap();
    assert!(waiting >= 1.0);
    assert_eq!(sample(&at, oldest).await, Some(90.0));
    let sent = school.mails().await.len();
    assert_eq!(f64::from(u32::try_from(sent).unwrap()), waiting, "every due mail was sent");
    assert_eq!(sample(&at, due).await, Some(0.0));
    assert_eq!(sample(&at, oldest).await, Some(0.0));
    let after = sample(&at, counted).await;
    assert_eq!(after, Some(before.unwrap_or(0.0) + 1.0));
}

#[tokio::test]
async fn lost_mail_lease_is_counted() {
    let school = School::start().await;
    let parent = school.parent().await;
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let claim = async || {
        let now = school.now();
        let ClaimResult::Claimed(mut rows) =
            school.app.store.write(move |db| outbox::claim(db, now, 64, None)).await.unwrap()
        else {
            panic!("nothing is due")
        };
        rows.remove(0)
    };
    let first = claim().await;
    school.advance_clock(outbox::LEASE);
    let second = claim().await;
    assert_eq!(first.id, second.id);
    let settle = async |row: outbox::Claimed| {
        let now = school.now();
        school
            .app
            .store
            .write(move |db| outbox::settle(db, now, &row, &outbox::SendResult::Sent))
            .await
            .unwrap()
    };
    assert!(!settle(first).await, "a mail sent after its lease was lost is still marked as sent");
    assert!(!settle(second).await, "the other worker has already settled it");
    school.ignore_mail("this test sends no mail");
}

/// A running `prometheus` with its data in a folder of its own and its address; it is killed when
/// this is dropped.
struct Prometheus(Child, String);

impl Prometheus {
    fn start(folder: &Path, target: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.join("prometheus.yml");
        let scrape = json!({
            "scrape_configs": [{
                "job_name": "parlour",
                "scrape_interval": "1s",
                "static_configs": [{ "targets": [target] }],
            }]
        });
        // Prometheus reads YAML, which is a superset of JSON.
        fs::write(&config, scrape.to_string()).unwrap();
        let mut command = Command::new(PROMETHEUS);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
        command
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(
            command.spawn().unwrap_or_else(|error| {
                panic!("{PROMETHEUS}: {error}; the Debian package prometheus has it")
            }),
            format!("http://127.0.0.1:{port}"),
        )
    }

    /// The value of a query; `None` while there is none.
    async fn value(&self, query: &str) -> Option<String> {
        let client = reqwest::Client::new();
        let answer = client
            .post(format!("{}/api/v1/query", self.1))
            .form(&[("query", query)])
            .send()
            .await
            .ok()?;
        let answer: Value = answer.json().await.ok()?;
        Some(answer.pointer("/data/result/0/value/1")?.as_str()?.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn prometheus_scrapes_the_metrics() {
    let school = School::start().await;
    let at = listen(&school).await;
    school.nobody().get("/school").await.is(200);
    let folder = tempfile::TempDir::new().unwrap();
    let prometheus = Prometheus::start(folder.path(), &at);
    wait_until("the scrape", async || {
        prometheus.value("up{job=\"parlour\"}").await.as_deref() == Some("1")
    })
    .await;
    let counted =
        prometheus.value("sum(parlour_http_requests_total{operation=\"get_school\"})").await;
    assert_eq!(counted.as_deref(), Some("1"));
    assert!(prometheus.value("parlour_build_info").await.is_some());
}

/// The names of the metrics in a text, without the suffixes that Prometheus adds for histograms.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("parlour_"));
    words.map(|word| word.strip_suffix("_bucket").unwrap_or(word)).collect()
}

#[tokio::test]
async fn alerts_and_dashboard_use_existing_metrics() {
    let school = School::start().await;
    // A metric is exported only once it has a value.
    let jobs = &school.app.metrics.jobs;
    jobs.count_webhook("delivered");
    jobs.count_sync("source", "synced");
    jobs.count_lost_lease(LeasedJob::Mail);
    let ctx = school.app.context();
    let sync = move |db: &mut Db| {
        let lease = roster_sources::acquire(db, &ctx, "source", SyncTrigger::Now)?.unwrap();
        roster_sources::release(db, ctx.now, &lease, None, None)
    };
    school.app.store.write(sync).await.unwrap();
    school.nobody().get("/school").await.is(200);
    let metrics = reqwest::get(format!("http://{}/metrics", listen(&school).await))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let described: BTreeSet<String> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let is_there = |name: &str| {
        [name, name.trim_end_matches("_total"), name.trim_end_matches("_info")]
            .iter()
            .any(|name| described.contains(*name))
    };
    for file in ["docs/operate.md", "docs/operate/alerts.yml", "docs/operate/grafana.json"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file))
            .unwrap();
        let unknown: Vec<&str> = names(&text).into_iter().filter(|name| !is_there(name)).collect();
        assert!(unknown.is_empty() && names(&text).len() > 5, "{file}: {unknown:?}");
    }
    let documented =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md"))
            .unwrap();
    let missing: Vec<&String> =
        described.iter().filter(|name| !documented.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/operate.md: {missing:?}");
    let checked = Command::new("/usr/bin/promtool")
        .args(["check", "rules"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate/alerts.yml"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
