//! Tests of relatives whom the roster links without allowing contact: staff allow it permanently,
//! unless a bar stands against it.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};
use parlour::{
    schema::{events, people},
    store::{people::PersonRow, sessions},
};
use serde_json::json;

use crate::harness::{Actor, Roster, School, TestResponse};

/// Beverley Edwards, a grandmother of Tyrese.
const GRANDMOTHER: &str = "p-046";
const HER_ROW: &str = "s-9027,,,Mrs,Grandmother,2,false,,";

async fn person(school: &School, sourced_id: &'static str) -> PersonRow {
    school
        .read(move |db| {
            Ok(people::table
                .filter(people::sourced_id.eq(sourced_id))
                .select(PersonRow::as_select())
                .first(db)?)
        })
        .await
}

/// The grandmother, and the path by which staff allow her contact.
async fn grandmother(school: &School) -> (PersonRow, String) {
    let (her, him) = (person(school, GRANDMOTHER).await, person(school, "s-9027").await);
    let path = format!("/parents/{}/allowed_students/{}", her.id().0, him.id().0);
    (her, path)
}

/// The grandmother as the office sees her: whether contact is allowed, and whether staff may allow
/// it.
async fn seen(office: &Actor, her: &PersonRow) -> (bool, bool) {
    let parent: TestResponse = office.get(&format!("/parents/{}", her.id().0)).await.is(200);
    let linked = &parent.list("/students")[0];
    (linked["allowed"] == true, linked["can_allow"] == true)
}

/// Returns whether a person with her address could log in at the school.
async fn can_log_in(school: &School, her: &PersonRow) -> bool {
    let (of_school, address) = (her.school_id.into(), her.email_key.clone().unwrap());
    !school.read(move |db| sessions::identities(db, of_school, &address)).await.is_empty()
}

async fn allow(actor: &Actor, path: &str) -> TestResponse {
    actor.send("PUT", path, actor.request("PUT", path)).await
}

async fn times_allowed(school: &School) -> i64 {
    school
        .read(|db| {
            Ok(events::table
                .filter(events::action.eq("contact_allowed"))
                .filter(events::actor.eq("Helen Okafor"))
                .count()
                .get_result(db)?)
        })
        .await
}

#[tokio::test]
async fn permission_set_by_staff_survives_imports() {
    let school = School::start().await;
    let office = school.staff().await;
    let (her, path) = grandmother(&school).await;
    assert_eq!(seen(&office, &her).await, (false, true));
    assert!(!can_log_in(&school, &her).await);

    let allowed = allow(&office, &path).await.is(200);
    assert_eq!(
        (allowed.text_at("/student/name"), allowed.body["allowed"].as_bool()),
        ("Tyrese Edwards".to_owned(), Some(true))
    );
    assert_eq!(allow(&office, &path).await.is(200).body, allowed.body);
    assert_eq!((seen(&office, &her).await, times_allowed(&school).await), ((true, false), 1));
    let grid = school.as_parent(&her).await.get(&school.evening("/slots")).await.is(200);
    assert_eq!(grid.text_at("/students/0/student/name"), "Tyrese Edwards");

    // No import takes the permission back, whether or not it changes her row.
    for roster in [
        Roster::demo(),
        Roster::demo().replace("users.csv", HER_ROW, "s-9027,,,Mrs,Great-grandmother,3,true,,"),
    ] {
        roster.import(&school).await;
        assert_eq!(seen(&office, &her).await, (true, false));
    }
}

#[tokio::test]
async fn roster_bar_overrides_permission_set_by_staff() {
    let school = School::start().await;
    let office = school.staff().await;
    let (her, path) = grandmother(&school).await;
    allow(&office, &path).await.is(200);
    for against in
        ["s-9027,,,Mrs,Grandmother,2,false,false,", "s-9027,,,Mrs,Grandmother,2,false,,true"]
    {
        let session = school.as_parent(&her).await;
        Roster::demo().replace("users.csv", HER_ROW, against).import(&school).await;
        session.get("/me").await.refuses(410, "access_ended");
        assert_eq!(seen(&office, &her).await, (false, false));
        allow(&office, &path).await.refuses(409, "contact_barred");
        // Once the roster lifts its bar, the permission by staff applies again.
        Roster::demo().import(&school).await;
        assert_eq!(seen(&office, &her).await, (true, false));
    }
    assert_eq!(times_allowed(&school).await, 1);
}

#[tokio::test]
async fn manual_bar_overrides_permission() {
    let school = School::start().await;
    let office = school.staff().await;
    let (her, path) = grandmother(&school).await;
    let student = person(&school, "s-9027").await.id().0;
    for whom in [
        json!({ "student_id": student, "person_id": her.id().0 }),
        json!({ "student_id": student, "email": "Beverley.Edwards+x@example.org" }),
    ] {
        let bar = office.post("/bars", whom).await.is(201);
        assert_eq!(seen(&office, &her).await, (false, false));
        allow(&office, &path).await.refuses(409, "contact_barred");
        office.delete(&format!("/bars/{}", bar.text_at("/id"))).await.is(204);
        assert_eq!(seen(&office, &her).await, (false, true));
    }
    allow(&office, &path).await.is(200);
    office.post("/bars", json!({ "student_id": student, "person_id": her.id().0 })).await.is(201);
    assert_eq!(seen(&office, &her).await, (false, false));
}

#[tokio::test]
async fn only_the_school_s_own_staff_allow_contact() {
    let school = School::start().await;
    let (her, path) = grandmother(&school).await;
    for actor in [school.parent().await, school.teacher().await] {
        allow(&actor, &path).await.refuses(403, "wrong_role");
    }
    allow(&school.guest().await, &path).await.refuses(401, "not_logged_in");
    let office = school.staff().await;
    assert_eq!(seen(&office, &her).await, (false, true));

    // Refused pairs: two people without a guardianship, a student as a parent, ids that are none,
    // and people of another school.
    let (rachel, student) = (school.people.parent.0, person(&school, "s-9027").await.id().0);
    for path in [
        format!("/parents/{rachel}/allowed_students/{student}"),
        format!("/parents/{student}/allowed_students/{student}"),
        "/parents/x/allowed_students/y".to_owned(),
    ] {
        allow(&office, &path).await.refuses(404, "not_found");
    }
    let columns = |id: &str, role: &str, agent: &str| {
        format!(
            "{id},active,2026-09-01T06:00:00.000Z,true,elm,{role},,,Ann,Elm,,,{id}@example.org,,,\
             {agent},,,,,,,,"
        )
    };
    let two_schools = Roster::demo()
        .add("orgs.csv", "elm,active,2026-09-01T06:00:00.000Z,Elm School,school,,")
        .add("users.csv", &columns("elm-s", "student", ""))
        .add("users.csv", &columns("elm-p", "relative", "elm-s"));
    two_schools.import(&school).await;
    let (aunt, child) =
        (person(&school, "elm-p").await.id().0, person(&school, "elm-s").await.id().0);
    allow(&office, &format!("/parents/{aunt}/allowed_students/{child}"))
        .await
        .refuses(404, "not_found");
}
