//! Tests of pushed rows: the rules of files, combined with existing objects.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use parlour_roster::{
    EnrolmentRole, ExistingLink, ExistingRecords, Mode, Push, PushOutcome, PushedEnrolment,
    PushedGuardianship, PushedPerson, RowVerdict, read_push,
};

fn known() -> ExistingRecords {
    let roles = |roles: &[&str]| roles.iter().map(|&role| role.to_owned()).collect::<Vec<_>>();
    let people = [
        ("s1", roles(&["student"])),
        ("p1", roles(&["parent"])),
        ("r1", roles(&["relative"])),
        ("x1", roles(&["contact"])),
        ("t1", roles(&["teacher"])),
    ];
    ExistingRecords {
        people: people.map(|(id, roles)| (id.to_owned(), roles)).into(),
        classes: ["c1".to_owned()].into(),
        links: Vec::new(),
    }
}

fn link(parent: &str, relationship: &str) -> PushedGuardianship {
    PushedGuardianship {
        parent: parent.to_owned(),
        student: "s1".to_owned(),
        relationship: relationship.to_owned(),
        ..PushedGuardianship::default()
    }
}

fn read(push: &Push, known: &ExistingRecords) -> PushOutcome {
    read_push("school", push, known).unwrap()
}

/// Checks whether a row allows contact.
#[track_caller]
fn check_contact(row: PushedGuardianship, before: Option<ExistingLink>, expected: bool) {
    let said = format!("{row:?} after {before:?}");
    let read = read(
        &Push::Guardianships(vec![(0, row)]),
        &ExistingRecords { links: before.into_iter().collect(), ..known() },
    );
    assert_eq!(
        read.school.guardianships.iter().map(|link| link.contact_allowed).collect::<Vec<_>>(),
        [expected],
        "{said}"
    );
    assert!(
        read.school.people.is_empty() && read.school.name.is_none(),
        "existing objects that are only referred to are not in the result"
    );
}

#[test]
fn contact_depends_on_roles_and_explicit_values() {
    check_contact(link("p1", ""), None, true);
    check_contact(link("p1", "Grandmother"), None, true);
    check_contact(link("r1", "Mother"), None, false);
    check_contact(link("t1", "Mother"), None, true);
    check_contact(link("t1", "Aunt"), None, false);
    check_contact(link("t1", ""), None, false);
    check_contact(
        PushedGuardianship { contact_allowed: Some(false), ..link("p1", "") },
        None,
        false,
    );
    check_contact(
        PushedGuardianship { contact_allowed: Some(true), ..link("r1", "") },
        None,
        false,
    );
    check_contact(PushedGuardianship { court_order: Some(true), ..link("p1", "") }, None, false);
}

#[test]
fn omitted_bar_differs_from_explicit_bar() {
    let check = |row: PushedGuardianship, expected: (Option<bool>, Option<bool>)| {
        // The result is the same if the contact's roles or the link already exist.
        for links in [
            vec![],
            vec![ExistingLink {
                parent: "p1".to_owned(),
                student: "s1".to_owned(),
                ..ExistingLink::default()
            }],
        ] {
            let read = read(
                &Push::Guardianships(vec![(0, row.clone())]),
                &ExistingRecords { links, ..known() },
            );
            let link = &read.school.guardianships[0];
            assert_eq!((link.contact_barred, link.court_order), expected, "{row:?}");
        }
    };
    check(link("p1", ""), (None, None));
    for said in [true, false] {
        check(
            PushedGuardianship { contact_allowed: Some(said), ..link("p1", "") },
            (Some(!said), None),
        );
        check(PushedGuardianship { court_order: Some(said), ..link("p1", "") }, (None, Some(said)));
    }
}

#[test]
fn allowed_contact_is_kept_unless_the_relationship_changes() {
    // A contact of SDS was judged by the relationship's role: they have no role of their own.
    let before = |contact_allowed: bool| {
        let link = ExistingLink {
            parent: "x1".to_owned(),
            student: "s1".to_owned(),
            relationship: "Person 1".to_owned(),
            ..ExistingLink::default()
        };
        Some(ExistingLink { contact_allowed, ..link })
    };
    for same in ["Person 1", "", "Mother", " Mother "] {
        check_contact(link("x1", same), before(true), true);
    }
    check_contact(link("x1", "Aunt"), before(true), false);
    check_contact(link("x1", "Person 1"), before(false), false);
    check_contact(link("x1", "Mother"), before(false), false);
    check_contact(
        PushedGuardianship { contact_allowed: Some(false), ..link("x1", "Mother") },
        before(true),
        false,
    );
    check_contact(
        PushedGuardianship { court_order: Some(true), ..link("x1", "Mother") },
        before(true),
        false,
    );
}

#[test]
fn links_are_reevaluated_only_when_roles_change() {
    let before = ExistingLink {
        parent: "p1".to_owned(),
        student: "s1".to_owned(),
        relationship: "Mother".to_owned(),
        priority: Some(2),
        ..ExistingLink::default()
    };
    let known = ExistingRecords { links: vec![before], ..known() };
    let push = |roles: &[&str]| {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        let row = PushedPerson {
            sourced_id: "p1".to_owned(),
            given_name: "Dora".to_owned(),
            roles,
            ..PushedPerson::default()
        };
        read(&Push::People(vec![(0, row)]), &known)
    };
    let judged = |read: &PushOutcome| {
        assert!(
            read.school
                .guardianships
                .iter()
                .all(|link| (link.contact_barred, link.court_order) == (None, None)),
            "a person's row does not mention bars"
        );
        read.school
            .guardianships
            .iter()
            .map(|link| (link.contact_allowed, link.priority))
            .collect::<Vec<_>>()
    };
    assert_eq!(judged(&push(&["parent"])), []);
    assert_eq!(judged(&push(&[" parent "])), []);
    let relative = push(&["relative"]);
    assert_eq!(judged(&relative), [(false, Some(2))]);
    assert_eq!(judged(&push(&["relative", "guardian"])), [(true, Some(2))]);
    assert_eq!(
        relative.school.people.iter().map(|person| person.sourced_id.as_str()).collect::<Vec<_>>(),
        ["p1"],
        "the student is only referred to"
    );
    assert_eq!(
        (relative.coverage.people, relative.coverage.classes, relative.coverage.orgs),
        (Mode::Delta, Mode::Absent, Mode::Absent)
    );
}

#[test]
fn each_refused_row_is_reported_with_its_index() {
    let row = |class: &str, person: &str, role: &str| PushedEnrolment {
        class: class.to_owned(),
        person: person.to_owned(),
        role: role.to_owned(),
        ..PushedEnrolment::default()
    };
    // The rows in between were refused because of their shape.
    let rows = vec![
        (1, row("c1", "s1", "student")),
        (3, row("c1", "nobody", "student")),
        (7, row("none", "s1", "student")),
        (8, row("c1", "s1", "Student")),
    ];
    let read = read(&Push::Enrolments(rows), &known());
    let told: Vec<_> =
        read.diagnostics.iter().map(|told| (told.row, told.verdict, told.code)).collect();
    assert_eq!(
        told,
        [
            (3, RowVerdict::Refused, "unknown_person"),
            (7, RowVerdict::Refused, "unknown_class"),
            (8, RowVerdict::Refused, "duplicate_row")
        ]
    );
    let used: Vec<_> = read
        .school
        .enrolments
        .iter()
        .map(|one| (one.class_id.as_str(), one.person_id.as_str(), one.role))
        .collect();
    assert_eq!(used, [("c1", "s1", EnrolmentRole::Student)]);
}
