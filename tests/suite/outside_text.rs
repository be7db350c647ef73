//! Texts from outside that no rule of a language expects: every place of the contract that takes a text, and roster files.

use std::fmt::Write as _;

use parlour::{
    roster::{self, ImportOptions},
    store::Store,
};
use serde_json::{Value, json};

use crate::harness::{Actor, School, case, contract};
use crate::operations;

fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\0",
        "a\0b",
        "\u{1}\u{1b}[31m\u{7f}",
        "a\u{85}\u{9f}",
        "\u{202e}\u{feff}\u{200b}\u{ad}",
        "\u{fffe}\u{ffff}",
        "%_\\'\";--",
        "１٢३",
        "a@0x7f.１",
        "<mailto:a@ⓔxample.org>,",
        "",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(["x".repeat(7000), "🌟".repeat(2000)]);
    texts
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02X}");
        all
    })
}

/// Sends a request with one of its texts replaced; whoever may use the operation sends it.
async fn send(actors: &[Actor], operation: &contract::Operation, path: &str, body: Option<&Value>) -> (u16, String) {
    let mut last = (0, String::new());
    for actor in actors {
        let mut request = actor.request(&operation.method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = actor.send(&operation.method, path, request).await;
        last = (answer.status, answer.text.clone());
        if !matches!(answer.status, 401 | 403) {
            break;
        }
    }
    last
}

#[tokio::test]
async fn no_text_is_a_server_error() {
    let school = School::start().await;
    let actors = [school.staff().await, school.parent().await, school.teacher().await, school.guest().await];
    let things = operations::things(&school).await;
    let (mut broken, mut tried) = (Vec::new(), 0);
    // It begins anew, and with it every id.
    for operation in contract::operations().into_iter().filter(|operation| operation.id != "reset_dev_school") {
        let path = operations::path(&operation, &things);
        let body = operation.takes_body.then(|| operations::body(&operation.id, &things));
        for place in operation.texts() {
            for text in odd_texts() {
                let (path, body) = match &place {
                    contract::Place::Path(name) => (operations::path_with(&operation, &things, name, &escaped(&text)), body.clone()),
                    contract::Place::Query(name) => (format!("{path}?{name}={}", escaped(&text)), body.clone()),
                    contract::Place::Body(steps) => (path.clone(), body.clone().map(|body| contract::with_text(body, steps, &text))),
                };
                let (status, answer) = send(&actors, &operation, &path, body.as_ref()).await;
                tried += 1;
                if status >= 500 {
                    let text: String = text.chars().take(20).collect();
                    broken.push(format!("{} {place:?} {text:?}: {status} {answer}", operation.id));
                }
            }
        }
    }
    assert!(tried > 1500, "{tried} requests");
    assert!(broken.is_empty(), "{} of {tried}: {broken:#?}", broken.len());
    school.ignore_mail("whatever was accepted may have mailed somebody");
}

#[test]
fn the_contract_bounds_every_text_of_a_body() {
    for operation in contract::operations() {
        assert_eq!(contract::unbounded_texts(&operation), Vec::<Vec<String>>::new(), "{}", operation.id);
    }
}

#[tokio::test]
async fn a_search_has_its_length() {
    let school = School::start().await;
    let staff = school.staff().await;
    for words in ["x".repeat(52_000), "é".repeat(101), "a%00b".to_owned(), "a%0Ab".to_owned()] {
        let refused = staff.get(&format!("/parents?q={words}")).await.refuses(422, "invalid");
        assert_eq!(refused.text_at("/errors/0/field"), "q");
    }
    staff.get(&format!("/parents?q={}", "x".repeat(100))).await.is(200);
}

#[tokio::test]
async fn a_school_in_a_path_is_a_text() {
    let school = School::start().await;
    for slug in ["%00", "hill%00crest", "%1b", &"x".repeat(5000)] {
        Actor::of(&school.origin, slug).get("/school").await.refuses(404, "unknown_school");
    }
}

#[tokio::test]
async fn a_control_character_is_refused_with_its_field() {
    let school = School::start().await;
    let (staff, teacher) = (school.staff().await, school.teacher().await);
    let student = staff.get(&format!("/parents/{}", school.people.parent.0)).await.is(200).list("/students")[0]["student"]["id"].clone();
    let bar = |note: &str| json!({ "student_id": student, "email": "barred@example.org", "note": note });
    let refused = staff.post("/bars", bar("a\0b")).await.refuses(422, "invalid");
    assert_eq!((refused.text_at("/errors/0/field"), refused.text_at("/errors/0/code")), ("note".to_owned(), "format".to_owned()));
    staff.post("/bars", bar("one\ntwo")).await.is(201);
    let booking = teacher.get(&school.evening("/schedule")).await.is(200).text_at("/appointments/0/booking_id");
    let record = format!("/bookings/{booking}/record");
    teacher.put(&record, json!({ "no_show": false, "note": "a\u{1b}" })).await.refuses(422, "invalid");
    assert_eq!(teacher.put(&record, json!({ "no_show": false, "note": "one\r\ntwo" })).await.is(200).text_at("/note"), "one\ntwo");
    for name in ["MIS\0", "MIS\nother"] {
        let refused = staff.post("/clients", json!({ "name": name, "scopes": ["evenings:read"] })).await.refuses(422, "invalid");
        assert_eq!(refused.text_at("/errors/0/field"), "name");
    }
    school.ignore_mail("how a bar is told is told in access.rs");
}

#[tokio::test]
async fn a_row_with_a_long_id_is_dropped_alone() {
    let school = School::start().await;
    let store = Store::open(&school.app.config.database, 2).unwrap();
    let import = async |name: &str| roster::import(&store, &school.app.context(), &case(name), ImportOptions::default()).await;
    import("00-good").await.unwrap();
    let report = import("long-id").await.unwrap().to_string();
    assert!(report.contains("sourcedId is longer than 255 characters; the row is not used"), "{report}");
    school.ignore_mail("the mail of an import is told elsewhere");
}

#[tokio::test]
async fn a_pushed_row_with_an_odd_text_is_refused_alone() {
    let school = School::start().await;
    let staff = school.staff().await;
    let row = |id: &str, name: &str| json!({ "sourced_id": id, "roles": ["student"], "given_name": name, "family_name": "Marsh" });
    let rows =
        [row("ok", "Ines"), row("nul", "a\0b"), row(&"x".repeat(256), "Ines"), row("esc", "\u{1b}[31m"), row("long", &"x".repeat(201)), row("tail", "Ines\n")];
    let answer = staff.put("/roster/people", json!({ "items": rows })).await.is(200);
    let outcomes: Vec<String> = answer.list("/items").iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes, ["added", "refused", "refused", "refused", "refused", "added"], "{}", answer.text);
}
