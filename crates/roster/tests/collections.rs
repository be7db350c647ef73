//! Tests of collections from the REST bindings: the rules of files apply to any provider's data.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use parlour_roster::{Collection, Format, Reason, Refusal, Roster, Spool, read_collections};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

fn read(format: Format, mut objects: impl FnMut(Collection) -> Value) -> Result<Roster, Refusal> {
    let mut spool = Spool::default();
    for collection in Collection::ALL {
        let mut file = Spool::begin(collection, tempfile::tempfile().unwrap());
        for object in objects(collection).as_array().unwrap() {
            file.write(object.clone())?;
        }
        spool.finish(file)?;
    }
    read_collections(spool, format, &[])
}

fn school(collection: Collection) -> Value {
    let (sch, c1) = (json!({ "sourcedId": "sch" }), json!({ "sourcedId": "c1" }));
    match collection {
        Collection::Orgs => {
            json!([
                { "sourcedId": "sch", "name": "School", "type": "school" },
                { "sourcedId": "d", "name": "District", "type": "district" },
            ])
        }
        Collection::AcademicSessions => {
            json!([{ "sourcedId": "t1", "startDate": "2026-09-01", "endDate": "2027-07-21" }])
        }
        Collection::Courses => {
            json!([{ "sourcedId": "co", "title": "Art and design", "subjects": ["Art", "Design"] }])
        }
        Collection::Classes => {
            json!([
                {
                    "sourcedId": "c1",
                    "title": "7 Art",
                    "school": sch,
                    "course": { "sourcedId": "co" },
                    "terms": [{ "sourcedId": "t1" }],
                }
            ])
        }
        Collection::Users => json!([
            {
                "sourcedId": "s1",
                "givenName": "Sam",
                "familyName": "A",
                "role": "student",
                "orgs": [sch],
                "agents": [{ "sourcedId": "m1" }, { "sourcedId": "u1" }],
            },
            { "sourcedId": "m1", "givenName": "Mo", "familyName": "A", "role": "parent",
              "orgs": [sch], "email": "mo@example.org",
              "metadata": { "relation": "Mother", "priority": 1, "livesWith": true } },
            {
                "sourcedId": "u1",
                "givenName": "Uli",
                "familyName": "A",
                "role": "guardian",
                "orgs": [sch],
                "metadata": { "ext_contactAllowed": false, "shoeSize": 44 },
            },
            {
                "sourcedId": "t",
                "givenName": "Terry",
                "familyName": "B",
                "role": "teacher",
                "orgs": [sch],
                "email": "oops",
                "enabledUser": "true",
            },
            { "sourcedId": "gone", "status": "tobedeleted" },
        ]),
        Collection::Enrollments => json!([
            {
                "sourcedId": "e1",
                "role": "student",
                "class": c1,
                "user": { "sourcedId": "s1" },
                "school": sch,
            },
            {
                "sourcedId": "e2",
                "role": "teacher",
                "class": c1,
                "user": { "sourcedId": "t" },
                "primary": "true",
                "beginDate": null,
            },
        ]),
    }
}

/// The same people with the roles of OneRoster 1.2.
fn school_12(collection: Collection) -> Value {
    let mut objects = school(collection);
    if collection == Collection::Users {
        for user in objects.as_array_mut().unwrap().iter_mut().filter_map(Value::as_object_mut) {
            let (Some(role), Some(orgs)) = (user.remove("role"), user.remove("orgs")) else {
                continue;
            };
            user.insert(
                "roles".to_owned(),
                json!([
                    { "roleType": "primary", "role": role, "org": orgs[0] },
                    { "roleType": "secondary", "role": role, "org": { "sourcedId": "d" } },
                ]),
            );
        }
    }
    objects
}

#[test]
fn both_versions_give_the_same_school() {
    let (old, new) =
        (read(Format::OneRoster11, school).unwrap(), read(Format::OneRoster12, school_12).unwrap());
    assert_eq!(old.schools, new.schools);
    let school = &old.schools[0];
    let subject = |roster: &Roster| roster.schools[0].classes[0].subject.clone();
    assert_eq!(
        (subject(&old).as_str(), school.people.len(), school.enrolments.len()),
        ("Art,Design", 4, 2)
    );
    let links: Vec<_> = school
        .guardianships
        .iter()
        .map(|link| {
            (link.parent_id.as_str(), link.contact_allowed, link.contact_barred, link.priority)
        })
        .collect();
    assert_eq!(links, [("m1", true, None, Some(1)), ("u1", false, Some(true), None)]);
    assert!(school.enrolments[1].primary && old.removed.people.contains("gone"));
}

#[test]
fn finding_names_the_object() {
    let roster = read(Format::OneRoster11, school).unwrap();
    let told: Vec<String> = roster.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["users:4: \"oops\" is not an email address; the person is kept without one (\"t\")"]
    );
}

#[test]
fn misspelt_bar_column_is_reported_and_unknown_value_bars() {
    let check = |metadata: Value, reason: Reason| {
        let roster = read(Format::OneRoster11, |collection| {
            let mut objects = school(collection);
            if collection == Collection::Users {
                objects[2]["metadata"] = metadata.clone();
            }
            objects
        });
        let roster = roster.unwrap();
        let link =
            roster.schools[0].guardianships.iter().find(|link| link.parent_id == "u1").unwrap();
        assert!(
            link.contact_barred == Some(true)
                && roster.findings.iter().any(|finding| finding.reason == reason),
            "{metadata}: {:?}",
            roster.findings
        );
    };
    check(json!({ "contactAlowed": "no" }), Reason::MisspeltHeader);
    check(json!({ "contactAllowed": "perhaps" }), Reason::BadValue);
}

#[test]
fn invalid_collections_are_refused() {
    let code = |outcome: Result<Roster, Refusal>| outcome.map(|_| ()).map_err(|error| error.code());
    let users = |format, users: Value| {
        code(read(format, |collection| {
            if collection == Collection::Users { users.clone() } else { school(collection) }
        }))
    };
    assert_eq!(
        users(Format::OneRoster11, json!([{ "sourcedId": "a", "roles": [] }])),
        Err("missing_column")
    );
    assert_eq!(
        users(Format::OneRoster12, json!([{ "sourcedId": "a", "role": "parent" }])),
        Err("missing_column")
    );
    assert_eq!(users(Format::OneRoster11, json!(["a"])), Err("not_objects"));
    assert_eq!(
        users(Format::OneRoster11, json!([{ "sourcedId": "a".repeat(200_000) }])),
        Err("too_large")
    );
    assert_eq!(users(Format::OneRoster11, json!([])), Ok(()), "an empty collection is complete");
    assert_eq!(code(read(Format::SdsV21, school)), Err("unknown_format"));
}

#[test]
fn spool_keeps_only_known_members() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("users");
    let mut file = Spool::begin(Collection::Users, std::fs::File::create(&path).unwrap());
    file.write(json!({
        "sourcedId": "a",
        "password": "hush",
        "phone": "1",
        "metadata": { "title": "Dr" },
    }))
    .unwrap();
    Spool::default().finish(file).unwrap();
    let kept = std::fs::read_to_string(path).unwrap();
    assert_eq!(kept.matches('\n').count(), 1);
    assert_eq!(
        serde_json::from_str::<Value>(&kept).unwrap(),
        json!({ "sourcedId": "a", "metadata": { "title": "Dr" } })
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop_oneof![
            Just("sourcedId".to_owned()),
            Just("role".to_owned()),
            Just("org".to_owned()),
            ".{0,6}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..4)
                .prop_map(|map| map.into_iter().collect())
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reader_accepts_any_json_value(
        value in anything(),
        member in prop::sample::select(vec![
            "sourcedId", "role", "roles", "orgs", "agents", "metadata", "email", "status",
        ]),
    ) {
        for (format, make) in [
            (Format::OneRoster11, school as fn(Collection) -> Value),
            (Format::OneRoster12, school_12),
        ] {
            let read = read(format, |collection| {
                let mut objects = make(collection);
                if collection == Collection::Users {
                    objects[1][member] = value.clone();
                }
                objects
            });
            prop_assert!(read.is_ok(), "{:?}", read.err());
        }
    }
}

#[test]
fn unusable_object_reports_its_person() {
    for (format, make) in
        [(Format::OneRoster11, school as fn(Collection) -> Value), (Format::OneRoster12, school_12)]
    {
        let unread = |change: &dyn Fn(&mut Value)| {
            let roster = read(format, |collection| {
                let mut objects = make(collection);
                if collection == Collection::Users {
                    change(&mut objects[1]);
                }
                objects
            });
            roster.unwrap().unread
        };
        let without_id = unread(&|user| user["sourcedId"] = json!(""));
        assert_eq!(
            without_id
                .people
                .iter()
                .map(|one| (one.given_name.as_str(), one.email.as_str()))
                .collect::<Vec<_>>(),
            [("Mo", "mo@example.org")]
        );
        let blank_role = |user: &mut Value| match user.get("roles") {
            Some(_) => user["roles"][0]["role"] = json!(""),
            None => user["role"] = json!(""),
        };
        let no_names =
            |user: &mut Value| (user["givenName"], user["familyName"]) = (Value::Null, json!(" "));
        for ids in [unread(&no_names).person_ids, unread(&blank_role).person_ids] {
            assert_eq!(ids.iter().collect::<Vec<_>>(), ["m1"], "{format:?}");
        }
    }
}

#[test]
fn member_blank_in_every_object_is_reported() {
    let roster = read(Format::OneRoster11, |collection| {
        let mut objects = school(collection);
        if collection == Collection::Users {
            objects.as_array_mut().unwrap().iter_mut().for_each(|user| user["role"] = json!(""));
        }
        objects
    });
    let lacking = roster.unwrap().lacking;
    assert_eq!(
        lacking.iter().map(|lack| (lack.file.as_str(), lack.column.as_deref())).collect::<Vec<_>>(),
        [("users", Some("role"))]
    );
}
