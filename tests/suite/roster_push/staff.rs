//! Members of staff: who may push them, who is told, and at which address.

use serde_json::{Value, json};

use super::{Program, errors, family, outcomes, person};
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

async fn may_all(school: &School) -> Program {
    Program::with(school.nobody(), &school.staff().await, &["roster:write", "roster:write_staff"])
        .await
}

#[tokio::test]
async fn without_the_scope_rows_about_staff_fail_and_the_others_pass() {
    let school = School::start().await;
    let program = Program::of(&school).await;
    let rows = [
        new("administrator"),
        helen(HELEN),
        helen("taken@example.org"),
        family()[0].clone(),
        json!({ "sourced_id": "o-okafor", "remove": true }),
    ];
    let answer = program.put("/roster/people", json!({ "items": rows })).await.is(200);
    assert_eq!(outcomes(&answer), ["refused", "refused", "refused", "added", "refused"]);
    let (roles, id) = (
        ("roles".to_owned(), "staff_scope_missing".to_owned()),
        ("sourced_id".to_owned(), "staff_scope_missing".to_owned()),
    );
    assert_eq!(errors(&answer), [roles.clone(), roles.clone(), roles.clone(), id]);
    assert_eq!(person(&school, "o-okafor").await.email.as_deref(), Some(HELEN));
    // Neither does another spelling of the role, nor taking it away.
    for role in [" District Administrator ", "principal"] {
        assert_eq!(
            errors(&program.put("/roster/people", json!({ "items": [new(role)] })).await.is(200)),
            std::slice::from_ref(&roles),
            "{role}"
        );
    }
    let mut demoted = helen(HELEN);
    demoted["roles"] = json!(["parent"]);
    assert_eq!(program.push("people", [demoted]).await, ["refused"]);
    // A teacher or parent is nobody's secret way in: they are no staff.
    assert_eq!(program.push("people", [new("teacher")]).await, ["added"]);
    assert!(!person(&school, "o-new").await.is_staff);
}

#[tokio::test]
async fn who_becomes_staff_by_a_push_is_told_to_the_office_once() {
    let school = School::start().await;
    let program = may_all(&school).await;
    let mut second = new("principal");
    second["sourced_id"] = json!("o-second");
    assert_eq!(
        program.push("people", [new("administrator"), second, family()[1].clone()]).await,
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
    program.push("people", [new("administrator")]).await;
    assert_eq!(school.mails().await.len(), 0, "the same again is no news");
    program.push("people", [json!({ "sourced_id": "o-new", "remove": true })]).await;
    let mails = school.mails().await;
    assert!(
        mails
            .iter()
            .any(|mail| mail.to == HELEN
                && mail.text.contains("Nia Bell (o-new) is no longer staff."))
    );
}

#[tokio::test]
async fn an_address_of_staff_that_changes_is_told_at_the_old_one() {
    let school = School::start().await;
    let (program, office) = (may_all(&school).await, school.staff().await);
    assert_eq!(program.push("people", [helen("taken@example.org")]).await, ["changed"]);
    let mails = school.mails().await;
    let old = mails.iter().find(|mail| mail.to == HELEN).expect("the old address");
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
async fn imports_tell_of_staff_but_a_school_s_first_does_not() {
    let school = School::start().await;
    school.neighbours().await;
    assert_eq!(school.mails().await.len(), 0, "the first import of a school makes its staff");
    let report = Roster::of_the_demo()
        .replace("users.csv", HELEN, "h.okafor@example.org")
        .import(&school)
        .await;
    assert_eq!(report.changes.people.changed, 1, "{report}");
    let mut to: Vec<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["h.okafor@example.org", HELEN]);
}
