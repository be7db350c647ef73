//! Tests of syncs over REST: all or nothing, the same result as from files, and refused above the
//! removal limit.

use std::time::Duration;

use parlour::roster::{
    ImportOptions, ImportReport, RemovalLimit,
    remote::{Limits, Version},
};
use serde_json::json;

use crate::harness::{
    Roster, School,
    provider::{Fault, Paging, Provider, short_timeouts},
};

const VERSIONS: [Version; 2] = [Version::V11, Version::V12];

fn all() -> ImportOptions {
    ImportOptions::default()
}

fn dry() -> ImportOptions {
    ImportOptions { dry_run: true, ..all() }
}

/// The number of added, changed and removed rows of all kinds.
fn changed_rows(report: &ImportReport) -> u64 {
    let changes = &report.changes;
    [changes.people, changes.guardianships, changes.classes, changes.enrolments]
        .iter()
        .map(|counts| counts.added + counts.changed + counts.removed)
        .sum()
}

#[tokio::test]
async fn rest_sync_equals_file_import() {
    let (school, files) = (School::start().await, Roster::demo());
    let from_files = files.import(&school).await;
    for version in VERSIONS {
        let provider = Provider::start(version, &files).await;
        let report = provider.sync(&school, all()).await.unwrap();
        assert_eq!(changed_rows(&report), 0, "{report}");
        assert_eq!(report.users_by_role, from_files.users_by_role);
        assert_eq!(report.changes, from_files.changes);
        let reasons = |report: &ImportReport| {
            report.findings.iter().map(|finding| finding.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons(&report), reasons(&from_files), "{report}");
        assert_eq!(provider.request_count("token"), 1, "one token is enough");
    }
}

#[tokio::test]
async fn page_size_does_not_affect_the_roster() {
    let (school, files) = (School::start().await, Roster::demo());
    for (version, paging) in [
        (Version::V11, Paging::Links),
        (Version::V12, Paging::Count),
        (Version::V11, Paging::Silent),
    ] {
        let provider = Provider::start(version, &files).await;
        provider.set_paging(paging, &[7, 100, 1, 64]);
        let report = provider.sync(&school, all()).await.unwrap();
        assert_eq!(changed_rows(&report), 0, "{paging:?}: {report}");
        assert!(provider.request_count("users") > 4 && report.changes.people.unchanged > 200);
    }
}

#[tokio::test]
async fn expired_token_is_renewed() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V11, &Roster::demo()).await);
    provider.set_paging(Paging::Count, &[50]);
    provider.limit_token_uses(3);
    assert_eq!(changed_rows(&provider.sync(&school, all()).await.unwrap()), 0);
    assert!(provider.request_count("token") > 3, "a token was good for three pages");
    provider.limit_token_uses(usize::MAX);
    provider.set_token_lifetime(0);
    provider.clear_faults();
    assert_eq!(changed_rows(&provider.sync(&school, all()).await.unwrap()), 0);
    let pages: usize = ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"]
        .iter()
        .map(|name| provider.request_count(name))
        .sum();
    assert_eq!(
        provider.request_count("token"),
        pages,
        "an expired token is not used, so each page needs a new one"
    );
    provider.limit_token_uses(0);
    refused(&provider, &school, short_timeouts(), "refuses the token that it has just given").await;
}

#[tokio::test]
async fn busy_provider_is_retried() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V12, &Roster::demo()).await);
    provider.inject_fault("orgs", 1, Fault::Status(429, vec![("Retry-After", "0".to_owned())]));
    provider.inject_fault("orgs", 2, Fault::Status(503, vec![("Retry-After", "1".to_owned())]));
    provider.inject_fault("users", 2, Fault::Status(502, Vec::new()));
    provider.inject_fault("token", 1, Fault::Status(503, Vec::new()));
    provider.inject_fault("enrollments", 1, Fault::Silence);
    let limits = Limits { request: Duration::from_secs(2), ..short_timeouts() };
    assert_eq!(changed_rows(&provider.sync_with_limits(&school, all(), limits).await.unwrap()), 0);
    assert_eq!(provider.request_count("orgs"), 3);
}

#[tokio::test]
async fn collection_changed_while_reading_is_reread() {
    let (school, provider) =
        (School::start().await, Provider::start(Version::V11, &Roster::demo()).await);
    provider.inject_fault("enrollments", 2, Fault::Shrink);
    let report = provider.sync(&school, all()).await.unwrap();
    assert_eq!(
        (changed_rows(&report), report.changes.enrolments.removed),
        (1, 1),
        "the one that went, and none that was missed: {report}"
    );
    school.ignore_mail("the missing enrolment may send mail");
}

async fn refused(provider: &Provider, school: &School, limits: Limits, why: &str) {
    let error = provider.sync_with_limits(school, all(), limits).await.expect_err(why);
    let text = format!("{error:#}");
    assert!(text.contains(why), "{why:?} is not in {text:?}");
    assert!(!text.contains("s3cret") && !text.contains("Bearer"), "{text}");
    provider.clear_faults();
}

#[tokio::test]
async fn failed_sync_leaves_the_old_roster() {
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
        provider.inject_fault(place, number, fault);
        refused(&provider, &school, short_timeouts(), why).await;
    }
    refused(
        &provider,
        &school,
        Limits { answer_bytes: 2_000, ..short_timeouts() },
        "an answer of over 2000 bytes",
    )
    .await;
    provider.inject_fault("enrollments", 0, Fault::Silence);
    refused(
        &provider,
        &school,
        Limits { request: Duration::from_millis(300), ..short_timeouts() },
        "given up after 3 tries",
    )
    .await;
    let parent = school.parent().await;
    parent.get("/me").await.is(200);
    let whole = Roster::demo().import(&school).await;
    assert_eq!(changed_rows(&whole), 0, "the failed sync must not write anything: {whole}");
}

#[tokio::test]
async fn response_of_the_other_version_is_refused() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    provider.edit("users", |users| {
        users.iter_mut().for_each(|user| _ = user.as_object_mut().unwrap().remove("role"))
    });
    refused(&provider, &school, short_timeouts(), "users has no column role").await;
    let provider = Provider::start(Version::V12, &Roster::demo()).await;
    provider.edit("users", |users| {
        users.iter_mut().for_each(|user| _ = user.as_object_mut().unwrap().remove("roles"))
    });
    refused(&provider, &school, short_timeouts(), "users has no column roles").await;
}

#[tokio::test]
async fn sync_removing_a_link_ends_access_and_mails_the_office() {
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
        changed_rows(&provider.sync(&school, all()).await.unwrap()),
        0,
        "the same again changes nothing"
    );
}

#[tokio::test]
async fn rows_marked_deleted_are_removed() {
    let school = School::start().await;
    for (version, user) in VERSIONS.into_iter().zip(["t-abell", "t-atkinson"]) {
        let provider = Provider::start(version, &Roster::demo()).await;
        provider.edit("users", |users| {
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
async fn sync_above_the_removal_limit_is_refused() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    // The provider has lost a fifth of the enrolments.
    provider.edit("enrollments", |rows| rows.truncate(rows.len() * 4 / 5));
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
    assert_eq!(changed_rows(&Roster::demo().import(&school).await), 0, "nothing was removed");
    let looser = ImportOptions { limit: Some(RemovalLimit { percent: 50 }), ..dry() };
    assert_eq!(provider.sync(&school, looser).await.unwrap().stopped, []);
    let allowed = provider.sync(&school, ImportOptions { limit: None, ..all() }).await.unwrap();
    assert!(allowed.stopped.is_empty() && allowed.changes.enrolments.removed > 100, "{allowed}");
    school.ignore_mail("the tests of imports cover the appointments of removed classes");
}

#[tokio::test]
async fn classes_without_courses_use_their_own_titles() {
    let school = School::start().await;
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    for optional in ["courses", "academicSessions"] {
        provider.inject_fault(optional, 0, Fault::Status(404, Vec::new()));
    }
    let report = provider.sync(&school, dry()).await.unwrap();
    assert_eq!(
        (report.changes.people.changed, report.changes.enrolments.removed),
        (0, 0),
        "{report}"
    );
    assert!(report.changes.classes.changed > 0 && report.changes.classes.removed == 0);
}
