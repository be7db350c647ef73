//! Who set each value last, as the office sees it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Program, link, person};
use crate::harness::{Roster, School};

#[tokio::test]
async fn each_value_keeps_who_set_it_last() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    let sources = async |parent: &'static str, at: &str| {
        let parent = office.get(&format!("/parents/{}", person(&school, parent).await.id().0)).await.is(200);
        let list = parent.body.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |source: &Value, name: &str| source[name].as_str().unwrap().to_owned();
        let by_field = list.iter().map(|source| (text(source, "field"), (text(source, "kind"), text(source, "name"), text(source, "at"))));
        by_field.collect::<BTreeMap<_, _>>()
    };
    let before = sources("p-rachel-aaron", "/sources").await;
    assert_eq!(before.keys().collect::<Vec<_>>(), ["email", "family_name", "given_name", "honorific", "roles"]);
    assert!(before.values().all(|(kind, name, _)| kind == "file" && name == "demo"), "{before:?}");
    Roster::of_the_demo().import(&school).await;
    assert_eq!(sources("p-rachel-aaron", "/sources").await, before, "files that say the same set nothing");
    // A push changes one value, and says the rest as it is.
    school.wait(TimeDelta::minutes(1));
    let row = json!({ "sourced_id": "p-rachel-aaron", "roles": ["parent"], "honorific": "Mrs", "given_name": "Rachel", "family_name": "Aaron", "email": "rachel@example.com" });
    program.push("people", [row.clone()]).await;
    let after = sources("p-rachel-aaron", "/sources").await;
    let changed: Vec<&String> = after.keys().filter(|field| after[*field] != before[*field]).collect();
    assert_eq!(changed, ["email"]);
    assert_eq!((after["email"].0.as_str(), after["email"].1.as_str()), ("program", "Arbor"));
    school.wait(TimeDelta::minutes(1));
    assert_eq!(program.push("people", [row]).await, ["unchanged"]);
    assert_eq!(sources("p-rachel-aaron", "/sources").await, after, "what says the same sets nothing");
    // Staff allow a grandmother contact.
    let of_link = async || sources("p-046", "/students/0/sources").await;
    assert_eq!(of_link().await["contact_allowed"].0, "file");
    let path = format!("/parents/{}/allowed_students/{}", person(&school, "p-046").await.id().0, person(&school, "s-9027").await.id().0);
    office.send("PUT", &path, office.request("PUT", &path)).await.is(200);
    assert_eq!((of_link().await["contact_allowed"].0.as_str(), of_link().await["contact_allowed"].1.as_str()), ("staff", "Helen Okafor"));
    // A push says that there must be none.
    program
        .push(
            "guardianships",
            [link("p-046", "s-9027", json!({ "relationship": "Grandmother", "priority": 2, "lives_with": false, "contact_allowed": false }))],
        )
        .await;
    let by: Vec<(String, String)> = of_link().await.into_iter().map(|(field, (kind, ..))| (field, kind)).collect();
    let expected = [("contact_allowed", "program"), ("court_order", "file"), ("lives_with", "file"), ("priority", "file"), ("relationship", "file")];
    assert_eq!(by, expected.map(|(field, kind)| (field.to_owned(), kind.to_owned())));
    // A list does not say it.
    assert!(!office.get("/parents").await.is(200).text.contains("sources"));
    school.ignore_mail("what mail a loss sends is told in access.rs");
}
