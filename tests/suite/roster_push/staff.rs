//! Tests of pushed members of staff: the permission to push them, and the mails about them.

use serde_json::{Value, json};

use super::{RosterClient, errors, family, outcomes, person};
use crate::harness::{Roster, School};

const HELEN: &str = "helen.okafor@example.org";

fn helen(address: &str) -> Value {
    json!({
        "sourced_id": "o-okafor",
        "roles": ["administrator"],
        "honorific": "Mrs",
        "given_name": "Helen",
        "family_name": "Okafor",
        "email": address,
    })
}

fn new(role: &str) -> Value {
    json!({
        "sourced_id": "o-new",
        "roles": [role],
        "given_name": "Nia",
        "family_name": "Bell",
        "email": "nia@example.org",
    })
}

async fn client_with_staff_scope(school: &School) -> RosterClient {
    RosterClient::with(
        school.nobody(),
        &school.staff().await,
        &["roster:write", "roster:write_staff"],
    )
    .await
}

#[tokio::test]
async fn staff_rows_require_the_staff_scope() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    let rows = [
        new("administrator"),
        helen(HELEN),
        helen("taken@example.org"),
        family()[0].clone(),
        json!({ "sourced_id": "o-okafor", "remove": true }),
    ];
    let answer = api_client.put("/roster/people", json!({ "items": rows })).await.is(200);
    assert_eq!(outcomes(&answer), ["refused", "refused", "refused", "added", "refused"]);
    let (roles, id) = (
        ("roles".to_owned(), "staff_scope_missing".to_owned()),
        ("sourced_id".to_owned(), "staff_scope_missing".to_owned()),
    );
    assert_eq!(errors(&answer), [roles.clone(), roles.clone(), roles.clone(), id]);
    assert_eq!(person(&school, "o-okafor").await.email.as_deref(), Some(HELEN));
    // Another spelling of the role does not bypass the check, and neither does removing the role.
    for role in [" District Administrator ", "principal"] {
        assert_eq!(
            errors(
                &api_client.put("/roster/people", json!({ "items": [new(role)] })).await.is(200)
            ),
            std::slice::from_ref(&roles),
            "{role}"
        );
    }
    let mut demoted = helen(HELEN);
    demoted["roles"] = json!(["parent"]);
    assert_eq!(api_client.push("people", [demoted]).await, ["refused"]);
    // Without a role of staff, a pushed person does not become staff.
    assert_eq!(api_client.push("people", [new("teacher")]).await, ["added"]);
    assert!(!person(&school, "o-new").await.is_staff);
}

#[tokio::test]
async fn new_staff_by_push_are_mailed_to_the_office_once() {
    let school = School::start().await;
    let api_client = client_with_staff_scope(&school).await;
    let mut second = new("principal");
    second["sourced_id"] = json!("o-second");
    assert_eq!(
        api_client.push("people", [new("administrator"), second, family()[1].clone()]).await,
        ["added", "added", "added"]
    );
    assert!(person(&school, "o-new").await.is_staff);
    let mails = school.mails().await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.to == HELEN).collect();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].text.contains("Nia Bell (o-new) is staff now. Nia Bell (o-second) is staff now."),
        "{}",
        told[0].text
    );
    assert!(!told[0].text.contains("Marsh"), "{}", told[0].text);
    api_client.push("people", [new("administrator")]).await;
    assert_eq!(school.mails().await.len(), 0, "a repeated push sends no mail");
    api_client.push("people", [json!({ "sourced_id": "o-new", "remove": true })]).await;
    let mails = school.mails().await;
    assert!(
        mails
            .iter()
            .any(|mail| mail.to == HELEN
                && mail.text.contains("Nia Bell (o-new) is no longer staff."))
    );
}

#[tokio::test]
async fn changed_staff_address_is_mailed_to_the_old_address() {
    let school = School::start().await;
    let (api_client, office) = (client_with_staff_scope(&school).await, school.staff().await);
    assert_eq!(api_client.push("people", [helen("taken@example.org")]).await, ["changed"]);
    let mails = school.mails().await;
    let old = mails.iter().find(|mail| mail.to == HELEN).expect("a mail to the old address");
    assert!(
        old.subject.contains("address")
            && old.text.contains("was changed")
            && !old.text.contains("taken@"),
        "{}",
        old.text
    );
    let new = mails
        .iter()
        .find(|mail| mail.to == "taken@example.org")
        .expect("the office at its new address");
    assert!(new.text.contains("Helen Okafor (o-okafor) has changed: address."), "{}", new.text);
    assert_eq!(mails.len(), 2);
    office.get("/parents").await.refuses(410, "access_ended");
}

#[tokio::test]
async fn imports_mail_staff_changes_except_the_first() {
    let school = School::start().await;
    school.other_school().await;
    assert_eq!(school.mails().await.len(), 0, "staff of a school's first import are not mailed");
    let report =
        Roster::demo().replace("users.csv", HELEN, "h.okafor@example.org").import(&school).await;
    assert_eq!(report.changes.people.changed, 1, "{report}");
    let mut to: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["h.okafor@example.org", HELEN]);
}
