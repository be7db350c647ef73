//! Tests of damaged rosters (`tests/cases`): each is imported over a good roster whose people have
//! appointments.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour::{
    config::Mode,
    context::{Context, Random},
    evening_file,
    roster::{self, ImportOptions, ImportReport},
    schema::{bookings, classes, guardianships, people},
    store::{
        DatabaseUrl, Db, Store,
        bookings::{self as booking, NewBooking, OnBehalfOf},
        evenings::EveningRow,
        events::Actor,
        metadata,
        sql_types::Key,
    },
};

use crate::harness::Database;

/// Number of families with an appointment, each in the class of the first teacher.
const BOOKED: usize = 20;

/// A database with the good roster, an evening, and an appointment of each family.
struct Booked {
    store: Store,
    now: DateTime<Utc>,
    _database: Database,
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

impl Booked {
    async fn new() -> Self {
        let (database, now) = (Database::empty(), "2026-11-23T10:00:00Z".parse().unwrap());
        let store = Store::open(&DatabaseUrl::parse(&database.url).unwrap(), 2).unwrap();
        store.migrate().unwrap();
        store.write(|db| metadata::claim_for_mode(db, Mode::Demo)).await.unwrap().unwrap();
        let mut booked = Self { store, now, _database: database };
        let report = booked.import("00-good", ImportOptions::default()).await.unwrap();
        assert!(report.to_string().contains("Every row was used."), "{report}");
        let evening = std::fs::read_to_string(case("evening.toml")).unwrap();
        let ctx = booked.ctx();
        evening_file::load(&booked.store, &ctx, &evening).await.unwrap();
        // Each family books in a transaction of its own.
        for number in 1..=BOOKED {
            let seed = booked.now.timestamp().unsigned_abs() * 100 + number as u64;
            let ctx = Context::new(booked.now, Random::seeded(seed));
            booked.store.write(move |db| book(db, &ctx, number)).await.unwrap();
        }
        assert_eq!(booked.live_bookings().await, BOOKED);
        booked
    }

    /// A context one minute later, whose ids differ from those of every other minute.
    fn ctx(&mut self) -> Context {
        self.now += TimeDelta::minutes(1);
        Context::new(self.now, Random::seeded(self.now.timestamp().unsigned_abs()))
    }

    async fn import(&mut self, name: &str, options: ImportOptions) -> anyhow::Result<ImportReport> {
        let ctx = self.ctx();
        roster::import(&self.store, &ctx, &case(name), options).await
    }

    /// Counts the live appointments.
    async fn live_bookings(&self) -> usize {
        let count: i64 = self
            .store
            .read(|db| {
                Ok(bookings::table
                    .filter(bookings::cancelled_at.is_null())
                    .count()
                    .get_result(db)?)
            })
            .await
            .unwrap();
        count.try_into().unwrap()
    }

    /// The roster ids of all current people, and of those who are allowed contact by a live
    /// guardianship.
    async fn people(&self) -> (Vec<String>, Vec<String>) {
        let read = |db: &mut Db| {
            let there =
                people::table.filter(people::removed_at.is_null()).order(people::sourced_id);
            let all = there.select(people::sourced_id).load(db)?;
            let linked = guardianships::table.filter(
                guardianships::removed_at.is_null().and(guardianships::contact_allowed.eq(true)),
            );
            let linked = there.filter(people::id.eq_any(linked.select(guardianships::parent_id)));
            Ok((all, linked.select(people::sourced_id).load(db)?))
        };
        self.store.read(read).await.unwrap()
    }
}

/// Books the n-th slot of the class `c1` for the n-th family.
fn book(db: &mut Db, ctx: &Context, number: usize) -> parlour::store::Result<()> {
    let evening: EveningRow =
        parlour::schema::evenings::table.select(EveningRow::as_select()).first(db)?;
    let class: Key =
        classes::table.filter(classes::sourced_id.eq("c1")).select(classes::id).first(db)?;
    let id = |name: String, db: &mut Db| {
        people::table.filter(people::sourced_id.eq(name)).select(people::id).first::<Key>(db)
    };
    let (parent, student) = (id(format!("p{number}"), db)?, id(format!("s{number}"), db)?);
    let acting = OnBehalfOf { parent: parent.into(), actor: Actor::school(), is_staff: false };
    let starts_at = *evening.starts_at + TimeDelta::minutes(5 * i64::try_from(number).unwrap());
    let new = NewBooking { student: student.into(), class: class.into(), starts_at };
    booking::create(db, ctx, &evening, &acting, &[new])?;
    Ok(())
}

/// The expectations for a refused case.
struct Refused {
    name: &'static str,
    /// Files and columns that the report lists as missing.
    lacking: &'static [(&'static str, Option<&'static str>)],
    /// Kinds whose removals exceed the limit.
    stopped: &'static [&'static str],
    /// Number of appointments that would end.
    would_end: u64,
    /// Number of live appointments after an import without the limit.
    live_bookings: usize,
}

/// Imports a case over the good roster: dry run and import are refused and change nothing. Without
/// the limit it is written.
async fn check_refused(case: Refused) {
    let mut booked = Booked::new().await;
    let (before, name) = (booked.people().await, case.name);
    for dry_run in [true, false] {
        let report = booked
            .import(name, ImportOptions { dry_run, ..ImportOptions::default() })
            .await
            .unwrap();
        let lacking: Vec<_> = report
            .lacking
            .iter()
            .map(|lack| (lack.file.as_str(), lack.column.as_deref()))
            .collect();
        let stopped: Vec<&str> = report.stopped.iter().map(|stop| stop.kind).collect();
        assert_eq!(
            (lacking.as_slice(), stopped.as_slice(), report.is_refused()),
            (case.lacking, case.stopped, true),
            "{name}: {report}"
        );
        let says = format!("of {BOOKED} coming appointments {} would end", case.would_end);
        assert!(
            report.to_string().contains(&says)
                && report.changes.appointments_ended == case.would_end,
            "{name}: {report}"
        );
        assert_eq!(
            (booked.live_bookings().await, booked.people().await),
            (BOOKED, before.clone()),
            "{name}"
        );
    }
    let report = booked
        .import(name, ImportOptions { limit: None, ..ImportOptions::default() })
        .await
        .unwrap();
    assert!(
        !report.is_refused() && report.changes.appointments_ended == case.would_end,
        "{name}: {report}"
    );
    assert_eq!(booked.live_bookings().await, case.live_bookings, "{name}: {report}");
}

const LINK_REMOVALS_STOPPED: &[&str] = &["guardianships", "appointments"];
const PEOPLE_REMOVALS_STOPPED: &[&str] = &["people", "guardianships", "enrolments", "appointments"];

#[tokio::test]
async fn file_missing_half_of_its_rows_is_refused() {
    // The last row is truncated; the person in it stays.
    check_refused(Refused {
        name: "import-half",
        lacking: &[],
        stopped: PEOPLE_REMOVALS_STOPPED,
        would_end: 11,
        live_bookings: 9,
    })
    .await;
}

#[tokio::test]
async fn a_file_without_rows_is_refused() {
    check_refused(Refused {
        name: "import-users-header-only",
        lacking: &[("users.csv", None)],
        stopped: PEOPLE_REMOVALS_STOPPED,
        would_end: 20,
        live_bookings: 0,
    })
    .await;
}

#[tokio::test]
async fn links_in_a_misnamed_column_are_refused() {
    let lacking = &[("users.csv", Some("agentSourcedIds"))];
    check_refused(Refused {
        name: "import-agents",
        lacking,
        stopped: LINK_REMOVALS_STOPPED,
        would_end: 20,
        live_bookings: 0,
    })
    .await;
}

#[tokio::test]
async fn people_without_name_columns_are_refused() {
    let lacking = &[("users.csv", Some("givenName")), ("users.csv", Some("familyName"))];
    // Rows without a name can't be used; their people stay, also without the limit.
    check_refused(Refused {
        name: "import-no-name-columns",
        lacking,
        stopped: &[],
        would_end: 0,
        live_bookings: BOOKED,
    })
    .await;
}

#[tokio::test]
async fn file_with_role_blank_in_every_row_is_refused() {
    let lacking = &[("users.csv", Some("role"))];
    check_refused(Refused {
        name: "import-role-blank",
        lacking,
        stopped: &[],
        would_end: 0,
        live_bookings: BOOKED,
    })
    .await;
}

/// Imports a case over the good roster: the people in its bad rows stay, and exactly these findings
/// are reported.
async fn check_bookings_kept(name: &str, told: &[(&str, u64, &str)]) {
    let mut booked = Booked::new().await;
    let before = booked.people().await;
    let report = booked.import(name, ImportOptions::default()).await.unwrap();
    assert!(
        !report.is_refused() && !report.to_string().contains("Every row was used"),
        "{name}: {report}"
    );
    assert_eq!(
        (booked.live_bookings().await, booked.people().await),
        (BOOKED, before),
        "{name}: {report}"
    );
    check_findings(&report, told);
}

fn check_findings(report: &ImportReport, told: &[(&str, u64, &str)]) {
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.file.as_str(), finding.line, finding.reason.code()))
        .collect();
    assert_eq!(found, told, "{report}");
}

#[tokio::test]
async fn people_in_windows_1252_rows_are_kept() {
    check_bookings_kept(
        "import-windows-1252",
        &[("users.csv", 5, "not_utf8"), ("users.csv", 6, "not_utf8")],
    )
    .await;
}

#[tokio::test]
async fn people_in_rows_without_id_are_kept() {
    check_bookings_kept("import-blank-id", &[("users.csv", 6, "missing_value")]).await;
}

#[tokio::test]
async fn active_row_overrides_a_deleted_one() {
    check_bookings_kept("import-deleted-row-first", &[("users.csv", 7, "duplicate")]).await;
}

#[tokio::test]
async fn department_is_imported_as_school_if_requested() {
    let mut booked = Booked::new().await;
    let refused = format!(
        "{:#}",
        booked.import("import-department-only", ImportOptions::default()).await.unwrap_err()
    );
    assert!(
        refused.contains("sch1 (Nordhaus School, department)") && refused.contains("--school"),
        "{refused}"
    );
    for school in ["sch1", "Nordhaus School"] {
        let report = booked
            .import(
                "import-department-only",
                ImportOptions { school: Some(school.to_owned()), ..ImportOptions::default() },
            )
            .await
            .unwrap();
        check_findings(&report, &[("orgs.csv", 2, "org_taken")]);
        assert_eq!(
            (booked.live_bookings().await, report.changes.people.unchanged),
            (BOOKED, 43),
            "{report}"
        );
    }
}

#[tokio::test]
async fn dropped_or_changed_rows_are_reported() {
    let mut booked = Booked::new().await;
    let report = booked.import("import-rows-not-told", ImportOptions::default()).await.unwrap();
    let told = [
        ("enrollments.csv", 12, "synonym"),
        ("users.csv", 7, "dangling"),
        ("users.csv", 8, "synonym"),
        ("users.csv", 9, "blank_name"),
        ("users.csv", 11, "unknown_role"),
        ("users.csv", 16, "synonym"),
        ("users.csv", 18, "bad_date"),
    ];
    check_findings(&report, &told);
    let text = report.to_string();
    for sentence in [
        "users.csv:8: the status inactive is OneRoster 1.0's word for tobedeleted; what the row \
         is about counts as gone",
        "users.csv:11: the contact \"t1\" has no role of parent or guardian; contact is not \
         allowed until staff allow it",
        "users.csv:16: the role \"carer\" is understood as parent",
        "enrollments.csv:12: the role \"pupil\" is understood as student",
        "1 appointment ended",
    ] {
        assert!(text.contains(sentence), "{sentence} in {text}");
    }
    assert_eq!(
        booked.live_bookings().await,
        BOOKED - 1,
        "only a person marked as removed loses an appointment"
    );
}

#[tokio::test]
async fn pasted_addresses_are_normalized_and_reported() {
    let understood = [8, 10, 12, 14, 20, 30, 38].map(|line| (line, "email_understood"));
    let wrong = [18, 28, 32, 34, 36].map(|line| (line, "bad_email"));
    let mut told: Vec<_> =
        understood.into_iter().chain(wrong).map(|(line, code)| ("users.csv", line, code)).collect();
    told.sort_unstable();
    check_bookings_kept("import-pasted-addresses", &told).await;
}

#[tokio::test]
async fn people_in_rows_with_a_long_id_are_kept() {
    check_bookings_kept("long-id", &[("users.csv", 5, "too_long"), ("users.csv", 6, "too_long")])
        .await;
}
