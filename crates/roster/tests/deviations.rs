//! Tests of deviations in real files: each is either understood or reported with file, line and
//! reason, and the rest is imported.

mod files;

use files::{Files, person};
use parlour_roster::Reason;

fn check(files: &Files, expected: &[(&str, u64, Reason)]) {
    let found = files.findings();
    let found: Vec<_> =
        found.iter().map(|(file, line, reason)| (file.as_str(), *line, *reason)).collect();
    assert_eq!(found, expected);
}

/// Checks the counts of the undamaged files: three people, one guardianship, one class, two
/// enrolments.
fn check_whole(files: &Files) {
    let school = files.school();
    let counts = (
        school.people.len(),
        school.guardianships.len(),
        school.classes.len(),
        school.enrolments.len(),
    );
    assert_eq!(counts, (3, 1, 1, 2));
}

#[test]
fn csv_dialects_give_the_same_roster() {
    let base = Files::oneroster_11();
    let users = String::from_utf8(base.0["users.csv"].clone()).unwrap();
    let trailing: String = users.lines().map(|line| format!("{line},,,\n")).collect();
    let extra: String = users
        .lines()
        .enumerate()
        .map(|(at, line)| {
            format!("{line},{}\n", if at == 0 { "ext_house,shoeSize" } else { "Red,3" })
        })
        .collect();
    let quoted: String =
        users.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect();
    let forms = [
        ("byte order mark", format!("\u{feff}{users}")),
        ("CRLF", users.replace('\n', "\r\n")),
        ("trailing blank columns", trailing),
        ("further columns", extra),
        ("blank lines", users.replace('\n', "\n\n,,,,\n")),
        ("no last line end", users.trim_end().to_owned()),
        ("all quoted", quoted),
        (
            "quoted with a byte order mark",
            format!("\u{feff}{}", users.replace("sourcedId", "\"sourcedId\"")),
        ),
        ("semicolons", users.replace(',', ";")),
        (
            "other case of headers",
            users.replace("sourcedId", "SOURCEDID").replace("familyName", "Family Name"),
        ),
        ("unknown and capital status", users.replace("s1,,", "s1,Active,")),
    ];
    for (form, text) in forms {
        let files = base.clone().with("users.csv", text);
        check_whole(&files);
        assert_eq!(files.findings(), [], "{form}");
    }
    check_whole(&base.without("users.csv").with("Users.CSV", users));
}

#[test]
fn invalid_row_is_reported_and_the_rest_imported() {
    let row = |line: &str| {
        Files::oneroster_11().and("users.csv", format!("{line}\nx9,,,sch,teacher,Last,One,,\n"))
    };
    let cases = [
        ("a broken address", "x1,,,sch,teacher,A,B,a b@example.org,", Reason::BadEmail),
        ("no domain", "x1,,,sch,teacher,A,B,abc@bar,", Reason::BadEmail),
        ("too many cells", "x1,,,sch,teacher,A,B, Jr,a@example.org,,,x", Reason::ExtraCells),
        ("too few cells", "x1,,,sch,teacher,A,B", Reason::MissingCells),
        ("no id", ",,,sch,teacher,A,B,,", Reason::MissingValue),
        ("no names", "x1,,,sch,teacher, ,,,", Reason::MissingValue),
        ("an id twice", "s1,,,sch,student,A,B,,", Reason::Duplicate),
        ("an unknown role", "x1,,,sch,wizard,A,B,,", Reason::UnknownRole),
        ("an unknown status", "x1,maybe,,sch,teacher,A,B,,", Reason::UnknownStatus),
        ("an unknown org", "x1,,,nowhere,teacher,A,B,,", Reason::Dangling),
        ("another org", "x1,,,d,teacher,A,B,,", Reason::OtherOrg),
        ("no org", "x1,,,,teacher,A,B,,", Reason::NoSchool),
        ("an unknown agent", "x1,,,sch,parent,A,B,,nobody", Reason::Dangling),
        ("an agent of the wrong kind", "x1,,,sch,parent,A,B,,t1", Reason::WrongKind),
        ("a login switched off", "x1,,false,sch,parent,A,B,a@example.org,", Reason::LoginDisabled),
        ("neither true nor false", "x1,,perhaps,sch,parent,A,B,,", Reason::BadValue),
        ("a quote left open", "x1,,,sch,teacher,\"A,B,,", Reason::UnclosedQuote),
        ("a NUL", "x1,,,sch,teacher,A\0,B,,", Reason::BadCharacter),
    ];
    for (case, line, reason) in cases {
        let files = row(line);
        let found = files.findings();
        assert!(
            found.contains(&("users.csv".to_owned(), 5, reason)) && found.len() == 1,
            "{case}: {found:?}"
        );
        assert_eq!(person(&files.school(), "x9").given_name, "Last", "{case}");
    }
}

#[test]
fn invalid_utf8_and_overlong_fields_drop_only_their_row() {
    let latin1 = Files::oneroster_11()
        .and("users.csv", b"x1,,,sch,teacher,Ren\xe9,B,,\nx9,,,sch,teacher,A,B,,\n");
    check(&latin1, &[("users.csv", 5, Reason::NotUtf8)]);
    for length in [10_000, 1_000_000] {
        let line = format!("x1,,,sch,teacher,{},B,,\nx9,,,sch,teacher,A,B,,\n", "n".repeat(length));
        let files = Files::oneroster_11().and("users.csv", line);
        check(&files, &[("users.csv", 5, Reason::TooLong)]);
        person(&files.school(), "x9");
    }
}

#[test]
fn unclosed_quote_drops_one_row_even_if_closed_later() {
    let files = Files::oneroster_11().and(
        "users.csv",
        "x1,,,sch,teacher,\"Nick,Jones,,\nx2,,,sch,teacher,\"Ann, \
         B\",Lee,,\nx3,,,sch,teacher,C,D,,\n",
    );
    check(&files, &[("users.csv", 5, Reason::UnclosedQuote)]);
    assert_eq!(person(&files.school(), "x2").given_name, "Ann, B");
    person(&files.school(), "x3");
}

#[test]
fn invalid_text_drops_only_its_row() {
    let long = "x".repeat(256);
    let of_control = ["a\u{1b}b", "a\0b", "a\u{85}b", "a\u{7f}b"]
        .map(|name| (format!("x1,,,sch,student,{name},Y,,\n"), Reason::BadCharacter));
    let of_length = [
        (format!("{long},,,sch,student,X,Y,,\n"), Reason::TooLong),
        (format!("x1,,,sch,student,{},Y,,\n", "x".repeat(201)), Reason::TooLong),
        (format!("x1,,,sch,{},X,Y,,\n", "x".repeat(51)), Reason::TooLong),
    ];
    for (line, reason) in of_control.into_iter().chain(of_length) {
        let files = Files::oneroster_11().and("users.csv", &line);
        check(&files, &[("users.csv", 5, reason)]);
        check_whole(&files);
    }
    // Only the invalid id is left out of a list.
    let files = Files::oneroster_11().replace(
        "users.csv",
        "ruth@example.org,s1",
        &format!("ruth@example.org,\"s1,{long}\""),
    );
    check(&files, &[("users.csv", 4, Reason::TooLong)]);
    check_whole(&files);
}

#[test]
fn text_around_an_address_is_stripped_and_reported() {
    let read = |cell: &str| {
        let files =
            Files::oneroster_11().and("users.csv", format!("x1,,,sch,parent,X,Y,\"{cell}\",\n"));
        let reasons: Vec<Reason> =
            files.findings().into_iter().map(|(_, _, reason)| reason).collect();
        (person(&files.school(), "x1").email.clone(), reasons)
    };
    for cell in [
        "mailto:a@b.org",
        "<a@b.org>",
        "Name <a@b.org>",
        "a@b.org,",
        "a@b.org;",
        "a@b.org\u{200b}",
        "\u{feff}a@b.org",
        "a@ⓑ.org",
        "a@b.org.",
    ] {
        assert_eq!(
            read(cell),
            (Some("a@b.org".to_owned()), vec![Reason::EmailUnderstood]),
            "{cell:?}"
        );
    }
    assert_eq!(read(" a@b.org "), (Some("a@b.org".to_owned()), vec![]));
    assert_eq!(read("A@B.org"), (Some("A@b.org".to_owned()), vec![]));
    assert_eq!(read("a@xn--mller-kva.de"), (Some("a@müller.de".to_owned()), vec![]));
    for cell in ["a@b.org;c@d.org", "a b@c.org", "a\u{200b}b@c.org", "a@localhost"] {
        assert_eq!(read(cell), (None, vec![Reason::BadEmail]), "{cell:?}");
    }
}

#[test]
fn names_are_read_unchanged() {
    let names = [
        "Zoë",
        "O'Brien",
        "O’Brien-Núñez",
        "محمد عبد الله",
        "שרה",
        "王小明",
        "Bea 🌟",
        "J\"R\" Smith",
        "two\nlines",
        "two\r\nlines",
        "  wide  ",
        "e\u{301}",
    ];
    for name in names {
        let line = format!("x1,,,sch,student,\"{}\",Ó Súilleabháin,,\n", name.replace('"', "\"\""));
        let files = Files::oneroster_11().and("users.csv", line);
        check(&files, &[]);
        let school = files.school();
        let person = person(&school, "x1");
        assert_eq!(
            (person.given_name.as_str(), person.family_name.as_str()),
            (name, "Ó Súilleabháin")
        );
    }
}

#[test]
fn misspelt_headers_are_matched_and_reported() {
    let misspelt = [
        ("sourcedId,", "sourecdId,"),
        ("familyName", "famliyNmae"),
        ("orgSourcedIds", "orgSourcedId"),
        ("email", "emial"),
        ("agentSourcedIds", "agentSourceIds"),
    ];
    for (right, wrong) in misspelt {
        let files = Files::oneroster_11().replace("users.csv", right, wrong);
        check_whole(&files);
        check(&files, &[("users.csv", 1, Reason::MisspeltHeader)]);
    }
    let twice =
        Files::oneroster_11().replace("users.csv", "agentSourcedIds\n", "agentSourcedIds,email\n");
    check_whole(&twice);
    assert!(twice.findings().contains(&("users.csv".to_owned(), 1, Reason::DuplicateColumn)));
    let unreadable =
        Files::oneroster_11().replace("users.csv", "sourcedId,", "key,").read().unwrap_err();
    assert_eq!(unreadable.code(), "missing_column");
}

#[test]
fn bad_dates_never_drop_a_row() {
    let read = |date: &str| {
        let files = Files::oneroster_11().replace(
            "enrollments.csv",
            "e1,,cl,sch,s1,student,,2020-09-01",
            &format!("e1,,cl,sch,s1,student,,{date}"),
        );
        check_whole(&files);
        (
            files.school().enrolments[0].begins_on.map(|date| date.to_string()),
            files.findings().len(),
        )
    };
    let good = [
        "2020-09-13",
        "2020-09-13T00:00:00.000Z",
        "2020-09-13 08:00",
        "20200913",
        "9/13/2020",
        "13/9/2020",
        "13.9.2020",
        "2020/9/13",
        "13/09/2020",
    ];
    for date in good {
        assert_eq!(read(date), (Some("2020-09-13".to_owned()), 0), "{date}");
    }
    for date in ["soon", "2020-13-40", "1/2/2020", "0000-00-00", "99999-01-01", "44087"] {
        assert_eq!(read(date), (None, 1), "{date}");
    }
    assert_eq!(read(""), (None, 0));
}

#[test]
fn dangling_enrolments_are_reported() {
    let cases = [
        ("x,,nowhere,sch,s1,student,,,", Reason::Dangling),
        ("x,,cl,sch,nobody,student,,,", Reason::Dangling),
        ("x,,cl,sch,m1,student,,,", Reason::WrongKind),
        ("x,,cl,sch,s1,teacher,,,", Reason::WrongKind),
        ("x,,cl,sch,t1,proctor,,,", Reason::UnknownRole),
        ("x,,cl,d,s1,student,,,", Reason::WrongKind),
        ("x,,cl,sch,s1,student,,,", Reason::Duplicate),
        ("x,,,sch,s1,student,,,", Reason::MissingValue),
    ];
    for (line, reason) in cases {
        let files = Files::oneroster_11().and("enrollments.csv", format!("{line}\n"));
        check_whole(&files);
        let found = files.findings();
        assert!(found.contains(&("enrollments.csv".to_owned(), 4, reason)), "{line}: {found:?}");
    }
}
