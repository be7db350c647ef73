//! Tests of pushed people, and of what they lose by a push.

use serde_json::json;

use super::{RosterClient, family, link, person, seen};
use crate::harness::School;

#[tokio::test]
async fn removed_person_or_changed_role_loses_access() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    api_client.push("people", family()).await;
    api_client
        .push("guardianships", [link("p-208", "s-104", json!({ "relationship": "Mother" }))])
        .await;
    let session = school.as_parent(&person(&school, "p-208").await).await;
    session.get("/me").await.is(200);
    let mut other = family()[1].clone();
    for role in ["relative", "wizard"] {
        other["roles"] = json!([role]);
        assert_eq!(api_client.push("people", [other.clone()]).await, ["changed"]);
        assert_eq!(
            seen(&school, &office, "p-208").await,
            (false, true),
            "{role}: staff may allow it"
        );
    }
    session.get("/me").await.refuses(410, "access_ended");
    other["roles"] = json!(["guardian", "relative"]);
    api_client.push("people", [other]).await;
    assert_eq!(seen(&school, &office, "p-208").await, (true, false));
    // Rachel is removed.
    let parent = school.parent().await;
    assert_eq!(
        api_client
            .push("people", [json!({ "sourced_id": "p-rachel-aaron", "remove": true })])
            .await,
        ["removed"]
    );
    parent.get("/me").await.refuses(410, "access_ended");
    school.ignore_mail("access.rs tests the mails about lost access");
}
