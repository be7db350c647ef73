//! Tests of lost access (I13) through bars set by staff, and of the operations that only a
//! playground has.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour::{
    schema::{bars as bars_table, bookings as bookings_table, guardianships},
    store::{
        Db, Error, LinkError, access, bookings,
        calls::{self, CallIdentity},
        evenings::{self, EveningVisibility},
        sessions,
        sql_types::{Key, at, key},
    },
};
use parlour_domain::{contact::Contact, id::PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, Database, School, Server, bookable_classes, token_of};

const RACHEL: &str = "rachel.aaron@example.org";
const OFFICE: &str = "helen.okafor@example.org";
const ACCESS_ENDED: &str = "Your access to this appointment has ended. Please contact the school.";

/// The id of Sophie Aaron.
async fn sophie(school: &School, office: &Actor) -> Value {
    let parent = office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200);
    let students = parent.list("/students");
    students
        .into_iter()
        .map(|linked| linked["student"].clone())
        .find(|student| student["name"] == "Sophie Aaron")
        .unwrap()["id"]
        .clone()
}

#[tokio::test]
async fn barring_a_parent_ends_sessions_bookings_and_invites() {
    let school = School::start().await;
    let (office, parent, guest) =
        (school.staff().await, school.parent().await, school.guest().await);
    let sophie = sophie(&school, &office).await;
    let link = json!({ "token": token_of(school.demo_mail_to(RACHEL)) });
    school.nobody().post("/login_links/preview", link.clone()).await.is(200);
    let bar = office
        .post(
            "/bars",
            json!({ "student_id": sophie, "person_id": school.people.parent.0, "note": "court" }),
        )
        .await
        .is(201);

    // The parent and the guest are logged out at once and read the one text of I13.
    assert_eq!(
        parent.get("/me").await.refuses(410, "access_ended").text_at("/detail"),
        ACCESS_ENDED
    );
    assert_eq!(
        guest.get("/guest/appointments").await.refuses(410, "access_ended").text_at("/detail"),
        ACCESS_ENDED
    );
    let mails = school.mails().await;
    assert!(mails.iter().all(|mail| mail.to != RACHEL), "no mail goes to a barred contact");
    assert!(mails.iter().any(|mail| mail.to == OFFICE), "staff are told");
    // The login link in her earlier mails is dead.
    school.nobody().post("/login_links/preview", link.clone()).await.refuses(410, "link_dead");
    school.nobody().post("/sessions", link.clone()).await.refuses(410, "link_dead");

    // After another login she sees only the other children; the invite is gone.
    let parent = school.parent().await;
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(!mine.text.contains("Sophie") && mine.text.contains("Liz Aaron"), "{}", mine.text);
    assert!(
        bookable_classes(&school, &parent)
            .await
            .iter()
            .all(|bookable| bookable.student != sophie.as_str().unwrap())
    );
    assert_eq!(parent.get(&school.evening("/invites")).await.is(200).list("/items").len(), 0);

    // Lifting the bar brings Sophie back. The cancelled booking stays cancelled, and its slot is
    // free.
    office.delete(&format!("/bars/{}", bar.text_at("/id"))).await.is(204);
    let open = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .filter(|bookable| bookable.student == sophie.as_str().unwrap())
        .collect::<Vec<_>>();
    assert!(
        open.iter().any(|bookable| bookable.free.iter().any(|time| time.contains("T16:00"))),
        "{open:?}"
    );

    // The next confirmation mail carries a new login link.
    let bookable = open.iter().find(|bookable| !bookable.free.is_empty()).unwrap();
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let newer = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    assert_ne!(newer, link);
    school.nobody().post("/login_links/preview", newer).await.is(200);
}

#[tokio::test]
async fn barring_an_address_ends_its_invite() {
    let school = School::start().await;
    let (office, parent, guest) =
        (school.staff().await, school.parent().await, school.guest().await);
    let sophie = sophie(&school, &office).await;
    // A bar by address ignores case and `+tags`.
    office
        .post(
            "/bars",
            json!({ "student_id": sophie, "email": "Jordan.Aaron+x@Example.org", "note": "" }),
        )
        .await
        .is(201);
    assert_eq!(
        guest.get("/guest/appointments").await.refuses(410, "access_ended").text_at("/detail"),
        ACCESS_ENDED
    );
    assert!(
        school.mails().await.iter().all(|mail| mail.to != "jordan.aaron@example.org"),
        "no mail goes to a barred contact"
    );
    // The parent's own bookings stay, because only the guest's address is barred.
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(mine.text.contains("Sophie Aaron"), "{}", mine.text);
    let again = json!({
        "name": "Jordan",
        "email": "jordan.aaron@example.org",
        "student_ids": [sophie],
        "consent": true,
    });
    parent.post(&school.evening("/invites"), again).await.refuses(403, "ask_the_school");
    school.mail_to(OFFICE).await;
}

#[tokio::test]
async fn dev_routes_are_not_found_in_production() {
    let settings = [
        ("PARLOUR_MODE", "production"),
        ("PARLOUR_SCHOOL_PATHS", "allow"),
        ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
        ("PARLOUR_SMTP_URL", "smtp://127.0.0.1:9"),
        ("PARLOUR_PUBLIC_URL", "https://evening.example.org"),
        ("PARLOUR_MAIL_FROM", "school@example.org"),
    ];
    let server = Server::start(Database::seeded(), &settings).await;
    let nobody = Actor::new(&server.origin);
    nobody.get("/school").await.is(200);
    nobody.get("/dev/mails").await.refuses(404, "not_found");
    let path = format!("{}/s/hillcrest/", server.origin);
    let client = reqwest::Client::new();
    for (operation, body) in [("logins", json!({ "as": "parent" })), ("clock", json!({}))] {
        let post = client
            .post(format!("{path}api/v1/dev/{operation}"))
            .header("origin", "https://evening.example.org")
            .json(&body);
        assert_eq!(post.send().await.unwrap().status(), 404, "{operation}");
    }
    assert_eq!(client.get(format!("{path}dev/login/parent")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn creating_a_bar_is_idempotent() {
    let school = School::start().await;
    let office = school.staff().await;
    let student =
        office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200).list("/students")
            [0]["student"]["id"]
            .clone();
    let bar = json!({ "student_id": student, "email": "barred@example.org", "note": "" });
    let first = office.post_with_idempotency_key("/bars", "one", bar.clone()).await.is(201);
    assert_eq!(
        office.post_with_idempotency_key("/bars", "one", bar).await.is(201).body,
        first.body
    );
    assert_eq!(office.get("/bars").await.is(200).list("/items").len(), 1);
    office
        .post_with_idempotency_key(
            "/bars",
            "one",
            json!({ "student_id": student, "email": "other@example.org" }),
        )
        .await
        .refuses(409, "idempotency_key_reused");
}

/// Rachel Aaron's students as the office sees them, each with a name.
async fn students(school: &School, office: &Actor) -> Vec<Value> {
    let parent = office.get(&format!("/parents/{}", school.people.parent.0)).await.is(200);
    parent.list("/students").into_iter().map(|linked| linked["student"].clone()).collect()
}

#[tokio::test]
async fn barring_an_address_ends_the_parents_sessions() {
    let school = School::start().await;
    school.ignore_mail("staff are told of each bar, and the guest that the invite has ended");
    let (office, parent) = (school.staff().await, school.parent().await);
    let students = students(&school, &office).await;
    let bar = |student: &Value| {
        json!({
            "student_id": student["id"],
            "email": "Rachel.Aaron+eve@Example.org",
            "note": "",
        })
    };
    office.post("/bars", bar(&students[0])).await.is(201);
    assert_eq!(
        parent.get("/me").await.refuses(410, "access_ended").text_at("/detail"),
        ACCESS_ENDED
    );

    // After another login she keeps the other students.
    let parent = school.parent().await;
    let left: Vec<Value> = parent.get("/me").await.is(200).list("/identity/students");
    let names: Vec<&str> = students[1..]
        .iter()
        .filter_map(|student| student["name"].as_str()?.split_once(' '))
        .map(|(given, _)| given)
        .collect();
    assert_eq!(left.iter().filter_map(Value::as_str).collect::<Vec<_>>(), names);

    // When she is barred from all of them, she is no parent here: no session, no identity and no
    // mail.
    let waiting = school.parent().await;
    for student in &students[1..] {
        office.post("/bars", bar(student)).await.is(201);
    }
    for gone in [parent, waiting] {
        gone.get("/me").await.refuses(410, "access_ended");
        gone.get("/evenings").await.refuses(410, "access_ended");
    }
    school.mails().await;
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    assert!(school.mails().await.iter().all(|mail| mail.to != RACHEL));
}

#[tokio::test]
async fn session_surviving_a_bar_gives_no_access() {
    let school = School::start().await;
    let parent = school.parent().await;
    let (people, now) = (school.people, school.now());
    // Only the bar's row is inserted, without the effects of setting a bar, as if a session had
    // begun at the same time as the bar.
    let write = move |db: &mut Db| {
        let of_parent =
            guardianships::table.filter(guardianships::parent_id.eq(key(people.parent)));
        for student in of_parent.select(guardianships::student_id).load::<Key>(db)? {
            insert_bar(
                db,
                people.school.into(),
                student,
                None,
                Some("rachel.aaron@example.org"),
                people.staff.into(),
                now,
            )?;
        }
        Ok(())
    };
    school.app.store.write(write).await.unwrap();
    parent.get("/me").await.refuses(410, "access_ended");
    parent
        .put("/me/identity", json!({ "person_id": school.people.parent.0, "role": "parent" }))
        .await
        .refuses(410, "access_ended");

    // No query for a parent returns anything either.
    let (person, evening, of_school, at_now) =
        (school.people.parent, school.people.evening, school.people.school, school.now());
    let seen = school.read(move |db| {
        let booked = live_booking(db, person)?;
        let evening_found =
            evenings::find_for(db, of_school, EveningVisibility::Parent(person), evening).is_ok();
        let listed =
            evenings::list(db, of_school, EveningVisibility::Parent(person), None, 50)?.len();
        let door = calls::door(db, of_school, CallIdentity::Parent(person), booked.into(), at_now);
        let shown = (
            bookings::of_parent(db, evening, person)?.len(),
            bookings::count(db, evening, person)?.0,
            access::students_of(db, person)?.len(),
        );
        let found = bookings::find(db, of_school, Some(person), booked.into()).is_ok();
        let identities = sessions::identities(db, of_school, RACHEL)?.len();
        Ok((
            shown,
            found,
            listed,
            evening_found,
            identities,
            matches!(door, Err(Error::Link(LinkError::Access))),
        ))
    });
    assert_eq!(seen.await, ((0, 0, 0), false, 0, false, 0, true));
}

#[tokio::test]
async fn only_staff_see_past_appointments_of_a_barred_student() {
    let school = School::start().await;
    school.ignore_mail("staff and the guest are told of the bar");
    let (office, parent) = (school.staff().await, school.parent().await);
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    let booked = mine
        .list("/rows")
        .into_iter()
        .find(|row| row["student"]["name"] == "Sophie Aaron")
        .unwrap();
    let ends_at: DateTime<Utc> = booked["ends_at"].as_str().unwrap().parse().unwrap();
    school.advance_clock(ends_at - school.now() + TimeDelta::minutes(1));
    let sophie = sophie(&school, &office).await;
    office
        .post("/bars", json!({ "student_id": sophie, "email": RACHEL, "note": "" }))
        .await
        .is(201);
    let parent = school.parent().await;
    let path = format!("/bookings/{}", booked["id"].as_str().unwrap());
    parent.get(&path).await.refuses(404, "not_found");
    office.get(&path).await.is(200);
    let mine = parent.get(&school.evening("/bookings")).await.is(200);
    assert!(!mine.text.contains("Sophie") && mine.text.contains("Liz Aaron"), "{}", mine.text);
    let history = parent.get(&school.evening("/history")).await.is(200);
    assert!(
        !history.text.contains("Sophie") && history.text.contains("Liz Aaron"),
        "{}",
        history.text
    );
    let theirs = office
        .get(&school.evening(&format!("/history?parent_id={}", school.people.parent.0)))
        .await
        .is(200);
    assert!(theirs.text.contains("Sophie Aaron"), "{}", theirs.text);
    let file = parent.get(&school.evening("/calendar")).await.is(200);
    assert!(!file.text.contains("Sophie") && file.text.contains("Liz"), "{}", file.text);
    let theirs = office
        .get(&school.evening(&format!("/bookings?parent_id={}", school.people.parent.0)))
        .await
        .is(200);
    assert!(theirs.text.contains("Sophie"), "{}", theirs.text);
}

#[tokio::test]
async fn invite_of_a_past_evening_hides_a_barred_student() {
    let school = School::start().await;
    school.ignore_mail("this test is about the pages");
    let parent = school.parent().await;
    let invite = format!("/invites/{}", school.people.invite.unwrap().0);
    assert!(parent.get(&invite).await.is(200).text.contains("Sophie"));
    // A sweep does not end the invites of an evening that is long over.
    school.advance_clock(TimeDelta::days(20));
    let office = school.staff().await;
    let sophie = sophie(&school, &office).await;
    office
        .post("/bars", json!({ "student_id": sophie, "email": RACHEL, "note": "" }))
        .await
        .is(201);
    let parent = school.parent().await;
    parent.get(&invite).await.refuses(404, "not_found");
    for path in [
        school.evening("/invites"),
        school.evening("/history"),
        school.evening("/bookings"),
        "/me".to_owned(),
    ] {
        let seen = parent.get(&path).await.is(200);
        assert!(!seen.text.contains("Sophie"), "{path}: {}", seen.text);
    }
    assert!(office.get(&invite).await.is(200).text.contains("Sophie"));
    let theirs = office
        .get(&school.evening(&format!("/invites?parent_id={}", school.people.parent.0)))
        .await
        .is(200);
    assert!(theirs.text.contains("Sophie"), "{}", theirs.text);
}

#[tokio::test]
async fn sql_and_domain_agree_on_may_act() {
    let school = School::start().await;
    let (people, now) = (school.people, school.now());
    let check = move |db: &mut Db| {
        let (parent, staff) = (key(people.parent), key(people.staff));
        let link = guardianships::table.filter(guardianships::parent_id.eq(parent));
        let student: Key =
            link.order(guardianships::id).select(guardianships::student_id).first(db)?;
        let link = link.filter(guardianships::student_id.eq(student));
        let bars = [
            None,
            Some((Some(parent), None)),
            Some((None, Some("rachel.aaron@example.org"))),
            Some((None, Some("else@example.org"))),
        ];
        for (bits, bar) in (0..32_u8).flat_map(|bits| bars.iter().map(move |bar| (bits, bar))) {
            let bit = |nth: u8| bits & (1 << nth) != 0;
            let contact = Contact {
                is_linked: bit(0),
                is_allowed: bit(1),
                is_allowed_by_staff: bit(2),
                has_court_order: bit(3),
                is_barred: bit(4),
                is_barred_by_staff: bar
                    .is_some_and(|(person, address)| person.is_some() || address == Some(RACHEL)),
            };
            diesel::update(link)
                .set((
                    guardianships::removed_at.eq((!contact.is_linked).then_some(at(now))),
                    guardianships::contact_allowed.eq(contact.is_allowed),
                    guardianships::allowed_at.eq(contact.is_allowed_by_staff.then_some(at(now))),
                    guardianships::allowed_by.eq(contact.is_allowed_by_staff.then_some(staff)),
                    guardianships::court_order.eq(contact.has_court_order),
                    guardianships::contact_barred.eq(contact.is_barred),
                ))
                .execute(db)?;
            diesel::update(bars_table::table)
                .set(bars_table::lifted_at.eq(Some(at(now))))
                .execute(db)?;
            if let Some((person, address)) = bar {
                insert_bar(db, people.school.into(), student, *person, *address, staff, now)?;
            }
            assert_eq!(
                access::may_act_for(db, people.parent, student.into())?,
                contact.may_act(),
                "{contact:?} {bar:?}"
            );
            let is_listed =
                access::students_of(db, people.parent)?.iter().any(|one| one.id == student);
            assert_eq!(is_listed, contact.may_act(), "{contact:?} {bar:?}");
        }
        Ok(())
    };
    school.app.store.write(check).await.unwrap();
}

/// Inserts a bar's row without the effects of setting a bar.
#[expect(
    clippy::disallowed_methods,
    reason = "no operation makes this row, so nothing else gives it an id"
)]
fn insert_bar(
    db: &mut Db,
    school: Key,
    student: Key,
    person: Option<Key>,
    address: Option<&str>,
    staff: Key,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        bars_table::id.eq(Key(Uuid::now_v7())),
        bars_table::school_id.eq(school),
        bars_table::student_id.eq(student),
        bars_table::person_id.eq(person),
        bars_table::email.eq(address),
        bars_table::bar_key.eq(address),
        bars_table::note.eq(""),
        bars_table::set_by.eq(staff),
        bars_table::created_at.eq(at(now)),
    );
    diesel::insert_into(bars_table::table).values(row).execute(db)?;
    Ok(())
}

/// A live booking of a parent.
fn live_booking(db: &mut Db, parent: PersonId) -> Result<Key, Error> {
    let live = bookings_table::table.filter(
        bookings_table::parent_id.eq(key(parent)).and(bookings_table::cancelled_at.is_null()),
    );
    Ok(live.order(bookings_table::id).select(bookings_table::id).first(db)?)
}
