//! Tests of imports from files: dry run, first import, repeated import and the report.

use std::{fs, path::PathBuf};

use parlour_roster::{Push, PushedPerson};
use tempfile::TempDir;

use super::{Import, ImportOptions, ImportReport, import, push};
use crate::{
    context::{Context, Random},
    store::{
        Store,
        events::Actor,
        schools,
        sources::{Origin, SourceKind},
        test_database::TestDatabase,
    },
};

fn store() -> (TestDatabase, Store, Context) {
    let database = TestDatabase::new();
    let store = database.store(2);
    (database, store, Context::new("2026-11-23T16:00:00Z".parse().unwrap(), Random::seeded(1)))
}

fn files() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("manifest.csv", "propertyName,value\noneroster.version,1.1\n");
    write(
        "orgs.csv",
        "sourcedId,name,type\nsch,St Zoë’s School,school\nsch2,St Zoë’s School,school\n",
    );
    write(
        "users.csv",
        "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\ns1,sch,student,\
         S,A,,\nm1,sch,parent,M,A,m1@example.org,s1\nt1,\"sch,sch2\",teacher,T,B,oops,\n",
    );
    write("classes.csv", "sourcedId,title,schoolSourcedId\nc1,Art,sch\n");
    write("enrollments.csv", "classSourcedId,userSourcedId,role\nc1,s1,student\nc1,t1,teacher\n");
    folder
}

async fn run(store: &Store, ctx: &Context, files: &TempDir, dry_run: bool) -> ImportReport {
    import(store, ctx, files.path(), ImportOptions { dry_run, ..ImportOptions::default() })
        .await
        .unwrap()
}

#[tokio::test]
async fn reimporting_files_changes_nothing() {
    let ((_database, store, ctx), files) = (store(), files());
    let dry = run(&store, &ctx, &files, true).await;
    let first = run(&store, &ctx, &files, false).await;
    assert_eq!(
        dry.changes, first.changes,
        "a dry run reports what the import would do and writes nothing"
    );
    assert_eq!(
        (
            first.changes.people.added,
            first.changes.guardianships.added,
            first.changes.enrolments.added
        ),
        (4, 1, 2)
    );
    let slugs: Vec<&str> = first.schools.iter().map(|school| school.slug.as_str()).collect();
    assert_eq!(slugs, ["st-zo-s-school", "st-zo-s-school-2"]);
    assert_eq!(first.users_by_role["teacher"], 2);
    let again = run(&store, &ctx, &files, false).await.changes;
    assert_eq!(
        (again.people.unchanged, again.people.added, again.people.changed, again.people.removed),
        (4, 0, 0, 0)
    );
    assert_eq!(
        (again.guardianships.unchanged, again.classes.unchanged, again.enrolments.unchanged),
        (1, 1, 2)
    );
}

/// Checks whether a delta with these rows removes the guardianship of a mother whose own row lists
/// the student.
async fn check_delta(users: &str, removed: u64) {
    let ((_database, store, ctx), files) = (store(), files());
    run(&store, &ctx, &files, false).await;
    let kinds = ["orgs", "users", "classes", "enrollments"]
        .map(|kind| format!("file.{kind},delta\n"))
        .concat();
    fs::write(
        files.path().join("manifest.csv"),
        format!("propertyName,value\noneroster.version,1.1\n{kinds}"),
    )
    .unwrap();
    let header = "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\n";
    fs::write(files.path().join("users.csv"), format!("{header}{users}")).unwrap();
    let changes = run(&store, &ctx, &files, false).await.changes;
    assert_eq!(
        (changes.people.removed, changes.guardianships.removed, changes.access_withdrawn),
        (0, removed, removed),
        "{users}"
    );
    assert_eq!(changes.guardianships.unchanged, 1 - removed, "{users}");
}

#[tokio::test]
async fn delta_removes_a_link_only_if_both_rows_omit_it() {
    check_delta("s1,sch,student,Sam,A,,m1\n", 0).await;
    check_delta("s1,sch,student,Sam,A,,f1\n", 0).await;
    check_delta("m1,sch,parent,Mo,A,m1@example.org,s2\n", 0).await;
    // The mother's row names no org.
    check_delta("m1,,parent,Mo,A,m1@example.org,s1\n", 0).await;
    check_delta("m1,,parent,Mo,A,m1@example.org,s2\n", 0).await;
    check_delta("s1,sch,student,Sam,A,,f1\nm1,sch,parent,Mo,A,m1@example.org,s2\n", 1).await;
    check_delta("s1,sch,student,Sam,A,,f1\nm1,sch,parent,M,A,m1@example.org,\n", 1).await;
}

#[tokio::test]
async fn push_compares_only_related_rows() {
    let ((_database, store, ctx), files) = (store(), files());
    run(&store, &ctx, &files, false).await;
    let school = store.read(|db| Ok(schools::by_sourced_id(db, "sch")?.unwrap())).await.unwrap();
    let one = PushedPerson {
        sourced_id: "s1".to_owned(),
        given_name: "Sam".to_owned(),
        roles: vec!["student".to_owned()],
        ..PushedPerson::default()
    };
    let by = push::PushAuthor { actor: Actor::school(), may_write_staff: true };
    let check = async |row: PushedPerson, people: [u64; 3], links: [u64; 3], places: [u64; 3]| {
        let pushed =
            push::push(&store, &ctx, school, &by, Push::People(vec![(0, row)])).await.unwrap();
        let changes = &pushed.plan.changes;
        let seen = [changes.people, changes.guardianships, changes.enrolments]
            .map(|counts| [counts.changed, counts.removed, counts.unchanged]);
        assert_eq!((seen, pushed.plan.lines.len()), ([people, links, places], 0));
    };
    check(one.clone(), [1, 0, 0], [0, 0, 1], [0, 0, 1]).await;
    check(PushedPerson { remove: true, ..one }, [0, 1, 0], [0, 1, 0], [0, 1, 0]).await;
    let whole = run(&store, &ctx, &files, true).await.changes;
    assert_eq!(
        (
            whole.people.added,
            whole.people.unchanged,
            whole.guardianships.added,
            whole.enrolments.added
        ),
        (1, 3, 1, 1),
        "the other people are unchanged"
    );
}

#[tokio::test]
async fn report_is_readable_and_serializes_to_json() {
    let ((_database, store, ctx), files) = (store(), files());
    let report = run(&store, &ctx, &files, true).await;
    let text = report.to_string();
    for part in [
        "Dry run",
        "St Zoë’s School (sch)",
        "1 parent, 1 student, 1 teacher",
        "users.csv:4: \"oops\" is not an email address",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"][0]["reason"], "bad_email");
    assert_eq!(json["schools"][0]["changes"]["people"]["added"], 3);
}

#[tokio::test]
async fn grand_bend_reimport_changes_nothing() {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/grand-bend-elementary-oneroster-1.1");
    if !shared.is_dir() {
        return;
    }
    let (_database, store, ctx) = store();
    let first = import(&store, &ctx, &shared, ImportOptions::default()).await.unwrap().changes;
    assert_eq!(
        (
            first.people.added,
            first.guardianships.added,
            first.classes.added,
            first.enrolments.added
        ),
        (1195, 765, 256, 2652)
    );
    let again = import(&store, &ctx, &shared, ImportOptions::default()).await.unwrap().changes;
    assert_eq!(
        (
            again.people.unchanged,
            again.guardianships.unchanged,
            again.classes.unchanged,
            again.enrolments.unchanged
        ),
        (1195, 765, 256, 2652)
    );
}

#[tokio::test]
async fn removal_limit_counts_rows_added_after_the_preview() {
    let ((_database, store, ctx), files) = (store(), files());
    run(&store, &ctx, &files, false).await;
    let roster = parlour_roster::read(files.path(), None).unwrap();
    let options = ImportOptions::default();
    let mut import =
        Import::new(&store, &ctx, roster, &options, Origin::new(SourceKind::File, "files"), None);
    import.plan_all().await.unwrap();
    assert!(!import.report.is_refused());
    // A concurrent import adds people that these files lack.
    let users = fs::read_to_string(files.path().join("users.csv")).unwrap();
    let more: String =
        (0..20).map(|number| format!("new{number},sch,student,New,{number},,\n")).collect();
    fs::write(files.path().join("users.csv"), format!("{users}{more}")).unwrap();
    run(&store, &ctx, &files, false).await;
    let report = import.write().await.unwrap();
    assert_eq!(
        report.stopped.iter().map(|stop| (stop.kind, stop.removed)).collect::<Vec<_>>(),
        [("people", 20)]
    );
    assert!(report.schools[0].import_id.is_none(), "nothing was written");
    assert_eq!(
        run(&store, &ctx, &files, true).await.changes.people.added,
        0,
        "the people are still there"
    );
}
