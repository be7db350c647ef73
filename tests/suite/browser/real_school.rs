//! Test of the journey at a school with real roster files, on a phone: a parent of one child logs
//! in with the mailed code, books and invites; the guest declines.

use std::{
    fs,
    path::{Path, PathBuf},
};

use diesel::prelude::*;
use parlour::{
    config::Mode,
    context::{Context, Random},
    evening_file,
    mail::install_tls,
    roster::{self, ImportOptions},
    schema::{classes, enrolments, guardianships, people},
    store::{DatabaseUrl, Db, Error, Store, metadata},
};

use super::{axe, client, deliver_and_scan, driver::Browser, smtp_server::SmtpServer};
use crate::harness::{Database, Server, now};

const GUEST: &str = "noor.guest@example.net";

/// The roster files that the project's developers share, or a small roster of our own where they
/// are missing.
fn files(own: &Path) -> PathBuf {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/grand-bend-elementary-oneroster-1.1");
    if shared.is_dir() {
        return shared;
    }
    let write =
        |name: &str, text: &str| fs::write(own.join(name), text).expect("a file can be written");
    write("manifest.csv", "propertyName,value\noneroster.version,1.1\n");
    write("orgs.csv", "sourcedId,name,type\ngb,Grand Bend Elementary School,school\n");
    let people = "s1,gb,student,Ana,O’Brien,,\nm1,gb,parent,Mia,O’Brien,mia@example.org,s1\nt1,gb,\
                  teacher,Tom,Berg,tom@example.org,\n";
    write(
        "users.csv",
        &format!(
            "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\n{people}"
        ),
    );
    write("classes.csv", "sourcedId,title,schoolSourcedId\nc1,Art,gb\n");
    write("enrollments.csv", "classSourcedId,userSourcedId,role\nc1,s1,student\nc1,t1,teacher\n");
    own.to_owned()
}

/// A parent with an address, and the names of their child and of one of its teachers.
#[derive(Clone)]
struct Family {
    email: String,
    parent: String,
    student: String,
    subject: String,
}

fn family(db: &mut Db) -> Result<Family, Error> {
    let (child, lesson) = diesel::alias!(people as child, enrolments as lesson);
    let student_of = guardianships::table
        .inner_join(people::table.on(people::id.eq(guardianships::parent_id)))
        .inner_join(child.on(child.field(people::id).eq(guardianships::student_id)))
        .inner_join(enrolments::table.on(enrolments::person_id.eq(guardianships::student_id)))
        .inner_join(classes::table.on(classes::id.eq(enrolments::class_id)))
        .inner_join(
            lesson.on(lesson
                .field(enrolments::class_id)
                .eq(classes::id)
                .and(lesson.field(enrolments::role).eq("teacher"))),
        );
    let name = |given: String, family: String| format!("{given} {family}");
    type Names = (String, String);
    let row: (Option<String>, Names, Names, String) = student_of
        .filter(people::email_key.is_not_null())
        .filter(guardianships::contact_allowed.eq(true))
        .order(people::sourced_id)
        .select((
            people::email,
            (people::given_name, people::family_name),
            (child.field(people::given_name), child.field(people::family_name)),
            classes::subject,
        ))
        .first(db)?;
    let (email, parent, student, subject) = row;
    Ok(Family {
        email: email.unwrap_or_default(),
        parent: name(parent.0, parent.1),
        student: name(student.0, student.1),
        subject,
    })
}

/// A database with the roster and an evening for all of its classes.
async fn seeded() -> (Database, String, Family) {
    let (database, own) = (Database::empty(), tempfile::tempdir().expect("a folder"));
    let store = Store::open(&DatabaseUrl::parse(&database.url).expect("a URL"), 2)
        .expect("the database opens");
    store.migrate().expect("migrations run");
    store
        .write(|db| metadata::claim_for_mode(db, Mode::Demo))
        .await
        .expect("the database answers")
        .expect("a new database takes a mark");
    let ctx = Context::new(now(), Random::seeded(7));
    let report = roster::import(&store, &ctx, &files(own.path()), ImportOptions::default())
        .await
        .expect("the roster is imported");
    let slug = report.schools.first().expect("a school").slug.clone();
    let evening = format!(
        "school = \"{slug}\"\nname = \"autumn\"\ntitle = \"Autumn Evening\"\ndate = \
         2026-11-26\nstarts = \"16:00\"\nends = \"19:00\"\nslot_minutes = 5\nmode = \"video\"\n
         [booking]\nopens = \"2026-11-09T08:00\"\ncloses = \"2026-11-26T12:00\"\n[[classes]]\nall \
         = true\n"
    );
    evening_file::load(&store, &ctx, &evening).await.expect("the evening loads");
    let family = store.read(family).await.expect("a parent with a child in a class");
    (database, slug, family)
}

#[actix_web::test]
async fn a_parent_of_one_child_books_on_a_phone_and_invites() {
    install_tls();
    let smtp = SmtpServer::start().await;
    let (database, slug, family) = seeded().await;
    let settings = [
        ("PARLOUR_MODE", "demo"),
        ("PARLOUR_SMTP_URL", smtp.url.as_str()),
        ("PARLOUR_CLIENT_DIR", &client()),
    ];
    let server = Server::start(database, &settings).await;
    let base = format!("{}/s/{slug}/", server.origin);

    // Log in by the mailed code.
    let parent = Browser::start(375).await;
    parent.open(&base).await;
    parent.fill("Email address", &family.email).await;
    parent.press("Send me a code").await;
    parent.heading("Check your mail").await;
    axe::assert_no_violations(&parent, "the code's page").await;
    deliver_and_scan(&server, &smtp).await;
    // The code is typed in the Arabic digits of their keyboard.
    let arabic: String = smtp
        .code(&family.email)
        .chars()
        .filter_map(|digit| char::from_u32('٠' as u32 + digit.to_digit(10)?))
        .collect();
    parent.fill("Code", &arabic).await;
    parent.press("Log in").await;

    // The only evening has no bookings yet; book the first free time of one class.
    parent.sees("You have no appointments yet.").await;
    axe::assert_no_violations(&parent, "My Bookings without a booking").await;
    parent.press("Book appointments").await;
    parent.sees(&family.student).await;
    parent.press_first(&family.subject).await;
    axe::assert_no_violations(&parent, "the choice of times").await;
    parent.press_first(", free").await;
    parent.sees("1 chosen").await;
    parent.press("Review").await;
    parent.heading("Review your appointments").await;
    axe::assert_no_violations(&parent, "the review").await;
    parent.press("Book these appointments").await;
    parent.heading("You’re booked").await;
    axe::assert_no_violations(&parent, "the last step of booking").await;

    // Invite in the last step of booking. With one student there is no choice to make.
    parent.press("Invite Parent/Guardian").await;
    parent.heading("Invite a parent or guardian").await;
    parent.fill("Name", "Noor Guest").await;
    parent.fill("Email address", GUEST).await;
    parent.tick("I agree that this person is given access").await;
    parent.press("Send Invite").await;
    parent.press("Yes, send it").await;
    parent
        .sees("Unable to invite another parent/guardian. Only one invite can be sent per student.")
        .await;
    axe::assert_no_violations(&parent, "Manage invites with nobody left").await;

    // The guest presses *This was not meant for me*. The parent is told by mail and may invite
    // again.
    deliver_and_scan(&server, &smtp).await;
    let guest = Browser::start(375).await;
    guest.open(&smtp.link(GUEST, &family.parent, "/guest#t=")).await;
    guest.heading("Hello Noor Guest").await;
    guest.press("This was not meant for me").await;
    axe::assert_no_violations(&guest, "the question before an invite ends").await;
    guest.press("End the invite").await;
    guest.heading("Thank you for telling us").await;
    axe::assert_no_violations(&guest, "the thanks").await;
    deliver_and_scan(&server, &smtp).await;
    assert!(
        smtp.mails().iter().any(|letter| letter.to.eq_ignore_ascii_case(&family.email)
            && letter.text.contains("Noor Guest")),
        "the parent is told"
    );
    parent.reload().await;
    parent.open(&base).await;
    parent.sees(&family.student).await;
    parent.press("Invite Parent/Guardian").await;
    parent.heading("Invite a parent or guardian").await;
    parent.close().await;
    guest.close().await;
}
