//! The generated school: 1,500 families, 60 teachers, and several evenings. It is written as files
//! and imported like any school's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate};
use parlour::context::{Clock, SystemClock};

/// The school's id in its roster.
pub const SCHOOL: &str = "bench";
/// The evening on which parents already have appointments, which they read.
pub const READ: &str = "read";
/// The evening for which all families book in the same minute.
pub const RUSH: &str = "rush";

const FAMILIES: usize = 1_500;
const FORMS: usize = 80;
const SUBJECTS: [&str; 10] = [
    "Science",
    "English",
    "Maths",
    "Music",
    "French",
    "Spanish",
    "History",
    "Geography",
    "Drama",
    "Computing",
];
const TEACHERS_OF_A_SUBJECT: usize = 6;
const CHANGED: &str = "2026-09-01T06:00:00.000Z";

/// The evening whose appointments a round books.
pub fn booked(round: usize) -> String {
    format!("book-{round}")
}

/// Writes the roster and the evenings' files.
///
/// # Errors
/// If a file can't be written.
pub fn write(folder: &Path) -> Result<()> {
    write_roster(&folder.join("roster"), FAMILIES)?;
    let evenings = folder.join("evenings");
    fs::create_dir_all(&evenings)?;
    let today = SystemClock::default().now().date_naive();
    // Most evenings last a whole day, so that the rounds don't run out of slots; the rush has 40
    // slots, 2,400 with all teachers.
    let days = std::iter::once(READ.to_owned())
        .chain((0..crate::api::ROUNDS).map(booked))
        .map(|name| (name, "07:00", "21:00"));
    for (weeks, (name, starts, ends)) in
        (1..).zip(days.chain([(RUSH.to_owned(), "16:00", "19:20")]))
    {
        let text = evening(&name, today, today + Days::new(7 * weeks), starts, ends);
        fs::write(evenings.join(format!("{name}.toml")), text)?;
    }
    Ok(())
}

fn evening(name: &str, today: NaiveDate, date: NaiveDate, starts: &str, ends: &str) -> String {
    let opens = today - Days::new(7);
    format!(
        r#"school = "{SCHOOL}"
name = "{name}"
title = "Parents’ Evening ({name})"
date = {date}
starts = "{starts}"
ends = "{ends}"
slot_minutes = 5
mode = "video"
booking = {{ opens = "{opens}T08:00", closes = "{date}T07:00" }}
[[classes]]
all = true
"#
    )
}

struct Roster(PathBuf);

impl Roster {
    fn file(
        &self,
        name: &str,
        header: &str,
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<()> {
        let path = self.0.join(format!("{name}.csv"));
        let mut file = csv::Writer::from_path(&path)
            .with_context(|| format!("can't write {}", path.display()))?;
        file.write_record(header.split(','))?;
        for row in rows {
            file.write_record(row)?;
        }
        Ok(file.flush()?)
    }
}

macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$($cell.to_string()),+] };
}

/// Writes the roster of a school with this number of families.
///
/// # Errors
/// If a file can't be written.
pub fn write_roster(folder: &Path, families: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    let roster = Roster(folder.to_owned());
    let kept = ["academicSessions", "classes", "courses", "enrollments", "orgs", "users"];
    let absent = [
        "categories",
        "classResources",
        "courseResources",
        "demographics",
        "lineItems",
        "resources",
        "results",
    ];
    let files =
        kept.iter().map(|name| (name, "bulk")).chain(absent.iter().map(|name| (name, "absent")));
    let versions = [row!["manifest.version", "1.0"], row!["oneroster.version", "1.1"]];
    roster.file(
        "manifest",
        "propertyName,value",
        versions.into_iter().chain(files.map(|(name, how)| row![format!("file.{name}"), how])),
    )?;
    roster.file(
        "orgs",
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        [row![SCHOOL, "active", CHANGED, "Bench School", "school", "", ""]],
    )?;
    let year = row![
        "year",
        "active",
        CHANGED,
        "School year",
        "schoolYear",
        "2026-09-01",
        "2027-07-21",
        "",
        "2027"
    ];
    roster.file(
        "academicSessions",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
        [year],
    )?;
    roster.file(
        "courses",
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,\
         orgSourcedId,subjects,subjectCodes",
        SUBJECTS.iter().map(|subject| {
            row![subject, "active", CHANGED, "year", subject, "", "", SCHOOL, subject, ""]
        }),
    )?;
    roster.file(
        "classes",
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,\
         location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
        classes().map(|(form, subject)| {
            let (name, code) = (SUBJECTS[subject], format!("{form}/{subject}"));
            row![
                class(form, subject),
                "active",
                CHANGED,
                format!("{name} {form}"),
                "",
                name,
                code,
                "scheduled",
                "",
                SCHOOL,
                "year",
                "",
                "",
                ""
            ]
        }),
    )?;
    write_people(&roster, families)
}

fn write_people(roster: &Roster, families: usize) -> Result<()> {
    let user = |id: &str, role: &str, given: &str, family: &str, email: &str, agents: &str| {
        let relation = if role == "parent" { "Mother" } else { "" };
        row![
            id, "active", CHANGED, "true", SCHOOL, role, "", "", given, family, "", "", email, "",
            "", agents, "", "", "", relation, "", "", "", ""
        ]
    };
    let teachers = (0..SUBJECTS.len() * TEACHERS_OF_A_SUBJECT).map(|n| {
        let id = format!("t-{n}");
        user(&id, "teacher", "Terry", &format!("Teacher-{n}"), &format!("{id}@example.org"), "")
    });
    let parents = (0..families).map(|n| {
        let (id, students) =
            (format!("p-{n}"), students_of(n, families).map(|one| format!("s-{one}")));
        user(
            &id,
            "parent",
            "Pat",
            &format!("Family-{n}"),
            &format!("{id}@example.org"),
            &students.collect::<Vec<_>>().join(","),
        )
    });
    let students = (0..families).flat_map(|n| {
        students_of(n, families).map(move |one| {
            user(
                &format!("s-{one}"),
                "student",
                "Sam",
                &format!("Family-{n}"),
                "",
                &format!("p-{n}"),
            )
        })
    });
    roster.file(
        "users",
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,\
         givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,\
         password,metadata.title,metadata.relation,metadata.priority,metadata.livesWith,metadata.\
         contactAllowed,metadata.courtOrder",
        teachers.chain(parents).chain(students),
    )?;
    let enrolled = |class: &str, person: &str, role: &str, primary: bool| {
        row![
            format!("{class}.{person}"),
            "active",
            CHANGED,
            class,
            SCHOOL,
            person,
            role,
            primary,
            "",
            ""
        ]
    };
    let teaching = classes().map(|(form, subject)| {
        let teacher = subject * TEACHERS_OF_A_SUBJECT + form % TEACHERS_OF_A_SUBJECT;
        enrolled(&class(form, subject), &format!("t-{teacher}"), "teacher", true)
    });
    let taught =
        (0..families).flat_map(|family| students_of(family, families)).flat_map(|student| {
            (0..SUBJECTS.len()).map(move |subject| {
                enrolled(
                    &class(student % FORMS, subject),
                    &format!("s-{student}"),
                    "student",
                    false,
                )
            })
        });
    roster.file(
        "enrollments",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,\
         primary,beginDate,endDate",
        teaching.chain(taught),
    )
}

/// All classes: each form has each subject.
fn classes() -> impl Iterator<Item = (usize, usize)> {
    (0..FORMS).flat_map(|form| (0..SUBJECTS.len()).map(move |subject| (form, subject)))
}

fn class(form: usize, subject: usize) -> String {
    format!("c-{form}-{subject}")
}

/// Every third family has two students: 1,500 families have 2,000 students, 25 in a form.
fn students_of(family: usize, families: usize) -> impl Iterator<Item = usize> {
    let second = family.is_multiple_of(3).then_some(families + family / 3);
    std::iter::once(family).chain(second)
}
