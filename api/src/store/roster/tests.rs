//! Tests of the writes of an import, on either database: unchanged files write nothing, changed
//! files write only the differences, and lost access is withdrawn.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use parlour_roster::{
    Class, Coverage, Enrolment, EnrolmentRole, Guardianship, Mode, Person, PersonBar, Removed,
    Roles, School, Unread, UnreadClass, UnreadPerson,
};

use super::{Changes, Counts, Source, apply, plan};
use crate::{
    context::{Context, Random},
    schema::{
        bars, bookings, claims, evenings, events, guardianships, invite_students, invites, outbox,
        people, sessions,
    },
    store::{
        Db,
        sources::{Origin, SourceKind},
        sql_types::{At, Key, at},
        test_database::TestDatabase,
        writer::guarded,
    },
};

struct Fixture {
    db: Db,
    ctx: Context,
    _database: TestDatabase,
}

impl Fixture {
    fn new() -> Self {
        let database = TestDatabase::new();
        let now: DateTime<Utc> = "2026-11-23T16:00:00Z".parse().unwrap();
        Self {
            db: database.connect(),
            ctx: Context::new(now, Random::seeded(1)),
            _database: database,
        }
    }

    fn import_as(&mut self, school: &School, coverage: Coverage, removed: Removed) -> Changes {
        self.import_beside(school, coverage, removed, Unread::default())
    }

    /// Imports a roster some of whose rows can't be used.
    fn import_beside(
        &mut self,
        school: &School,
        coverage: Coverage,
        removed: Removed,
        unread: Unread,
    ) -> Changes {
        let source = Source {
            coverage,
            removed: Arc::new(removed),
            unread: Arc::new(unread),
            ctx: self.ctx.clone(),
            time_zone: "Europe/London".to_owned(),
            origin: Origin::new(SourceKind::File, "roster"),
            writer: None,
            pushed_by: None,
        };
        let plan = plan(&mut self.db, school, &source).unwrap();
        assert!(guarded(&mut self.db, |db| apply(db, &plan)).unwrap());
        plan.changes
    }

    fn import(&mut self, school: &School) -> Changes {
        self.import_as(school, Coverage::default(), Removed::default())
    }

    fn id_of(&mut self, person: &str) -> Key {
        people::table
            .filter(people::sourced_id.eq(person))
            .select(people::id)
            .first(&mut self.db)
            .unwrap()
    }
}

fn person(id: &str, roles: Roles, role: &str) -> Person {
    Person {
        sourced_id: id.to_owned(),
        honorific: None,
        given_name: format!("{id} 🌟"),
        family_name: "Ó Súilleabháin".to_owned(),
        email: Some(format!("{id}@example.org")),
        roles,
        role_names: vec![role.to_owned()],
    }
}

fn link(parent: &str, student: &str) -> Guardianship {
    Guardianship {
        parent_id: parent.to_owned(),
        student_id: student.to_owned(),
        relation: Some("Mother".to_owned()),
        priority: Some(1),
        lives_with: Some(true),
        contact_allowed: true,
        contact_barred: Some(false),
        court_order: Some(false),
    }
}

fn enrolment(person: &str, role: EnrolmentRole) -> Enrolment {
    let (class_id, person_id) = ("cl".to_owned(), person.to_owned());
    Enrolment {
        sourced_id: format!("e-{person}"),
        class_id,
        person_id,
        role,
        primary: false,
        begins_on: None,
        ends_on: "2020-07-01".parse().ok(),
    }
}

/// A roster with one class, its teacher, a student, the student's mother and father, and a
/// secretary.
fn elm() -> School {
    let none = Roles::default();
    School {
        sourced_id: "elm".to_owned(),
        name: Some("Elm School".to_owned()),
        people: vec![
            person("f1", Roles { parent: true, ..none }, "parent"),
            person("m1", Roles { parent: true, ..none }, "parent"),
            person("o1", Roles { staff: true, ..none }, "administrator"),
            person("s1", Roles { student: true, ..none }, "student"),
            person("t1", Roles { teacher: true, ..none }, "teacher"),
        ],
        guardianships: vec![link("f1", "s1"), link("m1", "s1")],
        classes: vec![Class {
            sourced_id: "cl".to_owned(),
            title: "5x".to_owned(),
            code: Some("5x/Sc".to_owned()),
            subject: "Science".to_owned(),
            course_title: None,
            course_code: None,
            starts_on: None,
            ends_on: None,
        }],
        enrolments: vec![
            enrolment("s1", EnrolmentRole::Student),
            enrolment("t1", EnrolmentRole::Teacher),
        ],
        ..School::default()
    }
}

const fn counts(added: u64, changed: u64, removed: u64, unchanged: u64) -> Counts {
    Counts { added, changed, removed, unchanged }
}

#[test]
fn reimport_of_the_same_roster_changes_nothing() {
    let mut fixture = Fixture::new();
    let first = fixture.import(&elm());
    assert_eq!(
        (first.people, first.guardianships, first.classes, first.enrolments),
        (counts(5, 0, 0, 0), counts(2, 0, 0, 0), counts(1, 0, 0, 0), counts(2, 0, 0, 0))
    );
    assert_eq!(first.people_by_role["parent"], counts(2, 0, 0, 0));
    let second = fixture.import(&elm());
    assert_eq!(
        (second.people, second.guardianships, second.classes, second.enrolments),
        (counts(0, 0, 0, 5), counts(0, 0, 0, 2), counts(0, 0, 0, 1), counts(0, 0, 0, 2))
    );
    assert_eq!(second.access_withdrawn, 0);
}

#[test]
fn import_updates_rows_and_soft_deletes_missing_ones() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    let mother = fixture.id_of("m1");
    let mut next = elm();
    next.people.retain(|person| person.sourced_id != "m1");
    next.guardianships.retain(|link| link.parent_id != "m1");
    next.people[2].family_name = "New".to_owned();
    next.people.push(person("s2", Roles { student: true, ..Roles::default() }, "student"));
    let changes = fixture.import(&next);
    assert_eq!((changes.people, changes.guardianships), (counts(1, 1, 1, 3), counts(0, 0, 1, 1)));
    let gone: Option<At> =
        people::table.find(mother).select(people::removed_at).first(&mut fixture.db).unwrap();
    assert_eq!(gone, Some(at(fixture.ctx.now)));
    assert_eq!(fixture.import(&elm()).people, counts(1, 1, 1, 3));
    assert_eq!(fixture.id_of("m1"), mother, "a person who comes back keeps the same row");
}

#[test]
fn delta_removes_only_listed_rows() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    let all = |mode| Coverage {
        orgs: mode,
        people: mode,
        guardianships: mode,
        classes: mode,
        enrolments: mode,
    };
    let school = School { sourced_id: "elm".to_owned(), ..School::default() };
    let removed = Removed {
        people: ["m1".to_owned()].into(),
        enrolments: [("cl".to_owned(), "t1".to_owned(), EnrolmentRole::Teacher)].into(),
        ..Removed::default()
    };
    let changes = fixture.import_as(&school, all(Mode::Delta), removed);
    assert_eq!(
        (changes.people, changes.guardianships, changes.enrolments),
        (counts(0, 0, 1, 4), counts(0, 0, 1, 1), counts(0, 0, 1, 1))
    );
    let untouched = fixture.import_as(&school, all(Mode::Absent), Removed::default());
    assert_eq!(untouched.people, counts(0, 0, 0, 4));
}

#[test]
fn stale_import_plan_writes_nothing() {
    let mut fixture = Fixture::new();
    let source = Source {
        coverage: Coverage::default(),
        removed: Arc::default(),
        unread: Arc::default(),
        ctx: fixture.ctx.clone(),
        time_zone: "Europe/London".to_owned(),
        origin: Origin::new(SourceKind::File, "roster"),
        writer: None,
        pushed_by: None,
    };
    let slow = plan(&mut fixture.db, &elm(), &source).unwrap();
    fixture.import(&elm());
    assert!(!guarded(&mut fixture.db, |db| apply(db, &slow)).unwrap());
}

/// The same roster without the mother, the teacher, the mother's guardianship and the teacher's
/// enrolment.
fn without_two() -> School {
    let mut school = elm();
    school.people.retain(|person| !matches!(person.sourced_id.as_str(), "m1" | "t1"));
    school.guardianships.retain(|link| link.parent_id != "m1");
    school.enrolments.retain(|place| place.person_id != "t1");
    school
}

/// Checks how many people, guardianships and enrolments are removed when the import also has such
/// unusable rows.
#[track_caller]
fn check_unread(unread: Unread, expected: [u64; 3]) {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    let said = format!("{unread:?}");
    let changes =
        fixture.import_beside(&without_two(), Coverage::default(), Removed::default(), unread);
    assert_eq!(
        [changes.people.removed, changes.guardianships.removed, changes.enrolments.removed],
        expected,
        "{said}"
    );
    assert_eq!(
        (changes.people.changed, changes.guardianships.changed, changes.enrolments.changed),
        (0, 0, 0),
        "{said}"
    );
}

#[test]
fn people_in_unreadable_rows_are_kept() {
    let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<BTreeSet<_>>();
    let person = |given: &str, family: &str, email: &str| UnreadPerson {
        given_name: given.to_owned(),
        family_name: family.to_owned(),
        email: email.to_owned(),
    };
    let people = |one: UnreadPerson| Unread { people: vec![one], ..Unread::default() };
    check_unread(Unread::default(), [2, 1, 1]);
    check_unread(Unread { person_ids: ids(&["m1"]), ..Unread::default() }, [1, 0, 1]);
    check_unread(Unread { person_ids: ids(&["m1", "t1", "new"]), ..Unread::default() }, [0, 0, 0]);
    check_unread(people(person("", "", "M1@example.org")), [1, 0, 1]);
    check_unread(people(person("t1 🌟", "ó súilleabháin ", "")), [1, 1, 0]);
    check_unread(people(person("t1 🌟", "", "")), [2, 1, 1]);
    check_unread(people(person("", "", "")), [0, 0, 0]);
    let place = |class: Option<&str>, person: Option<&str>| {
        (class.map(str::to_owned), person.map(str::to_owned))
    };
    let places =
        |one| Unread { enrolments: [one].into(), person_ids: ids(&["t1"]), ..Unread::default() };
    check_unread(places(place(Some("cl"), Some("t1"))), [1, 1, 0]);
    // A person who has left loses their enrolment, even if an unusable row might name it.
    check_unread(
        Unread {
            enrolments: [place(None, None)].into(),
            guardianships: [place(None, None)].into(),
            ..Unread::default()
        },
        [2, 1, 1],
    );
}

#[test]
fn links_classes_and_enrolments_in_unreadable_rows_are_kept() {
    let place =
        |one: Option<&str>, other: Option<&str>| (one.map(str::to_owned), other.map(str::to_owned));
    let mut next = elm();
    next.guardianships.remove(0);
    next.enrolments.remove(0);
    let check = |unread: Unread, links: u64, places: u64| {
        let mut fixture = Fixture::new();
        fixture.import(&elm());
        let said = format!("{unread:?}");
        let changes = fixture.import_beside(&next, Coverage::default(), Removed::default(), unread);
        assert_eq!(
            (changes.guardianships.removed, changes.enrolments.removed),
            (links, places),
            "{said}"
        );
    };
    check(Unread::default(), 1, 1);
    for pattern in [
        place(Some("f1"), Some("s1")),
        place(Some("f1"), None),
        place(None, Some("s1")),
        place(None, None),
    ] {
        check(Unread { guardianships: [pattern].into(), ..Unread::default() }, 0, 1);
    }
    for pattern in [
        place(Some("cl"), Some("s1")),
        place(Some("cl"), None),
        place(None, Some("s1")),
        place(None, None),
    ] {
        check(Unread { enrolments: [pattern].into(), ..Unread::default() }, 1, 0);
    }
    for pattern in
        [place(Some("m1"), Some("s1")), place(Some("f1"), Some("m1")), place(Some("nobody"), None)]
    {
        check(
            Unread {
                guardianships: [pattern.clone()].into(),
                enrolments: [pattern].into(),
                ..Unread::default()
            },
            1,
            1,
        );
    }
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    let without = School { classes: Vec::new(), enrolments: Vec::new(), ..elm() };
    let titled = |title: &str| Unread {
        classes: vec![UnreadClass { title: title.to_owned() }],
        ..Unread::default()
    };
    for unread in [
        titled("5x"),
        titled(""),
        Unread { class_ids: ["cl".to_owned()].into(), ..Unread::default() },
    ] {
        let changes =
            fixture.import_beside(&without, Coverage::default(), Removed::default(), unread);
        assert_eq!((changes.classes.unchanged, changes.enrolments.unchanged), (1, 2));
    }
    let changes =
        fixture.import_beside(&without, Coverage::default(), Removed::default(), titled("6y"));
    assert_eq!((changes.classes.removed, changes.enrolments.removed), (1, 2));
}

#[test]
fn bar_of_an_unreadable_row_applies_to_kept_links() {
    for (of, contact_barred, court_order) in
        [("s1", true, false), ("s1", false, true), ("m1", false, true)]
    {
        let mut fixture = Fixture::new();
        fixture.import(&elm());
        let mut next = elm();
        next.people.retain(|person| {
            person.sourced_id == of || !matches!(person.sourced_id.as_str(), "m1" | "s1")
        });
        next.guardianships.clear();
        let gone = if of == "s1" { "m1" } else { "s1" };
        let bar = PersonBar { person_id: of.to_owned(), contact_barred, court_order };
        let unread =
            Unread { person_ids: [gone.to_owned()].into(), bars: vec![bar], ..Unread::default() };
        fixture.import_beside(&next, Coverage::default(), Removed::default(), unread);
        let (mother, student) = (fixture.id_of("m1"), fixture.id_of("s1"));
        let link: (Option<At>, bool, bool, bool) = guardianships::table
            .filter(guardianships::parent_id.eq(mother).and(guardianships::student_id.eq(student)))
            .select((
                guardianships::removed_at,
                guardianships::contact_allowed,
                guardianships::contact_barred,
                guardianships::court_order,
            ))
            .first(&mut fixture.db)
            .unwrap();
        assert_eq!(link, (None, false, contact_barred, court_order), "{of}");
    }
}

/// Adds an appointment of the mother, her invite for the father, and a session of each.
fn book(fixture: &mut Fixture) {
    let now = fixture.ctx.now;
    let (mother, father, student, teacher) =
        (fixture.id_of("m1"), fixture.id_of("f1"), fixture.id_of("s1"), fixture.id_of("t1"));
    let school: Key =
        people::table.find(mother).select(people::school_id).first(&mut fixture.db).unwrap();
    let class: Key = crate::schema::classes::table
        .select(crate::schema::classes::id)
        .first(&mut fixture.db)
        .unwrap();
    let (evening, booking, invite): (Key, Key, Key) =
        (fixture.ctx.new_id(), fixture.ctx.new_id(), fixture.ctx.new_id());
    let (start, end) = (at(now + TimeDelta::hours(1)), at(now + TimeDelta::hours(2)));
    let db = &mut fixture.db;
    let row = (
        (
            evenings::id.eq(evening),
            evenings::school_id.eq(school),
            evenings::name.eq("autumn"),
            evenings::title.eq("Autumn"),
        ),
        (
            evenings::starts_at.eq(start),
            evenings::ends_at.eq(end),
            evenings::time_zone.eq("Europe/London"),
            evenings::slot_minutes.eq(5),
        ),
        (
            evenings::gap_seconds.eq(0),
            evenings::booking_opens_at.eq(at(now)),
            evenings::booking_closes_at.eq(start),
            evenings::mode.eq("video"),
        ),
        (evenings::capacity.eq(4), evenings::created_at.eq(at(now))),
    );
    diesel::insert_into(evenings::table).values(row).execute(db).unwrap();
    let row = (
        (
            bookings::id.eq(booking),
            bookings::school_id.eq(school),
            bookings::evening_id.eq(evening),
            bookings::parent_id.eq(mother),
        ),
        (
            bookings::student_id.eq(student),
            bookings::class_id.eq(class),
            bookings::starts_at.eq(start),
            bookings::ends_at.eq(end),
        ),
        (
            bookings::video.eq(true),
            bookings::sequence.eq(0),
            bookings::created_by.eq(mother),
            bookings::created_at.eq(at(now)),
        ),
    );
    diesel::insert_into(bookings::table).values(row).execute(db).unwrap();
    for person in [mother, student, teacher] {
        let row =
            (claims::person_id.eq(person), claims::minute.eq(1), claims::booking_id.eq(booking));
        diesel::insert_into(claims::table).values(row).execute(db).unwrap();
    }
    let row = (
        (
            invites::id.eq(invite),
            invites::school_id.eq(school),
            invites::evening_id.eq(evening),
            invites::parent_id.eq(mother),
            invites::name.eq("F"),
        ),
        (
            invites::email.eq("F1+x@example.org"),
            invites::email_key.eq("f1+x@example.org"),
            invites::bar_key.eq("f1@example.org"),
            invites::generation.eq(1),
        ),
        (
            invites::consent_version.eq("1"),
            invites::consent_at.eq(at(now)),
            invites::created_by.eq(mother),
            invites::created_at.eq(at(now)),
        ),
        invites::mailed_at.eq(at(now)),
    );
    diesel::insert_into(invites::table).values(row).execute(db).unwrap();
    let row = (
        invite_students::invite_id.eq(invite),
        invite_students::evening_id.eq(evening),
        invite_students::parent_id.eq(mother),
        invite_students::student_id.eq(student),
    );
    diesel::insert_into(invite_students::table).values(row).execute(db).unwrap();
    for (kind, person, guest_of, address) in [
        ("person", Some(mother), None, Some("m1@example.org")),
        ("person", Some(father), None, Some("f1@example.org")),
        ("guest", None, Some(invite), None),
    ] {
        let id: Key = fixture.ctx.new_id();
        let row = (
            (
                sessions::id.eq(id),
                sessions::school_id.eq(school),
                sessions::kind.eq(kind),
                sessions::address_key.eq(address),
            ),
            (
                sessions::person_id.eq(person),
                sessions::invite_id.eq(guest_of),
                sessions::created_at.eq(at(now)),
                sessions::expires_at.eq(end),
            ),
        );
        diesel::insert_into(sessions::table).values(row).execute(db).unwrap();
    }
}

/// Counts the live bookings, claims, live invites and live sessions.
fn alive(fixture: &mut Fixture) -> [i64; 4] {
    let db = &mut fixture.db;
    [
        bookings::table.filter(bookings::cancelled_at.is_null()).count().get_result(db).unwrap(),
        claims::table.count().get_result(db).unwrap(),
        invites::table.filter(invites::ended_at.is_null()).count().get_result(db).unwrap(),
        sessions::table.filter(sessions::revoked_at.is_null()).count().get_result(db).unwrap(),
    ]
}

#[test]
fn removed_guardianship_ends_bookings_invites_and_sessions() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    book(&mut fixture);
    assert_eq!(alive(&mut fixture), [1, 3, 1, 3]);
    let mut next = elm();
    next.guardianships.retain(|link| link.parent_id != "m1");
    assert_eq!(fixture.import(&next).access_withdrawn, 1);
    assert_eq!(alive(&mut fixture), [0, 0, 0, 1], "the father's own session stays");
    let told: i64 = events::table
        .filter(events::action.eq("access_ended"))
        .count()
        .get_result(&mut fixture.db)
        .unwrap();
    assert!(told > 0, "the office is mailed");
    let alerts: i64 = outbox::table
        .filter(outbox::template.eq("staff_alert"))
        .count()
        .get_result(&mut fixture.db)
        .unwrap();
    assert_eq!(alerts, 1);
}

#[test]
fn barring_a_contact_ends_their_guest_invite() {
    for court_order in [false, true] {
        let mut fixture = Fixture::new();
        fixture.import(&elm());
        book(&mut fixture);
        let mut next = elm();
        (next.guardianships[0].contact_allowed, next.guardianships[0].court_order) =
            (false, Some(court_order));
        assert_eq!(fixture.import(&next).access_withdrawn, 1);
        assert_eq!(
            alive(&mut fixture),
            [1, 3, 0, 1],
            "the mother keeps her appointment and session"
        );
        assert_eq!(fixture.import(&next).access_withdrawn, 0);
    }
}

#[test]
fn changed_address_ends_sessions() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    book(&mut fixture);
    let mut next = elm();
    next.people[1].email = Some("new@example.org".to_owned());
    fixture.import(&next);
    assert_eq!(alive(&mut fixture), [1, 3, 1, 2]);
}

/// Bars a person, or an address, from the student, as staff do.
fn bar(fixture: &mut Fixture, person: Option<Key>, address: Option<&str>) -> Key {
    let (student, staff) = (fixture.id_of("s1"), fixture.id_of("o1"));
    let school: Key =
        people::table.find(student).select(people::school_id).first(&mut fixture.db).unwrap();
    let id: Key = fixture.ctx.new_id();
    let row = (
        (
            bars::id.eq(id),
            bars::school_id.eq(school),
            bars::student_id.eq(student),
            bars::person_id.eq(person),
            bars::bar_key.eq(address),
        ),
        (
            bars::note.eq("by the head"),
            bars::set_by.eq(staff),
            bars::created_at.eq(at(fixture.ctx.now)),
        ),
    );
    diesel::insert_into(bars::table).values(row).execute(&mut fixture.db).unwrap();
    id
}

#[test]
fn a_booking_ended_by_a_barred_address_is_not_stranded() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    book(&mut fixture);
    bar(&mut fixture, None, Some("new@example.org"));
    let mut next = elm();
    next.people[1].email = Some("new@example.org".to_owned());
    next.classes.clear();
    next.enrolments.clear();
    let changes = fixture.import(&next);
    assert_eq!((changes.appointments_ended, changes.appointments_stranded), (1, 0));
}

#[test]
fn import_keeps_manual_bars() {
    let mut fixture = Fixture::new();
    fixture.import(&elm());
    let father = fixture.id_of("f1");
    let id = bar(&mut fixture, Some(father), None);
    fixture.import(&elm());
    let mut without = elm();
    without.guardianships.clear();
    fixture.import(&without);
    fixture.import(&elm());
    let lifted: Option<At> =
        bars::table.find(id).select(bars::lifted_at).first(&mut fixture.db).unwrap();
    assert_eq!(lifted, None);
    let links: i64 = guardianships::table
        .filter(guardianships::removed_at.is_null())
        .count()
        .get_result(&mut fixture.db)
        .unwrap();
    assert_eq!(links, 2);
}

/// Allows the father contact, as staff do.
fn allow(fixture: &mut Fixture) {
    let (father, staff, now) = (fixture.id_of("f1"), fixture.id_of("o1"), at(fixture.ctx.now));
    let by_hand =
        (guardianships::allowed_at.eq(Some(now)), guardianships::allowed_by.eq(Some(staff)));
    diesel::update(guardianships::table.filter(guardianships::parent_id.eq(father)))
        .set(by_hand)
        .execute(&mut fixture.db)
        .unwrap();
}

/// Counts the students for whom the father may act.
fn students_of_the_father(fixture: &mut Fixture) -> usize {
    let father = fixture.id_of("f1");
    crate::store::access::students_of(&mut fixture.db, father.into()).unwrap().len()
}

#[test]
fn import_keeps_manual_contact_permission_until_barred() {
    let mut fixture = Fixture::new();
    let mut relative = elm();
    relative.guardianships[0].contact_allowed = false;
    fixture.import(&relative);
    assert_eq!(students_of_the_father(&mut fixture), 0);
    allow(&mut fixture);
    assert_eq!(students_of_the_father(&mut fixture), 1);
    assert_eq!(
        fixture.import(&relative).guardianships,
        counts(0, 0, 0, 2),
        "a permission by staff is no difference"
    );
    let mut nearer = relative.clone();
    nearer.guardianships[0].priority = Some(2);
    assert_eq!(fixture.import(&nearer).guardianships, counts(0, 1, 0, 1));
    assert_eq!(students_of_the_father(&mut fixture), 1);

    for (barred, court_order) in [(true, false), (false, true)] {
        let mut against = relative.clone();
        (against.guardianships[0].contact_barred, against.guardianships[0].court_order) =
            (Some(barred), Some(court_order));
        assert_eq!(fixture.import(&against).access_withdrawn, 1, "{barred} {court_order}");
        assert_eq!(students_of_the_father(&mut fixture), 0);
        fixture.import(&relative);
        assert_eq!(students_of_the_father(&mut fixture), 1, "the permission is permanent");
    }

    // A contact whom the roster drops and brings back is the same contact.
    let mut without = relative.clone();
    without.guardianships.remove(0);
    assert_eq!(fixture.import(&without).access_withdrawn, 1);
    assert_eq!(students_of_the_father(&mut fixture), 0);
    fixture.import(&relative);
    assert_eq!(students_of_the_father(&mut fixture), 1);
}
