//! A roster over REST: whole or not at all, the same as from files, and stopped when too much would
//! go.

use std::time::Duration;

use parlour::roster::{
    ImportOptions, ImportReport, RemovalLimit,
    remote::{Limits, Version},
};
use serde_json::json;

use crate::harness::{
    Roster, School,
    provider::{Fault, Paging, Provider, impatient},
};

const VERSIONS: [Version; 2] = [Version::V11, Version::V12];

fn all() -> ImportOptions {
    ImportOptions::default()
}

fn dry() -> ImportOptions {
    ImportOptions { dry_run: true, ..all() }
}

/// Added, changed and removed rows of all kinds.
fn touched(report: &ImportReport) -> u64 {
    let changes = &report.changes;
    [changes.people, changes.guardianships, changes.classes, changes.enrolments]
        .iter()
        .map(|counts| counts.added + counts.changed + counts.removed)
        .sum()
}

#[tokio::test]
async fn the_same_school_from_files_and_over_rest_is_the_same() {
    let (school, files) = (School::start().await, Roster::of_the_demo());
    let from_files = files.import(&school).await;
    for version in VERSIONS {
        let provider = Provider::start(version, &files).await;
        let report = provider.sync(&school, all()).await.unwrap();
        assert_eq!(touched(&report), 0, "{report}");
        assert_eq!(report.users_by_role, from_files.users_by_role);
        assert_eq!(report.changes, from_files.changes);
        let reasons = |report: &ImportReport| {
            report.findings.iter().map(|finding| finding.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons(&report), reasons(&from_files), "{report}");
        assert_eq!(provider.asked("token"), 1, "one token does for all");
    }
}

#[tokio::test]
async fn pages_of_any_size_make_the_same_roster() {
    let (school, files) = (School::start().await, Roster::of_the_demo());
    for (version, paging) in [
        (Version::V11, Paging::Links),
        (Version::V12, Paging::Count),
        (Version::V11, Paging::Silent),
    ] {
        let provider = Provider::start(version, &files).await;
        provider.pages(paging, &[7, 100, 1, 64]);
        let report = provider.sync(&school, all()).await.unwrap();
        assert_eq!(touched(&report), 0, "{paging:?}: {report}");
        assert!(provider.asked("users") > 4 && report.changes.people.unchanged > 200);
    }
}

#[tokio::test]
async fn a_token_that_runs_out_is_replaced() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V11, &Roster::of_the_demo()).await);
    provider.pages(Paging::Count, &[50]);
    provider.tokens_wear_out(3);
    assert_eq!(touched(&provider.sync(&school, all()).await.unwrap()), 0);
    assert!(provider.asked("token") > 3, "a token was good for three pages");
    provider.tokens_wear_out(usize::MAX);
    provider.tokens_last(0);
    provider.mend();
    assert_eq!(touched(&provider.sync(&school, all()).await.unwrap()), 0);
    let pages: usize = ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"]
        .iter()
        .map(|name| provider.asked(name))
        .sum();
    assert_eq!(
        provider.asked("token"),
        pages,
        "one that is over is not used, and each page gets its own"
    );
    provider.tokens_wear_out(0);
    refused(&provider, &school, impatient(), "refuses the token that it has just given").await;
}

#[tokio::test]
async fn a_provider_that_is_busy_is_asked_again() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V12, &Roster::of_the_demo()).await);
    provider.fault("orgs", 1, Fault::Status(429, vec![("Retry-After", "0".to_owned())]));
    provider.fault("orgs", 2, Fault::Status(503, vec![("Retry-After", "1".to_owned())]));
    provider.fault("users", 2, Fault::Status(502, Vec::new()));
    provider.fault("token", 1, Fault::Status(503, Vec::new()));
    provider.fault("enrollments", 1, Fault::Silence);
    let limits = Limits { request: Duration::from_secs(2), ..impatient() };
    assert_eq!(touched(&provider.sync_within(&school, all(), limits).await.unwrap()), 0);
    assert_eq!(provider.asked("orgs"), 3);
}

#[tokio::test]
async fn what_changes_while_it_is_read_is_read_again() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V11, &Roster::of_the_demo()).await);
    provider.fault("enrollments", 2, Fault::Shrink);
    let report = provider.sync(&school, all()).await.unwrap();
    assert_eq!(
        (touched(&report), report.changes.enrolments.removed),
        (1, 1),
        "the one that went, and none that was missed: {report}"
    );
    school.ignore_mail("one enrolment less is no concern of this test's mail");
}

async fn refused(provider: &Provider, school: &School, limits: Limits, why: &str) {
    let error = provider.sync_within(school, all(), limits).await.expect_err(why);
    let text = format!("{error:#}");
    assert!(text.contains(why), "{why:?} is not in {text:?}");
    assert!(!text.contains("s3cret") && !text.contains("Bearer"), "{text}");
    provider.mend();
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_the_old_roster_whole() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::without_sophie()).await;
    let moved = |to: String| Fault::Status(302, vec![("Location", to)]);
    let faults = [
        ("enrollments", 0, Fault::Status(500, Vec::new()), "given up after 3 tries"),
        (
            "enrollments",
            3,
            Fault::Text("{\"enrollments\": [{\"sourcedId\""),
            "the answer is not JSON",
        ),
        ("enrollments", 2, Fault::Text("{\"enrolments\": []}"), "has no list"),
        ("enrollments", 2, Fault::Text("{\"enrollments\": [7]}"), "something else than objects"),
        ("enrollments", 2, Fault::Status(403, Vec::new()), "roster-core.readonly"),
        (
            "enrollments",
            2,
            Fault::Status(429, vec![("Retry-After", "86400".to_owned())]),
            "asks to come back in 86400 s",
        ),
        ("enrollments", 4, Fault::Status(404, Vec::new()), "the provider answers 404"),
        ("classes", 1, Fault::Status(404, Vec::new()), "no such collection"),
        (
            "users",
            2,
            moved("https://evil.example.org/".to_owned()),
            "redirect to https://evil.example.org/, which is not followed",
        ),
        (
            "users",
            1,
            Fault::Header("Link", "<https://evil.example.org/users>; rel=\"next\"".to_owned()),
            "leads to another server",
        ),
        ("token", 1, Fault::Status(401, Vec::new()), "refuses the client"),
    ];
    for (place, number, fault, why) in faults {
        provider.fault(place, number, fault);
        refused(&provider, &school, impatient(), why).await;
    }
    refused(
        &provider,
        &school,
        Limits { answer_bytes: 2_000, ..impatient() },
        "an answer of over 2000 bytes",
    )
    .await;
    provider.fault("enrollments", 0, Fault::Silence);
    refused(
        &provider,
        &school,
        Limits { request: Duration::from_millis(300), ..impatient() },
        "given up after 3 tries",
    )
    .await;
    let parent = school.parent().await;
    parent.get("/me").await.is(200);
    let whole = Roster::of_the_demo().import(&school).await;
    assert_eq!(touched(&whole), 0, "nothing of it was written: {whole}");
}

#[tokio::test]
async fn an_answer_of_the_other_version_is_refused() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    provider.change("users", |users| {
        users.iter_mut().for_each(|user| _ = user.as_object_mut().unwrap().remove("role"))
    });
    refused(&provider, &school, impatient(), "users has no column role").await;
    let provider = Provider::start(Version::V12, &Roster::of_the_demo()).await;
    provider.change("users", |users| {
        users.iter_mut().for_each(|user| _ = user.as_object_mut().unwrap().remove("roles"))
    });
    refused(&provider, &school, impatient(), "users has no column roles").await;
}

#[tokio::test]
async fn who_loses_a_student_by_a_sync_is_out_and_the_office_is_told() {
    let school = School::start().await;
    let (parent, guest) = (school.parent().await, school.guest().await);
    let provider = Provider::start(Version::V12, &Roster::without_sophie()).await;
    let promised = provider.sync(&school, dry()).await.unwrap();
    parent.get("/me").await.is(200);
    let difference = "    - guardianship Rachel Aaron (parent, p-rachel-aaron) of Sophie Aaron \
                      (student, s-sophie-aaron)\n";
    let text = promised.to_string();
    assert!(
        text.starts_with("Dry run: nothing was written.") && text.contains(difference),
        "{text}"
    );
    let report = provider.sync(&school, all()).await.unwrap();
    assert_eq!((report.changes.access_withdrawn, &report.changes), (1, &promised.changes));
    parent.get("/me").await.refuses(410, "access_ended");
    guest.get("/guest/appointments").await.refuses(410, "access_ended");
    let mut told: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    told.sort();
    assert_eq!(
        told,
        ["helen.okafor@example.org", "jordan.aaron@example.org", "rachel.aaron@example.org"]
    );
    assert_eq!(
        touched(&provider.sync(&school, all()).await.unwrap()),
        0,
        "the same again changes nothing"
    );
}

#[tokio::test]
async fn what_the_provider_calls_deleted_is_removed() {
    let school = School::start().await;
    for (version, user) in VERSIONS.into_iter().zip(["t-abell", "t-atkinson"]) {
        let provider = Provider::start(version, &Roster::of_the_demo()).await;
        provider.change("users", |users| {
            users
                .iter_mut()
                .filter(|one| one["sourcedId"] == user)
                .for_each(|one| one["status"] = json!("tobedeleted"))
        });
        let report = provider.sync(&school, dry()).await.unwrap();
        assert_eq!(report.changes.people.removed, 1, "{report}");
        assert!(report.changes.enrolments.removed > 0);
    }
}

#[tokio::test]
async fn a_sync_that_would_remove_too_much_is_refused() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    // The provider has lost a fifth of the enrolments.
    provider.change("enrollments", |rows| rows.truncate(rows.len() * 4 / 5));
    let stopped = provider.sync(&school, all()).await.unwrap();
    let kinds: Vec<&str> = stopped.stopped.iter().map(|stop| stop.kind).collect();
    assert_eq!(kinds, ["enrolments", "appointments"], "{stopped}");
    let text = stopped.to_string();
    assert!(
        text.contains("Refused: nothing was written")
            && text.contains("more than 10 %")
            && text.contains("--allow-removals"),
        "{text}"
    );
    assert_eq!(touched(&Roster::of_the_demo().import(&school).await), 0, "nothing was removed");
    let looser = ImportOptions { limit: Some(RemovalLimit { percent: 50 }), ..dry() };
    assert_eq!(provider.sync(&school, looser).await.unwrap().stopped, []);
    let allowed = provider.sync(&school, ImportOptions { limit: None, ..all() }).await.unwrap();
    assert!(allowed.stopped.is_empty() && allowed.changes.enrolments.removed > 100, "{allowed}");
    school.ignore_mail(
        "what becomes of appointments of classes that went is the import's test's concern",
    );
}

#[tokio::test]
async fn without_courses_and_sessions_classes_go_by_their_own_titles() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    for optional in ["courses", "academicSessions"] {
        provider.fault(optional, 0, Fault::Status(404, Vec::new()));
    }
    let report = provider.sync(&school, dry()).await.unwrap();
    assert_eq!(
        (report.changes.people.changed, report.changes.enrolments.removed),
        (0, 0),
        "{report}"
    );
    assert!(report.changes.classes.changed > 0 && report.changes.classes.removed == 0);
}
