//! Tests of the manifest, deltas, OneRoster 1.2 and Microsoft SDS v2.1.

mod files;

use files::{Files, MANIFEST, person};
use parlour_roster::{EnrolmentRole, Format, Mode, Reason};

fn oneroster_12() -> Files {
    Files::oneroster_11()
        .with(
            "manifest.csv",
            format!(
                "{}file.roles,bulk\nfile.userProfiles,bulk\n",
                MANIFEST.replace(",1.1", ",1.2")
            ),
        )
        .with(
            "users.csv",
            "sourcedId,status,enabledUser,username,givenName,familyName,email,agentSourcedIds\ns1,\
             ,true,s,S,A,,m1\nt1,,true,t,T,B,t@example.org,\nm1,,true,m,M,A,m@example.org,\n",
        )
        .with(
            "roles.csv",
            "sourcedId,status,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
             userProfileSourcedId\nr1,,s1,primary,student,,,sch,\nr2,,t1,primary,teacher,\
             2019-01-01,2019-02-01,sch,p1\nr3,,t1,secondary,parent,,,sch,\nr4,,m1,primary,\
             guardian,,,sch,p9\n",
        )
        .with(
            "userProfiles.csv",
            "sourcedId,status,userSourcedId,profileType,vendorId,credentialType,username\np1,,t1,\
             x,v,c,t\np2,,nobody,x,v,c,n\n",
        )
}

fn sds() -> Files {
    Files(Default::default())
        .with("orgs.csv", "sourcedId,name,type,parentSourcedId\nsch,Elm,school,\n")
        .with(
            "users.csv",
            "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,\
             sms\ns,s@x.org,S,A,,s@x.org,,,\nt,t@x.org,T,B,,t@x.org,,,\nm,,M,A,,,m@x.org,,\n",
        )
        .with("roles.csv", "userSourcedId,orgSourcedId,role\ns,sch,student\nt,sch,teacher\n")
        .with(
            "relationships.csv",
            "userSourcedId,relationshipUserSourcedId,relationshipRole\n\
             s,m,guardian\ns,t,relative\n",
        )
        .with("classes.csv", "sourcedId,orgSourcedId,title\nc,sch,Art\n")
        .with("enrollments.csv", "classSourcedId,userSourcedId,role\nc,s,student\nc,t,teacher\n")
}

#[test]
fn secondary_role_is_used() {
    let roster = oneroster_12().roster();
    assert_eq!(roster.format, Format::OneRoster12);
    let school = &roster.schools[0];
    let teacher = person(school, "t1");
    assert!(teacher.roles.teacher && teacher.roles.parent);
    assert_eq!(teacher.role_names, ["parent", "teacher"]);
    assert_eq!(school.users_by_role["parent"], 1);
    assert_eq!(school.guardianships.len(), 1);
    assert!(school.guardianships[0].contact_allowed);
    let found: Vec<_> =
        roster.findings.iter().map(|f| (f.file.as_str(), f.line, f.reason)).collect();
    assert_eq!(
        found,
        [("roles.csv", 5, Reason::Dangling), ("userProfiles.csv", 3, Reason::Dangling)]
    );
}

#[test]
fn sds_relationships_become_guardianships() {
    let roster = sds().roster();
    assert_eq!(roster.format, Format::SdsV21);
    let school = &roster.schools[0];
    let allowed: Vec<_> =
        school.guardianships.iter().map(|g| (g.parent_id.as_str(), g.contact_allowed)).collect();
    assert_eq!(allowed, [("m", true), ("t", false)]);
    assert_eq!(person(school, "t").email.as_deref(), Some("t@x.org"));
    assert_eq!(school.enrolments.iter().filter(|e| e.role == EnrolmentRole::Teacher).count(), 1);
}

#[test]
fn file_absent_in_the_manifest_is_ignored() {
    let files = Files::oneroster_11()
        .replace("manifest.csv", "file.classes,bulk", "file.classes,absent")
        .with("classes.csv", "rubbish");
    let roster = files.roster();
    assert_eq!((roster.coverage.classes, roster.schools[0].classes.len()), (Mode::Absent, 0));
    assert!(
        roster.findings.iter().any(|f| f.file == "classes.csv" && f.reason == Reason::FileIgnored)
    );
}

#[test]
fn missing_file_has_absent_coverage() {
    for files in [
        Files::oneroster_11().without("enrollments.csv"),
        Files::oneroster_11().without("enrollments.csv").without("manifest.csv"),
    ] {
        let roster = files.roster();
        assert_eq!(roster.coverage.enrolments, Mode::Absent);
        assert!(
            roster
                .findings
                .iter()
                .any(|f| f.file == "enrollments.csv" && f.reason == Reason::MissingFile)
        );
    }
}

#[test]
fn delta_lists_removed_rows() {
    let files = Files::oneroster_11()
        .with("manifest.csv", MANIFEST.replace("bulk", "delta"))
        .with("orgs.csv", "sourcedId,type,name\n")
        .with(
            "users.csv",
            "sourcedId,status,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\nold,\
             tobedeleted,,,,,,\nm1,active,sch,parent,M,A,,elsewhere\n",
        )
        .with("classes.csv", "sourcedId,status,title,schoolSourcedId\ngone,tobedeleted,,\n")
        .with(
            "enrollments.csv",
            "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role\ne7,tobedeleted,c,\
             sch,s,student\ne8,active,c,sch,s2,student\ne9,active,gone,sch,s2,student\n",
        );
    let roster = files.roster();
    assert_eq!(roster.coverage.people, Mode::Delta);
    assert_eq!(roster.removed.people, ["old".to_owned()].into());
    assert_eq!(roster.removed.classes, ["gone".to_owned()].into());
    assert_eq!(
        roster.removed.enrolments,
        [("c".to_owned(), "s".to_owned(), EnrolmentRole::Student)].into()
    );
    assert_eq!(roster.removed.people_with_links, ["m1".to_owned()].into());
    let school = &roster.schools[0];
    assert_eq!((school.sourced_id.as_str(), &school.name), ("sch", &None));
    assert_eq!(
        (school.people.len(), school.guardianships.len(), school.enrolments.len()),
        (1, 1, 1)
    );
    let found: Vec<_> =
        roster.findings.iter().map(|f| (f.file.as_str(), f.line, f.reason)).collect();
    assert_eq!(found, [("enrollments.csv", 4, Reason::Dangling)]);
}

#[test]
fn delta_with_only_a_student_keeps_their_contacts() {
    let header = "sourcedId,status,orgSourcedIds,role,givenName,familyName,email,agentSourcedIds\n";
    let files = Files::oneroster_11().with("manifest.csv", MANIFEST.replace("bulk", "delta")).with(
        "users.csv",
        format!("{header}old,tobedeleted,,,,,,\ns,active,sch,student,S,A,,\"m1,old\"\n"),
    );
    let roster = files.roster();
    let either_order =
        [("m1", "s"), ("s", "m1")].map(|(one, other)| (one.to_owned(), other.to_owned()));
    assert_eq!(
        roster.removed.mentioned_links,
        either_order.into(),
        "links of deleted people are not mentioned"
    );
    let found: Vec<_> = roster
        .findings
        .iter()
        .filter(|f| f.file == "users.csv")
        .map(|f| f.message.contains("a link that is there stays"))
        .collect();
    assert_eq!(found, [true, false], "{:?}", roster.findings);
}

#[test]
fn deleted_rows_of_a_bulk_file_are_removed() {
    let files = Files::oneroster_11().replace("users.csv", "m1,,", "m1,tobedeleted,");
    let school = files.school();
    assert_eq!((school.people.len(), school.guardianships.len()), (2, 0));
}

#[test]
fn subject_falls_back_from_class_to_course_to_title() {
    let check = |class: &str, course: &str, course_title: &str, expected: &str| {
        let files = Files::oneroster_11()
            .with("courses.csv", format!("sourcedId,title,subjects\nco,{course_title},{course}\n"))
            .replace("classes.csv", "sch,,\n", &format!("sch,,{class}\n"));
        assert_eq!(files.school().classes[0].subject, expected);
    };
    check("Physics", "Science", "Science 5", "Physics");
    check("", "Science", "Science 5", "Science");
    check("14", "10", "Science 5", "Science 5");
    check("", "", "", "5x Science");
}

#[test]
fn unreadable_rosters_are_refused() {
    let code = |files: Files| files.read().unwrap_err().code();
    assert_eq!(code(Files(Default::default())), "unknown_format");
    assert_eq!(
        code(Files::oneroster_11().replace("manifest.csv", ",1.1", ",3.0")),
        "unknown_version"
    );
    assert_eq!(code(Files::oneroster_11().with("users.csv", b"\xff\xfes\0o\0")), "not_text");
    assert_eq!(
        code(Files::oneroster_11().replace("orgs.csv", "Elm School,school", "Elm School,college")),
        "no_such_school"
    );
}
