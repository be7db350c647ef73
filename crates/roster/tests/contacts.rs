//! Tests of guardianships: found from both sides, allowed by role, barred by the school.

mod files;

use files::{Files, person};
use parlour_roster::{Guardianship, Reason};

fn with_columns(columns: &str, rows: &str) -> Files {
    let header = format!(
        "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds{columns}\n"
    );
    Files::oneroster_11().with("users.csv", header + rows).without("enrollments.csv")
}

fn pairs(files: &Files) -> Vec<(String, String)> {
    files.school().guardianships.into_iter().map(|g| (g.parent_id, g.student_id)).collect()
}

fn only_pair(columns: &str, role: &str, values: &str) -> Guardianship {
    let blanks = ",".repeat(columns.matches(',').count());
    let files = with_columns(
        columns,
        &format!("s,sch,student,S,A,,{blanks}\nm,sch,{role},M,A,,s{values}\n"),
    );
    let mut found = files.school().guardianships;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn agents_on_either_side_give_the_same_links() {
    let link = [("m".to_owned(), "s".to_owned())];
    assert_eq!(pairs(&with_columns("", "s,sch,student,S,A,,\nm,sch,parent,M,A,,s\n")), link);
    assert_eq!(pairs(&with_columns("", "s,sch,student,S,A,,m\nm,sch,parent,M,A,,\n")), link);
    assert_eq!(pairs(&with_columns("", "s,sch,student,S,A,,m\nm,sch,parent,M,A,,s\n")), link);
    let many = with_columns(
        "",
        "s,sch,student,S,A,,\"m, \
         f\"\nz,sch,student,Z,A,,\nm,sch,parent,M,A,,\"s,z\"\nf,sch,guardian,F,A,,\n",
    );
    assert_eq!(
        pairs(&many),
        [("f", "s"), ("m", "s"), ("m", "z")].map(|(p, s)| (p.to_owned(), s.to_owned()))
    );
}

#[test]
fn role_decides_whether_contact_is_allowed() {
    let cases = [
        ("parent", true),
        ("guardian", true),
        ("Mother", true),
        ("father", true),
        ("relative", false),
        ("aunt", false),
        ("wizard", false),
        ("teacher", false),
    ];
    for (role, allowed) in cases {
        let pair = only_pair("", role, "");
        assert_eq!((pair.contact_allowed, pair.contact_barred), (allowed, None), "{role}");
        assert_eq!(pair.relation.as_deref(), Some(role));
    }
}

#[test]
fn metadata_can_bar_a_contact() {
    let cases = [
        (",metadata.contactAllowed", ",true", (true, false)),
        (",metadata.contactAllowed", ",false", (false, false)),
        (",metadata.contactAllowed", ",No", (false, false)),
        (",ext_contactAllowed", ",0", (false, false)),
        (",ext_contact_allowed", ",FALSE", (false, false)),
        (",metadata.contactAlowed", ",false", (false, false)),
        (",metadata.contactAllowed", ",ask the head", (false, false)),
        (",metadata.courtOrder", ",true", (false, true)),
        (",ext_courtOrder", ",yes", (false, true)),
        (",metadata.courtOrder", ",2021/17", (false, true)),
        (",metadata.courtOrder", ",false", (true, false)),
        (",metadata.courtOrder", ",", (true, false)),
    ];
    for (column, value, expected) in cases {
        let pair = only_pair(column, "parent", value);
        let said = (pair.contact_barred, pair.court_order);
        assert_eq!((pair.contact_allowed, said.1 == Some(true)), expected, "{column} {value}");
        assert_eq!(said.0 == Some(true), expected == (false, false), "{column} {value}");
        assert_eq!(
            said == (None, None),
            value == ",",
            "{column} {value}: what is silent says nothing"
        );
    }
}

#[test]
fn bar_on_student_row_bars_all_contacts() {
    let files = with_columns(
        ",metadata.courtOrder",
        "s,sch,student,S,A,,,true\nm,sch,parent,M,A,,s,\nf,sch,parent,F,A,,s,\n",
    );
    assert!(
        files
            .school()
            .guardianships
            .iter()
            .all(|pair| !pair.contact_allowed && pair.court_order == Some(true))
    );
    assert!(files.findings().contains(&("users.csv".to_owned(), 2, Reason::BarOnStudent)));
}

#[test]
fn contact_metadata_is_kept() {
    let pair = only_pair(
        ",metadata.relation,metadata.priority,metadata.livesWith",
        "parent",
        ",Mother,2,false",
    );
    assert_eq!(
        (pair.relation.as_deref(), pair.priority, pair.lives_with),
        (Some("Mother"), Some(2), Some(false))
    );
    let files = with_columns(",metadata.title", "t,sch,teacher,T,A,,,Mrs\n");
    assert_eq!(person(&files.school(), "t").honorific.as_deref(), Some("Mrs"));
}

#[test]
fn contact_belongs_to_the_school_of_their_students() {
    let files = with_columns("", "s,sch,student,S,A,,m\nm,d,parent,M,A,,\nn,,parent,N,A,,s\n");
    let school = files.school();
    assert_eq!((school.people.len(), school.guardianships.len()), (3, 2));
    assert_eq!(school.users_by_role, [("parent".to_owned(), 2), ("student".to_owned(), 1)].into());
    assert!(person(&school, "m").roles.parent);
}

#[test]
fn people_of_two_schools_are_in_both() {
    let files = with_columns("", "s,\"sch,two\",student,S,A,,\nm,sch,parent,M,A,,s\n")
        .and("orgs.csv", "two,,,Two,school,,d\n");
    let roster = files.roster();
    assert_eq!(roster.schools.len(), 2);
    for school in &roster.schools {
        assert_eq!(
            (school.people.len(), school.guardianships.len()),
            (2, 1),
            "{}",
            school.sourced_id
        );
    }
    for asked in ["two", "Two"] {
        let one = parlour_roster::read(files.write().path(), Some(asked)).unwrap();
        assert_eq!(one.schools.iter().map(|s| s.sourced_id.as_str()).collect::<Vec<_>>(), ["two"]);
    }
    assert_eq!(
        parlour_roster::read(files.write().path(), Some("three")).unwrap_err().code(),
        "no_such_school"
    );
}
