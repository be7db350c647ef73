//! Test of real rosters in the folder beside the repository, if it exists, against their stated
//! counts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use parlour_roster::{EnrolmentRole, Format, Reason, Roster, School, read};

fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    path.is_dir().then_some(path)
}

fn only_school(roster: &Roster) -> &School {
    assert_eq!(roster.schools.len(), 1);
    &roster.schools[0]
}

#[test]
fn grand_bend_has_the_expected_counts() {
    let Some(path) = shared("grand-bend-elementary-oneroster-1.1") else { return };
    let roster = read(&path, None).unwrap();
    assert_eq!(roster.format, Format::OneRoster11);
    let school = only_school(&roster);
    assert_eq!(school.name.as_deref(), Some("Grand Bend Elementary School"));
    let roles = [
        ("administrator", 2),
        ("aide", 1),
        ("guardian", 1),
        ("parent", 764),
        ("student", 400),
        ("teacher", 27),
    ];
    assert_eq!(school.users_by_role, roles.map(|(role, count)| (role.to_owned(), count)).into());
    assert_eq!(school.people.len(), 1195);
    assert_eq!((school.classes.len(), school.enrolments.len()), (256, 2652));
    let mut guardians: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in &school.guardianships {
        assert!(pair.contact_allowed && pair.lives_with.is_some() && pair.relation.is_some());
        *guardians.entry(&pair.student_id).or_default() += 1;
    }
    let with = |count| guardians.values().filter(|g| **g == count).count();
    assert_eq!((with(1), with(2), with(3)), (68, 299, 33));
    let taught = |id: &str| {
        school.enrolments.iter().any(|e| e.class_id == id && e.role == EnrolmentRole::Teacher)
    };
    assert_eq!(school.classes.iter().filter(|class| !taught(&class.sourced_id)).count(), 6);
    let addresses: Vec<_> =
        roster.findings.iter().map(|f| (f.file.as_str(), f.line, f.reason)).collect();
    assert_eq!(
        addresses,
        [("users.csv", 653, Reason::BadEmail), ("users.csv", 1014, Reason::BadEmail)]
    );
}

#[test]
fn sds_sample_has_the_expected_counts() {
    let Some(path) = shared("sds-v2.1") else { return };
    let roster = read(&path, None).unwrap();
    assert_eq!(roster.format, Format::SdsV21);
    let school = only_school(&roster);
    assert_eq!(
        (school.sourced_id.as_str(), school.name.as_deref()),
        ("110003", Some("School of TwoDotOne"))
    );
    let roles = [("contact", 2), ("student", 3), ("teacher", 1)];
    assert_eq!(school.users_by_role, roles.map(|(role, count)| (role.to_owned(), count)).into());
    let allowed: Vec<_> =
        school.guardianships.iter().map(|g| (g.student_id.as_str(), g.contact_allowed)).collect();
    assert_eq!(allowed, [("114001", true), ("114003", false), ("114004", true)]);
    assert_eq!((school.classes.len(), school.enrolments.len()), (1, 4));
    assert_eq!(school.classes[0].subject, "Biology 10 2021");
    assert!(school.people.iter().all(|person| person.email.is_some()));
    let reported: Vec<_> =
        roster.findings.iter().map(|f| (f.file.as_str(), f.line, f.reason)).collect();
    let expected = [
        ("classes.csv", 2),
        ("enrollments.csv", 2),
        ("enrollments.csv", 3),
        ("roles.csv", 5),
        ("roles.csv", 6),
        ("roles.csv", 8),
    ];
    assert_eq!(reported, expected.map(|(file, line)| (file, line, Reason::OtherOrg)));
}
