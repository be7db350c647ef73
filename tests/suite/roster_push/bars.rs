//! Tests of pushed bars beside those of files and providers.

use parlour::roster::{ImportOptions, remote::Version};
use serde_json::{Value, json};

use super::{RosterClient, link, outcomes, sources::provenance};
use crate::harness::{Actor, Roster, School, provider::Provider};

const ROW: &str = "\"s-sophie-aaron,s-liz-aaron,s-chris-aaron\",,,Mrs,Mother,1,true,";

/// The demo school's roster with this text in Rachel's last two columns, `contactAllowed` and
/// `courtOrder`.
fn roster(bars: &str) -> Roster {
    Roster::demo().replace("users.csv", &format!("{ROW},"), &format!("{ROW}{bars}"))
}

/// Rachel's guardianship of one of her children with the values of the roster, and with these
/// further fields.
fn current_link(student: &str, more: &Value) -> Value {
    let mut row = link(
        "p-rachel-aaron",
        student,
        json!({ "relationship": "Mother", "priority": 1, "lives_with": true }),
    );
    for (field, value) in more.as_object().unwrap() {
        row[field] = value.clone();
    }
    row
}

/// Returns whether Rachel may book for each of her children. If she may for none, she can't log in.
async fn allowed(school: &School) -> [bool; 3] {
    let rachel = school.nobody();
    let login = rachel.post("/dev/logins", json!({ "as": "parent" })).await;
    if login.status == 410 {
        assert_eq!(login.code(), "link_dead");
        return [false; 3];
    }
    login.is(201);
    let grid = rachel.get(&school.evening("/slots")).await.is(200);
    ["Sophie Aaron", "Liz Aaron", "Chris Aaron"].map(|name| grid.text.contains(name))
}

/// The kind of the source of a field of Rachel's guardianship of Sophie, the last of her children
/// by name.
async fn bar_source(school: &School, office: &Actor, field: &str) -> String {
    provenance(school, office, "p-rachel-aaron", "/students/2/sources").await[field].0.clone()
}

#[tokio::test]
async fn pushed_bar_survives_imports_that_omit_it() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    api_client
        .push(
            "guardianships",
            [current_link("s-sophie-aaron", &json!({ "contact_allowed": false }))],
        )
        .await;
    office
        .put(
            "/roster/guardianships",
            json!({ "items": [current_link("s-liz-aaron", &json!({ "court_order": true }))] }),
        )
        .await
        .is(200);
    assert_eq!(allowed(&school).await, [false, false, true]);
    let provider = Provider::start(Version::V11, &Roster::demo()).await;
    for report in [
        Roster::demo().import(&school).await,
        provider.sync(&school, ImportOptions::default()).await.unwrap(),
    ] {
        assert_eq!(
            (report.changes.guardianships.changed, allowed(&school).await),
            (0, [false, false, true]),
            "{report}"
        );
    }
    // The pushed bar survives even the removal of the guardianship.
    Roster::without_sophie().import(&school).await;
    Roster::demo().import(&school).await;
    assert_eq!(allowed(&school).await, [false, false, true]);
    // An explicit value in a file lifts the bar of the same field.
    roster("true,").import(&school).await;
    assert_eq!(allowed(&school).await, [true, false, true]);
    roster(",false").import(&school).await;
    assert_eq!(allowed(&school).await, [true, true, true]);
    // A bar set by a file ends when the file omits it.
    roster(",true").import(&school).await;
    assert_eq!(allowed(&school).await, [false; 3]);
    Roster::demo().import(&school).await;
    assert_eq!(allowed(&school).await, [true; 3]);
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn explicitly_pushing_a_file_bar_takes_over_its_provenance() {
    let school = School::start().await;
    let (api_client, office) = (RosterClient::of(&school).await, school.staff().await);
    for (bars, field, word) in
        [("false,", "contact_allowed", false), (",true", "court_order", true)]
    {
        roster(bars).import(&school).await;
        assert_eq!(
            (allowed(&school).await, bar_source(&school, &office, field).await.as_str()),
            ([false; 3], "file")
        );
        // For Sophie the bar is pushed as well, for Liz only the other fields, both by an API
        // client and by staff.
        let sophie = current_link("s-sophie-aaron", &json!({ field: word }));
        assert_eq!(
            api_client
                .push("guardianships", [sophie.clone(), current_link("s-liz-aaron", &json!({}))])
                .await,
            ["changed", "unchanged"],
            "{field}"
        );
        let again = json!({ "items": [sophie, current_link("s-liz-aaron", &json!({}))] });
        assert_eq!(
            outcomes(&api_client.put("/roster/guardianships", again.clone()).await.is(200)),
            ["unchanged"; 2]
        );
        assert_eq!(
            outcomes(&office.put("/roster/guardianships", again).await.is(200)),
            ["unchanged"; 2],
            "it was pushed already"
        );
        assert_eq!(bar_source(&school, &office, field).await, "program");
        // Omission lifts the bars set by the file. A file that repeats a pushed bar does not become
        // its source.
        for silent in [false, true, false] {
            roster(if silent { bars } else { "," }).import(&school).await;
            assert_eq!(allowed(&school).await, [false, !silent, !silent], "{field}");
        }
        assert_eq!(bar_source(&school, &office, field).await, "program");
        let provider = Provider::start(Version::V11, &Roster::demo()).await;
        assert_eq!(
            provider
                .sync(&school, ImportOptions::default())
                .await
                .unwrap()
                .changes
                .guardianships
                .changed,
            0
        );
        // This also holds when the guardianship goes and the file contains the bar as the
        // guardianship comes back.
        Roster::without_sophie().import(&school).await;
        roster(bars).import(&school).await;
        Roster::demo().import(&school).await;
        assert_eq!(
            (allowed(&school).await, bar_source(&school, &office, field).await.as_str()),
            ([false, true, true], "program"),
            "{field}"
        );
        api_client
            .push("guardianships", [current_link("s-sophie-aaron", &json!({ field: !word }))])
            .await;
        assert_eq!(allowed(&school).await, [true; 3], "an explicit value lifts it");
    }
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn pushed_row_without_bar_keeps_a_file_bar_and_its_provenance() {
    let school = School::start().await;
    let api_client = RosterClient::of(&school).await;
    for bars in ["false,", ",true"] {
        roster(bars).import(&school).await;
        assert_eq!(
            api_client
                .push(
                    "guardianships",
                    [current_link("s-sophie-aaron", &json!({ "relationship": "Mum" }))]
                )
                .await,
            ["changed"]
        );
        assert_eq!(
            api_client
                .push("guardianships", [current_link("s-liz-aaron", &json!({ "remove": true }))])
                .await,
            ["removed"]
        );
        assert_eq!(
            api_client.push("guardianships", [current_link("s-liz-aaron", &json!({}))]).await,
            ["added"]
        );
        let her = json!({
            "sourced_id": "p-rachel-aaron",
            "roles": ["guardian"],
            "honorific": "Mrs",
            "given_name": "Rachel",
            "family_name": "Aaron",
            "email": "rachel.aaron@example.org",
        });
        api_client.push("people", [her]).await;
        assert_eq!(allowed(&school).await, [false; 3], "{bars}");
        Roster::demo().import(&school).await;
        assert_eq!(allowed(&school).await, [true; 3], "{bars}");
    }
    school.ignore_mail("access.rs tests the mails about lost access");
}
