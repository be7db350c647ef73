//! Tests of roles at other orgs: neither a link nor an enrolment carries them into a school.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;

use std::path::Path;

use files::{Files, person};
use parlour_roster::{
    Collection, ExistingRecords, Format, Push, PushedGuardianship, PushedPerson, Roles, School,
    Spool, read, read_collections, read_push,
};
use serde_json::{Value, json};

const PARENT: Roles = Roles { student: false, teacher: false, parent: true, staff: false };
const TEACHER: Roles = Roles { student: false, teacher: true, parent: false, staff: false };

/// Two schools and their district; the first school has a student `s` and a class `c`.
const ORGS: &str = "sourcedId,name,type\nsch,Elm,school\nother,Oak,school\nd,District,district\n";
const CLASSES: &str = "sourcedId,title,schoolSourcedId\nc,Art,sch\n";
const ENROLMENTS: &str =
    "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role\ne1,c,sch,s,student\n";

/// Contacts of `s`, each with a role and an org. The student lists all of them.
const CONTACTS: [(&str, &str, &str); 7] = [
    ("head", "administrator", "other"),
    ("boss", "districtAdministrator", "d"),
    ("root", "administrator", ""),
    ("tutor", "teacher", "other"),
    ("pupil", "student", "other"),
    ("mum", "parent", "other"),
    ("gran", "relative", "d"),
];

fn first(mut schools: Vec<School>) -> School {
    let at = schools.iter().position(|school| school.sourced_id == "sch").unwrap();
    schools.swap_remove(at)
}

/// Checks that people who belong to the school only through a link are parents and nothing else.
fn check_contacts(school: &School, expected: &[&str], format: &str) {
    for id in expected {
        let found = person(school, id);
        assert_eq!(found.roles, PARENT, "{format}: {id}");
        let named = if *id == "mum" {
            "parent"
        } else if *id == "gran" {
            "relative"
        } else {
            "contact"
        };
        assert_eq!(found.role_names, [named], "{format}: {id}");
    }
    assert!(school.people.iter().all(|person| !person.roles.staff), "{format}");
}

fn manifest(version: &str) -> String {
    format!(
        "propertyName,value\nmanifest.version,1.0\noneroster.version,{version}\nfile.orgs,bulk\n\
         file.users,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n"
    )
}

fn base(version: &str) -> Files {
    let files =
        Files(Default::default()).with("manifest.csv", manifest(version)).with("orgs.csv", ORGS);
    files.with("classes.csv", CLASSES).with("enrollments.csv", ENROLMENTS)
}

fn all_ids() -> Vec<&'static str> {
    CONTACTS.iter().map(|(id, ..)| *id).filter(|id| *id != "pupil").collect()
}

fn files_11(more: &str) -> Files {
    let rows: String =
        CONTACTS.iter().map(|(id, role, org)| format!("{id},{org},{role},{id},X,\n")).collect();
    let agents = all_ids().join(",");
    base("1.1").with(
        "users.csv",
        format!(
            "sourcedId,orgSourcedIds,role,givenName,familyName,agentSourcedIds\ns,sch,student,S,A,\
             \"{agents}\"\n{rows}{more}"
        ),
    )
}

fn files_12(more_users: &str, more_roles: &str) -> Files {
    let users: String = CONTACTS.iter().map(|(id, ..)| format!("{id},{id},X,\n")).collect();
    let roles: String = CONTACTS
        .iter()
        .filter(|(.., org)| !org.is_empty())
        .map(|(id, role, org)| format!("r-{id},{id},primary,{role},{org}\n"))
        .collect();
    let agents = all_ids().join(",");
    base("1.2")
        .with("manifest.csv", manifest("1.2") + "file.roles,bulk\n")
        .with(
            "users.csv",
            format!(
                "sourcedId,givenName,familyName,agentSourcedIds\ns,S,A,\"{agents}\"\n\
                 {users}{more_users}"
            ),
        )
        .with(
            "roles.csv",
            format!(
                "sourcedId,userSourcedId,roleType,role,orgSourcedId\nr-s,s,primary,student,sch\n\
                 {roles}{more_roles}"
            ),
        )
}

fn files_sds(more_users: &str, more_roles: &str, enrolments: &str) -> Files {
    let users: String =
        CONTACTS.iter().map(|(id, ..)| format!("{id},{id}@example.org,{id},X\n")).collect();
    let roles: String = CONTACTS
        .iter()
        .filter(|(.., org)| !org.is_empty())
        .map(|(id, role, org)| format!("{id},{org},{role}\n"))
        .collect();
    let links: String = all_ids().iter().map(|id| format!("s,{id},guardian\n")).collect();
    Files(Default::default())
        .with("orgs.csv", ORGS)
        .with("classes.csv", "sourcedId,orgSourcedId,title\nc,sch,Art\n")
        .with(
            "users.csv",
            format!(
                "sourcedId,username,givenName,familyName\ns,s@example.org,S,A\n{users}{more_users}"
            ),
        )
        .with(
            "roles.csv",
            format!("userSourcedId,orgSourcedId,role\ns,sch,student\n{roles}{more_roles}"),
        )
        .with(
            "relationships.csv",
            format!("userSourcedId,relationshipUserSourcedId,relationshipRole\n{links}"),
        )
        .with(
            "enrollments.csv",
            format!("classSourcedId,userSourcedId,role\nc,s,student\n{enrolments}"),
        )
}

fn collections(
    version: Format,
    more: &[(&str, &str, &str)],
    enrolments: &[(&str, &str)],
) -> School {
    let refer = |id: &str| json!({ "sourcedId": id });
    let user = |(id, role, org): &(&str, &str, &str), agents: Vec<Value>| {
        let mut user =
            json!({ "sourcedId": id, "givenName": id, "familyName": "X", "agents": agents });
        let orgs: Vec<Value> = if org.is_empty() { Vec::new() } else { vec![refer(org)] };
        if version == Format::OneRoster11 {
            (user["role"], user["orgs"]) = (json!(role), json!(orgs));
        } else {
            user["roles"] = orgs
                .into_iter()
                .map(|org| json!({ "roleType": "primary", "role": role, "org": org }))
                .collect();
        }
        user
    };
    let mut users =
        vec![user(&("s", "student", "sch"), all_ids().into_iter().map(refer).collect())];
    users.extend(CONTACTS.iter().chain(more).map(|one| user(one, Vec::new())));
    let place = |(id, role): &(&str, &str)| {
        json!({
            "sourcedId": format!("e-{id}"),
            "role": role,
            "class": refer("c"),
            "user": refer(id),
            "school": refer("sch"),
        })
    };
    let places: Vec<Value> = [("s", "student")].iter().chain(enrolments).map(place).collect();
    let mut spool = Spool::default();
    for collection in Collection::ALL {
        let objects = match collection {
            Collection::Orgs => vec![
                json!({ "sourcedId": "sch", "name": "Elm", "type": "school" }),
                json!({ "sourcedId": "other", "name": "Oak", "type": "school" }),
                json!({ "sourcedId": "d", "name": "District", "type": "district" }),
            ],
            Collection::Classes => {
                vec![json!({ "sourcedId": "c", "title": "Art", "school": refer("sch") })]
            }
            Collection::Users => users.clone(),
            Collection::Enrollments => places.clone(),
            Collection::AcademicSessions | Collection::Courses => Vec::new(),
        };
        let mut file = Spool::begin(collection, tempfile::tempfile().unwrap());
        objects.into_iter().for_each(|object| file.write(object).unwrap());
        spool.finish(file).unwrap();
    }
    first(read_collections(spool, version, &[]).unwrap().schools)
}

#[test]
fn agent_link_across_orgs_gives_only_the_guardianship() {
    check_contacts(&first(files_11("").roster().schools), &all_ids(), "1.1");
    check_contacts(&first(files_12("", "").roster().schools), &all_ids(), "1.2");
    check_contacts(&first(files_sds("", "", "").roster().schools), &all_ids(), "SDS");
    check_contacts(&collections(Format::OneRoster11, &[], &[]), &all_ids(), "REST 1.1");
    check_contacts(&collections(Format::OneRoster12, &[], &[]), &all_ids(), "REST 1.2");
}

#[test]
fn enrolment_across_orgs_gives_only_the_enrolment_role() {
    const MORE: [(&str, &str, &str); 2] =
        [("visitor", "administrator", "other"), ("super", "teacher", "d")];
    let check = |school: &School, format: &str| {
        for (id, ..) in MORE {
            let found = person(school, id);
            assert_eq!(
                (found.roles, found.role_names.as_slice()),
                (TEACHER, ["teacher".to_owned()].as_slice()),
                "{format}: {id}"
            );
        }
        assert!(school.people.iter().all(|person| !person.roles.staff), "{format}");
    };
    let place = "e2,c,sch,visitor,teacher\ne3,c,sch,super,teacher\n";
    let (users, roles) = (
        "visitor,V,X,\nsuper,U,X,\n",
        "r-v,visitor,primary,administrator,other\nr-u,super,primary,teacher,d\n",
    );
    check(
        &first(
            files_11("visitor,other,administrator,V,X,\nsuper,d,teacher,U,X,\n")
                .and("enrollments.csv", place)
                .roster()
                .schools,
        ),
        "1.1",
    );
    check(&first(files_12(users, roles).and("enrollments.csv", place).roster().schools), "1.2");
    let sds = files_sds(
        "visitor,v@example.org,V,X\nsuper,u@example.org,U,X\n",
        "visitor,other,administrator\nsuper,d,teacher\n",
        "c,visitor,teacher\nc,super,teacher\n",
    );
    check(&first(sds.roster().schools), "SDS");
    for version in [Format::OneRoster11, Format::OneRoster12] {
        check(
            &collections(version, &MORE, &[("visitor", "teacher"), ("super", "teacher")]),
            "REST",
        );
    }
}

#[test]
fn person_without_class_or_link_here_is_excluded() {
    let school = first(
        files_11("idle,other,administrator,I,X,\nchief,d,administrator,C,X,\n").roster().schools,
    );
    assert!(
        !school
            .people
            .iter()
            .any(|person| ["idle", "chief", "pupil"].contains(&person.sourced_id.as_str()))
    );
}

#[test]
fn role_at_this_school_is_kept() {
    let own = "own,\"sch,other\",administrator,O,X,\n";
    let school =
        first(files_11(own).replace("users.csv", "head,boss", "own,head,boss").roster().schools);
    assert_eq!(
        person(&school, "own").roles,
        Roles { parent: true, staff: true, ..Roles::default() }
    );
    let school = first(
        files_12(
            "own,O,X,\n",
            "r-o,own,secondary,administrator,sch\nr-p,own,primary,parent,other\n",
        )
        .roster()
        .schools,
    );
    assert_eq!(person(&school, "own").roles, Roles { staff: true, ..Roles::default() });
}

#[test]
fn pushed_guardianship_grants_no_staff_role() {
    // The school knows them only as parents; a push of links can't add their roles elsewhere.
    let known = ExistingRecords {
        people: [
            ("s".to_owned(), vec!["student".to_owned()]),
            ("head".to_owned(), vec!["contact".to_owned()]),
        ]
        .into(),
        ..ExistingRecords::default()
    };
    let link = PushedGuardianship {
        parent: "head".to_owned(),
        student: "s".to_owned(),
        ..PushedGuardianship::default()
    };
    let read = read_push("sch", &Push::Guardianships(vec![(0, link)]), &known).unwrap();
    assert!(read.school.people.is_empty() && read.school.guardianships.len() == 1);
    // A pushed row is the school's own statement.
    let row = PushedPerson {
        sourced_id: "head".to_owned(),
        roles: vec!["administrator".to_owned()],
        family_name: "X".to_owned(),
        ..PushedPerson::default()
    };
    let read = read_push("sch", &Push::People(vec![(0, row)]), &known).unwrap();
    assert!(read.school.people[0].roles.staff);
}

#[test]
fn other_school_admin_as_contact_case_grants_no_staff_role() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/cases/other-school-admin-as-contact");
    let school = first(
        read(&folder, None)
            .unwrap()
            .schools
            .into_iter()
            .map(|school| School { sourced_id: school.sourced_id.replace("sch1", "sch"), ..school })
            .collect(),
    );
    for id in ["adm2", "boss", "t9"] {
        assert_eq!(person(&school, id).roles, PARENT, "{id}");
    }
    assert!(person(&school, "adm").roles.staff && person(&school, "t1").roles.teacher);
}
