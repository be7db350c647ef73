//! Tests of the schools that a source may write: those in the settings or already bound to the
//! source, never those that only the provider names.

use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, TextExpressionMethods};
use parlour::{
    roster::{ImportOptions, ImportReport, remote::Version},
    schema::{people, schools, source_schools},
};
use serde_json::{Value, json};

use crate::harness::{Roster, School, provider::Provider};

const VERSIONS: [Version; 2] = [Version::V11, Version::V12];

fn listed(schools: &[&str]) -> ImportOptions {
    ImportOptions {
        schools: schools.iter().map(|&id| id.to_owned()).collect(),
        ..ImportOptions::default()
    }
}

/// Starts a provider of these schools with an administrator for each.
async fn provider(version: Version, schools: &[&str]) -> Provider {
    let provider = Provider::start(version, &Roster::demo()).await;
    let none: fn(&mut Vec<Value>) = Vec::clear;
    ["classes", "users", "enrollments"].iter().for_each(|kind| provider.edit(kind, none));
    provider.edit("orgs", |orgs| {
        *orgs = schools
            .iter()
            .map(|id| json!({ "sourcedId": id, "name": format!("School {id}"), "type": "school" }))
            .collect()
    });
    let user = |id: &&str| {
        let mut user = json!({
            "sourcedId": format!("adm-{id}"),
            "givenName": "Ada",
            "familyName": id,
            "email": format!("ada@{id}.example.org"),
        });
        if version == Version::V12 {
            user["roles"] = json!([
                { "roleType": "primary", "role": "administrator", "org": { "sourcedId": id } }
            ]);
        } else {
            (user["role"], user["orgs"]) = (json!("administrator"), json!([{ "sourcedId": id }]));
        }
        user
    };
    provider.edit("users", |users| *users = schools.iter().map(user).collect());
    provider
}

/// The schools with an administrator of a test's provider, each with that administrator's id.
async fn stored_schools(school: &School) -> Vec<(String, String)> {
    school
        .read(|db| {
            let of_schools =
                people::table.inner_join(schools::table.on(schools::id.eq(people::school_id)));
            let made =
                of_schools.filter(people::sourced_id.like("adm-%")).order(schools::sourced_id);
            Ok(made.select((schools::sourced_id, people::sourced_id)).load(db)?)
        })
        .await
}

async fn bound_schools(school: &School) -> Vec<String> {
    school
        .read(|db| {
            let bound = source_schools::table
                .inner_join(schools::table.on(schools::id.eq(source_schools::school_id)));
            Ok(bound.order(schools::sourced_id).select(schools::sourced_id).load(db)?)
        })
        .await
}

fn pairs(ids: &[&str]) -> Vec<(String, String)> {
    ids.iter().map(|id| ((*id).to_owned(), format!("adm-{id}"))).collect()
}

fn refusal(outcome: anyhow::Result<ImportReport>) -> String {
    format!("{:#}", outcome.expect_err("it is refused"))
}

#[tokio::test]
async fn source_writes_only_listed_schools() {
    for version in VERSIONS {
        let school = School::start().await;
        let provider = provider(version, &["oak", "elm", "hillcrest"]).await;
        let report = provider.sync(&school, listed(&["oak", "elm"])).await.unwrap();
        assert_eq!(stored_schools(&school).await, pairs(&["elm", "oak"]), "{report}");
        assert_eq!(bound_schools(&school).await, ["elm", "oak"]);
        let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(
                "orgs:3: the school \"hillcrest\" (School hillcrest) is not listed for this source"
            ),
            "{told:?}"
        );
        assert!(told[0].contains("1 people, 0 classes"), "{told:?}");
        // The report names a listed school that the roster lacks. A school that has left the list
        // stays.
        let report = provider.sync(&school, listed(&["oak", "ash"])).await.unwrap();
        assert!(
            report
                .to_string()
                .contains("the school \"ash\" is listed for this source and not in the roster"),
            "{report}"
        );
        assert_eq!(stored_schools(&school).await, pairs(&["elm", "oak"]));
        assert_eq!(
            refusal(provider.sync(&school, listed(&["ash"])).await)
                .matches("no school \"ash\"")
                .count(),
            1
        );
    }
}

#[tokio::test]
async fn source_without_list_writes_only_the_school_it_created() {
    let school = School::start().await;
    let provider = provider(Version::V11, &["oak"]).await;
    provider.sync_without_school_list(&school).await.unwrap();
    assert_eq!(
        (stored_schools(&school).await, bound_schools(&school).await),
        (pairs(&["oak"]), vec!["oak".to_owned()])
    );
    // Later the provider also names a school of this server and a new one.
    provider.edit("orgs", |orgs| {
        orgs.push(json!({ "sourcedId": "hillcrest", "name": "Mine now", "type": "school" }));
        orgs.push(json!({ "sourcedId": "new", "name": "New", "type": "school" }));
    });
    provider.edit("users", |users| {
        let mut more = users[0].clone();
        (more["sourcedId"], more["orgs"]) =
            (json!("adm-evil"), json!([{ "sourcedId": "hillcrest" }, { "sourcedId": "new" }]));
        users.push(more);
    });
    let report = provider.sync_without_school_list(&school).await.unwrap();
    assert_eq!(stored_schools(&school).await, pairs(&["oak"]));
    assert_eq!(
        report.findings.iter().filter(|finding| finding.message.contains("is not listed")).count(),
        2,
        "{report}"
    );
    let name: String = school
        .read(|db| {
            Ok(schools::table
                .filter(schools::sourced_id.eq("hillcrest"))
                .select(schools::name)
                .first(db)?)
        })
        .await;
    assert_eq!(name, "Hillcrest School");
}

#[tokio::test]
async fn first_sync_of_several_or_foreign_schools_is_refused() {
    let school = School::start().await;
    let several = provider(Version::V12, &["oak", "elm"]).await;
    let sentence = refusal(several.sync_without_school_list(&school).await);
    assert!(
        sentence.contains(
            "schools = [\"elm\", \"oak\"] in its [[roster_sources]], or --school elm --school oak"
        ),
        "{sentence}"
    );
    // A school that was imported from files can't be taken over unless the settings list it.
    let taker = provider(Version::V11, &["hillcrest"]).await;
    let sentence = refusal(taker.sync_without_school_list(&school).await);
    assert!(
        sentence.contains("the school hillcrest (School hillcrest) is on this server")
            && sentence.contains("--school hillcrest"),
        "{sentence}"
    );
    // Nor can a school of another source.
    let owner = provider(Version::V11, &["oak"]).await;
    owner.sync_without_school_list(&school).await.unwrap();
    let taker = provider(Version::V12, &["oak"]).await;
    let sentence = refusal(taker.sync_without_school_list(&school).await);
    assert!(sentence.contains("is written by another source, http://127.0.0.1"), "{sentence}");
    assert_eq!(stored_schools(&school).await, pairs(&["oak"]), "nothing was written");
    // Listing the school moves it to the new provider.
    taker.sync(&school, listed(&["oak"])).await.unwrap();
    let sentence = refusal(owner.sync_without_school_list(&school).await);
    assert!(sentence.contains("is written by another source"), "{sentence}");
    taker.sync_without_school_list(&school).await.unwrap();
}

#[tokio::test]
async fn listing_a_school_name_grants_no_other_school() {
    let school = School::start().await;
    let provider = provider(Version::V11, &["hillcrest"]).await;
    // The provider chooses a school's name, so a name in the list grants nothing; only the id
    // counts.
    let sentence = refusal(provider.sync(&school, listed(&["School hillcrest"])).await);
    assert!(sentence.contains("schools = [\"hillcrest\"]"), "{sentence}");
}

#[tokio::test]
async fn school_synced_before_binding_stays_with_its_source() {
    let school = School::start().await;
    let provider = provider(Version::V11, &["oak"]).await;
    provider.sync_without_school_list(&school).await.unwrap();
    school
        .app
        .store
        .write(|db| Ok(diesel::delete(source_schools::table).execute(db)?))
        .await
        .unwrap();
    provider.sync_without_school_list(&school).await.unwrap();
    assert_eq!(bound_schools(&school).await, ["oak"]);
}
