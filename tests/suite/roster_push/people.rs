//! People who are pushed, and what they lose by it.

use serde_json::json;

use super::{Program, family, link, person, seen};
use crate::harness::School;

#[tokio::test]
async fn who_leaves_or_comes_in_another_role_loses_by_it() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    program.push("people", family()).await;
    program
        .push("guardianships", [link("p-208", "s-104", json!({ "relationship": "Mother" }))])
        .await;
    let session = school.as_parent(&person(&school, "p-208").await).await;
    session.get("/me").await.is(200);
    let mut other = family()[1].clone();
    for role in ["relative", "wizard"] {
        other["roles"] = json!([role]);
        assert_eq!(program.push("people", [other.clone()]).await, ["changed"]);
        assert_eq!(
            seen(&school, &office, "p-208").await,
            (false, true),
            "{role}: staff may allow it"
        );
    }
    session.get("/me").await.refuses(410, "access_ended");
    other["roles"] = json!(["guardian", "relative"]);
    program.push("people", [other]).await;
    assert_eq!(seen(&school, &office, "p-208").await, (true, false));
    // Rachel leaves.
    let parent = school.parent().await;
    assert_eq!(
        program.push("people", [json!({ "sourced_id": "p-rachel-aaron", "remove": true })]).await,
        ["removed"]
    );
    parent.get("/me").await.refuses(410, "access_ended");
    school.ignore_mail("what mail a loss sends is told in access.rs");
}
