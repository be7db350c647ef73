//! Bars that are pushed, beside what files and providers say of them.

use parlour::roster::{ImportOptions, remote::Version};
use serde_json::json;

use super::{Program, link};
use crate::harness::{Roster, School, provider::Provider};

#[tokio::test]
async fn a_bar_that_was_pushed_outlasts_imports_that_do_not_speak_of_it() {
    let school = School::start().await;
    let (program, office) = (Program::of(&school).await, school.staff().await);
    let as_before = |student: &str, field: &str, value: bool| {
        let mut row = link("p-rachel-aaron", student, json!({ "relationship": "Mother", "priority": 1, "lives_with": true }));
        row[field] = json!(value);
        row
    };
    program.push("guardianships", [as_before("s-sophie-aaron", "contact_allowed", false)]).await;
    office.put("/roster/guardianships", json!({ "items": [as_before("s-liz-aaron", "court_order", true)] })).await.is(200);
    let seen = async || {
        let grid = school.parent().await.get(&school.evening("/slots")).await.is(200);
        ["Sophie Aaron", "Liz Aaron", "Chris Aaron"].map(|name| grid.text.contains(name))
    };
    assert_eq!(seen().await, [false, false, true]);
    let provider = Provider::start(Version::V11, &Roster::of_the_demo()).await;
    for report in [Roster::of_the_demo().import(&school).await, provider.sync(&school, ImportOptions::default()).await.unwrap()] {
        assert_eq!((report.changes.guardianships.changed, seen().await), (0, [false, false, true]), "{report}");
    }
    // Not even when the link has been away.
    Roster::without_sophie().import(&school).await;
    Roster::of_the_demo().import(&school).await;
    assert_eq!(seen().await, [false, false, true]);
    // A word lifts what it speaks of.
    let row = "\"s-sophie-aaron,s-liz-aaron,s-chris-aaron\",,,Mrs,Mother,1,true,";
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row}true,")).import(&school).await;
    assert_eq!(seen().await, [true, false, true]);
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row},false")).import(&school).await;
    assert_eq!(seen().await, [true, true, true]);
    // What a file has said goes with its silence.
    Roster::of_the_demo().replace("users.csv", &format!("{row},"), &format!("{row},true")).import(&school).await;
    assert_eq!(seen().await, [false; 3]);
    Roster::of_the_demo().import(&school).await;
    assert_eq!(seen().await, [true; 3]);
    school.ignore_mail("what mail a loss sends is told in access.rs");
}
