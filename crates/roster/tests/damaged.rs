//! Tests of damaged files: missing data is reported, and objects of unusable rows are listed, so
//! that they can stay.

mod files;

use files::{Files, person};
use parlour_roster::{Reason, Unread};

fn unread(files: &Files) -> Unread {
    files.roster().unread
}

fn ids<'i>(ids: impl IntoIterator<Item = &'i String>) -> Vec<&'i str> {
    ids.into_iter().map(String::as_str).collect()
}

#[test]
fn unusable_row_reports_its_person_id() {
    let rows: [(&str, &[u8]); 8] = [
        ("other bytes", b"x1,,,sch,teacher,Ren\xe9,B,,"),
        ("too many cells", b"x1,,,sch,teacher,A,B, Jr,a@example.org,,,x"),
        ("too few cells", b"x1,,,sch,teacher,A,B"),
        ("no names", b"x1,,,sch,teacher, ,,,"),
        ("no role", b"x1,,,sch,,A,B,,"),
        ("no org", b"x1,,,,teacher,A,B,,"),
        ("an unknown org", b"x1,,,nowhere,teacher,A,B,,"),
        ("a quote left open", b"x1,,,sch,teacher,\"A,B,,"),
    ];
    for (case, row) in rows {
        let files = Files::oneroster_11()
            .and("users.csv", row)
            .and("users.csv", "\nx9,,,sch,teacher,Last,One,,\n");
        assert_eq!(ids(&unread(&files).person_ids), ["x1"], "{case}");
        assert_eq!(
            files
                .findings()
                .iter()
                .filter(|(file, line, _)| file == "users.csv" && *line == 5)
                .count(),
            1,
            "{case}: {:?}",
            files.findings()
        );
        person(&files.school(), "x9");
    }
    let long = Files::oneroster_11()
        .and("users.csv", format!("x1,,,sch,teacher,{},B,,\n", "n".repeat(1_000_000)));
    assert_eq!(ids(&unread(&long).person_ids), ["x1"]);
}

#[test]
fn row_without_id_reports_names_and_address() {
    let files =
        Files::oneroster_11().and("users.csv", b",,,sch,teacher,Ren\xe9,B,r@example.org,\n");
    let people = unread(&files).people;
    assert_eq!(
        (people[0].given_name.as_str(), people[0].family_name.as_str(), people[0].email.as_str()),
        ("René", "B", "r@example.org")
    );
    let blank = Files::oneroster_11().and("users.csv", ",,,sch,,,,,\n");
    assert_eq!(unread(&blank).people, [parlour_roster::UnreadPerson::default()]);
}

#[test]
fn readable_row_overrides_an_unreadable_duplicate() {
    for rows in
        ["x1,,,sch,,A,B,,\nx1,,,sch,teacher,A,B,,\n", "x1,,,sch,teacher,A,B,,\nx1,,,sch,,A,B,,\n"]
    {
        let files = Files::oneroster_11().and("users.csv", rows);
        assert!(unread(&files).person_ids.is_empty(), "{rows}");
        person(&files.school(), "x1");
    }
}

#[test]
fn active_row_overrides_a_deleted_duplicate() {
    for (rows, told) in [
        ("x1,tobedeleted,,sch,teacher,A,B,,\nx1,,,sch,teacher,A,B,,\n", 6),
        ("x1,,,sch,teacher,A,B,,\nx1,tobedeleted,,sch,teacher,A,B,,\n", 6),
    ] {
        let files = Files::oneroster_11().and("users.csv", rows);
        let roster = files.roster();
        assert!(!roster.removed.people.contains("x1"), "{rows}");
        person(&roster.schools[0], "x1");
        assert_eq!(files.findings(), [("users.csv".to_owned(), told, Reason::Duplicate)], "{rows}");
    }
    let twice =
        Files::oneroster_11().and("classes.csv", "c2,tobedeleted,,,,sch,,\nc2,,Art,,,sch,,\n");
    assert_eq!(twice.school().classes.len(), 2);
}

#[test]
fn unusable_class_and_enrolment_rows_report_their_ids() {
    let classes = Files::oneroster_11()
        .and("classes.csv", b"c2,,\xe9,co,,sch,,\nc3,,Art,co,,,,\n,,Music,co,,sch,,\n");
    assert_eq!(
        (ids(&unread(&classes).class_ids), unread(&classes).classes[0].title.as_str()),
        (vec!["c2", "c3"], "Music")
    );
    let name = |class: &str, person: &str| {
        let known = |id: &str| Some(id.to_owned()).filter(|id| !id.is_empty());
        [(known(class), known(person))].into()
    };
    for (row, expected) in [
        ("x,,cl,sch,s1,,,,", name("cl", "s1")),
        ("x,,cl,sch,s1,studnet,,,", name("cl", "s1")),
        ("x,,,sch,s1,student,,,", name("", "s1")),
        ("x,,cl,sch,,student,,,", name("cl", "")),
        ("x,,cl,sch,s1", name("cl", "s1")),
        ("x", name("", "")),
    ] {
        let files = Files::oneroster_11().and("enrollments.csv", format!("{row}\n"));
        assert_eq!(unread(&files).enrolments, expected, "{row}");
    }
    let proctor = Files::oneroster_11().and("enrollments.csv", "x,,cl,sch,t1,proctor,,,\n");
    assert!(
        unread(&proctor).enrolments.is_empty(),
        "a role that neither learns nor teaches is readable"
    );
}

#[test]
fn enrolment_of_a_person_with_unusable_row_is_kept() {
    let files = Files::oneroster_11().replace("users.csv", "t1,,true,sch,teacher", "t1,,true,sch,");
    assert_eq!(
        files.school().enrolments.iter().filter(|enrolment| enrolment.person_id == "t1").count(),
        1
    );
}

#[test]
fn bar_applies_if_the_other_persons_row_is_unusable() {
    let header = "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds,\
                  metadata.courtOrder\n";
    let of_student = Files::oneroster_11()
        .with("users.csv", format!("{header}s,sch,student,S,A,,m,true\nm,sch,,M,A,,s,\n"))
        .without("enrollments.csv");
    let bars = unread(&of_student).bars;
    assert_eq!(
        bars.iter().map(|bar| (bar.person_id.as_str(), bar.court_order)).collect::<Vec<_>>(),
        [("s", true)]
    );
    let of_contact = Files::oneroster_11()
        .with("users.csv", format!("{header}s,sch,,S,A,,m,\nm,sch,parent,M,A,,s,true\n"))
        .without("enrollments.csv");
    let links = of_contact.school().guardianships;
    assert_eq!(
        links.iter().map(|link| (link.student_id.as_str(), link.court_order)).collect::<Vec<_>>(),
        [("s", Some(true))]
    );
}

#[test]
fn missing_expected_columns_are_reported() {
    let check = |files: Files, expected: &[(&str, Option<&str>)]| {
        let lacking = files.roster().lacking;
        let found: Vec<_> =
            lacking.iter().map(|lack| (lack.file.as_str(), lack.column.as_deref())).collect();
        assert_eq!(found, expected);
    };
    check(Files::oneroster_11(), &[]);
    for (file, column, renamed) in [
        ("users.csv", "agentSourcedIds", "agents"),
        ("users.csv", "givenName", "first"),
        ("users.csv", "familyName", "surname"),
        ("users.csv", "email", "address"),
        ("orgs.csv", "name", "school"),
        ("classes.csv", "title", "called"),
    ] {
        check(
            Files::oneroster_11().replace(file, &format!(",{column}"), &format!(",{renamed}")),
            &[(file, Some(column))],
        );
    }
    check(
        Files::oneroster_11()
            .replace("users.csv", ",student,", ",,")
            .replace("users.csv", ",teacher,", ",,")
            .replace("users.csv", ",parent,", ",,"),
        &[("users.csv", Some("role"))],
    );
    check(
        Files::oneroster_11().with(
            "users.csv",
            "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\n",
        ),
        &[("users.csv", None)],
    );
    // Rows of deleted people contain only their ids.
    let gone = "sourcedId,status,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\n\
                s1,tobedeleted,,,,,,\n";
    check(Files::oneroster_11().with("users.csv", gone), &[]);
    for key in ["role", "orgSourcedIds", "sourcedId"] {
        let refused =
            Files::oneroster_11().replace("users.csv", key, "nothing").read().unwrap_err();
        assert_eq!(refused.code(), "missing_column", "{key}");
    }
}

#[test]
fn spreadsheet_line_endings_and_separators_are_accepted() {
    let users = String::from_utf8(Files::oneroster_11().0["users.csv"].clone()).unwrap();
    for (form, text) in [
        ("carriage returns alone", users.replace('\n', "\r")),
        (
            "carriage returns alone, without the last",
            users.replace('\n', "\r").trim_end().to_owned(),
        ),
        ("a separator that is announced", format!("sep=,\n{users}")),
        (
            "another one, after a byte order mark",
            format!("\u{feff}sep=;\r\n{}", users.replace(',', ";").replace('\n', "\r\n")),
        ),
        ("a quoted one", format!("\"SEP=|\"\n{}", users.replace(',', "|"))),
        ("carriage returns and an announcement", format!("sep=,\n{users}").replace('\n', "\r")),
    ] {
        let files = Files::oneroster_11().with("users.csv", text);
        assert_eq!((files.school().people.len(), files.findings()), (3, vec![]), "{form}");
    }
    let quoted = Files::oneroster_11()
        .with("users.csv", users.replace('\n', "\r").replace("Sophie", "\"Sophie\nAnn\""));
    assert_eq!(person(&quoted.school(), "s1").given_name, "Sophie\nAnn");
    let lines =
        Files::oneroster_11().with("users.csv", format!("sep=,\n{users}x1,,true,sch,,A,B,,\n"));
    assert_eq!(
        lines.findings(),
        [("users.csv".to_owned(), 6, Reason::MissingValue)],
        "lines are counted from the start of the file"
    );
}

#[test]
fn refusal_includes_earlier_findings() {
    let files = Files::oneroster_11()
        .replace("orgs.csv", "Elm School,school", "Elm School,college")
        .replace("users.csv", "s1,,true", "s1,,perhaps");
    let refused = files.read().unwrap_err();
    assert_eq!(refused.code(), "no_such_school");
    assert!(
        refused.findings.iter().any(|finding| finding.file == "users.csv" && finding.line == 2),
        "{:?}",
        refused.findings
    );
    assert!(
        refused.findings.iter().any(|finding| finding.file == "orgs.csv" && finding.line == 3),
        "{:?}",
        refused.findings
    );
}

#[test]
fn nonstandard_role_names_are_reported() {
    for (word, told) in [("pupil", true), ("Student", false), ("student", false)] {
        let files = Files::oneroster_11().replace("users.csv", ",student,", &format!(",{word},"));
        assert_eq!(
            files.findings().contains(&("users.csv".to_owned(), 2, Reason::Synonym)),
            told,
            "{word}"
        );
    }
    let inactive = Files::oneroster_11().replace("users.csv", "m1,,", "m1,inactive,");
    assert!(inactive.findings().contains(&("users.csv".to_owned(), 4, Reason::Synonym)));
    assert!(inactive.roster().removed.people.contains("m1"));
}

#[test]
fn bar_in_an_unusable_row_applies() {
    let header = "sourcedId,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds,\
                  metadata.contactAllowed,metadata.courtOrder\n";
    let student = "s,sch,student,S,A,,m,,\n";
    let check = |case: &str, row: &[u8], expected: (bool, bool)| {
        let files = Files::oneroster_11()
            .with("users.csv", format!("{header}{student}"))
            .and("users.csv", row)
            .without("enrollments.csv");
        let unread = unread(&files);
        assert_eq!(ids(&unread.person_ids), ["m"], "{case}");
        let bars: Vec<_> = unread
            .bars
            .iter()
            .map(|bar| (bar.person_id.as_str(), bar.contact_barred, bar.court_order))
            .collect();
        let (contact_barred, court_order) = expected;
        let expected = if contact_barred || court_order {
            vec![("m", contact_barred, court_order)]
        } else {
            Vec::new()
        };
        assert_eq!(bars, expected, "{case}");
    };
    check("a blank role", b"m,sch,,M,A,,s,,true\n", (false, true));
    check("a blank role, contact not allowed", b"m,sch,,M,A,,s,false,\n", (true, false));
    check("no names", b"m,sch,parent,,,,s,,true\n", (false, true));
    check("a word that is neither true nor false", b"m,sch,,M,A,,s,perhaps,\n", (true, false));
    check("other bytes", b"m,sch,parent,Ren\xe9,A,,s,,true\n", (false, true));
    check(
        "other bytes, and a word that is neither",
        b"m,sch,parent,Ren\xe9,A,,s,perhaps,\n",
        (false, false),
    );
    check(
        "a cell too many, so that all have moved",
        b"m,sch,parent,M,A, Jr,,s,,true\n",
        (false, false),
    );
    check("no bar", b"m,sch,,M,A,,s,true,false\n", (false, false));
}

#[test]
fn bar_applies_if_a_role_of_the_person_is_unreadable() {
    let users = "sourcedId,givenName,familyName,agentSourcedIds,metadata.courtOrder\ns,S,A,m,\nm,\
                 M,A,s,true\n";
    let roles = "sourcedId,userSourcedId,roleType,role,orgSourcedId\nr1,s,primary,student,sch\nr2,\
                 m,primary,parent,sch\nr3,m,secondary,,sch\n";
    let manifest = files::MANIFEST.replace("oneroster.version,1.1", "oneroster.version,1.2")
        + "file.roles,bulk\n";
    let files = Files::oneroster_11()
        .with("manifest.csv", manifest)
        .with("users.csv", users)
        .with("roles.csv", roles)
        .without("enrollments.csv");
    let unread = unread(&files);
    assert_eq!(ids(&unread.person_ids), ["m"]);
    assert_eq!(
        unread.bars.iter().map(|bar| (bar.person_id.as_str(), bar.court_order)).collect::<Vec<_>>(),
        [("m", true)]
    );
}
