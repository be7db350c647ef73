//! Tests of the roles in a roster: only a role at the school itself makes somebody staff.

use std::path::{Path, PathBuf};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, SelectableHelper,
};
use parlour::{
    roster::{self, ImportOptions, ImportReport},
    schema::{people, schools},
    store::{Store, people::PersonRow, sessions::Role},
};

use crate::harness::{Actor, School};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

async fn import(school: &School, name: &str) -> ImportReport {
    let store = Store::open(&school.app.config.database, 2).unwrap();
    // The case has fewer people than the good roster, so the removal limit would refuse it.
    let options = ImportOptions { limit: None, ..ImportOptions::default() };
    roster::import(&store, &school.app.context(), &case(name), options).await.unwrap()
}

/// Loads a person of the school `sch1` of `tests/cases`.
async fn person(school: &School, sourced_id: &'static str) -> PersonRow {
    school
        .read(move |db| {
            let of_school =
                people::table.inner_join(schools::table.on(schools::id.eq(people::school_id)));
            let named = of_school
                .filter(schools::sourced_id.eq("sch1").and(people::sourced_id.eq(sourced_id)));
            Ok(named.select(PersonRow::as_select()).first(db)?)
        })
        .await
}

#[tokio::test]
async fn contact_who_is_staff_elsewhere_gets_no_staff_role() {
    let school = School::start().await;
    import(&school, "00-good").await;
    let report = import(&school, "other-school-admin-as-contact").await;
    for id in ["adm2", "boss", "t9"] {
        let row = person(&school, id).await;
        assert_eq!(
            (row.is_staff, row.is_teacher, row.is_parent),
            (false, false, true),
            "{id}: {report}"
        );
    }
    assert!(person(&school, "adm").await.is_staff);
    school.ignore_mail("the second roster has fewer people, which this test does not examine");
}

#[tokio::test]
async fn next_import_revokes_staff_role_given_by_a_contact_row() {
    let school = School::start().await;
    import(&school, "other-school-admin-as-contact").await;
    let id = person(&school, "adm2").await.id;
    school
        .app
        .store
        .write(move |db| {
            let wrong = (people::is_staff.eq(true), people::source_role.eq("administrator"));
            diesel::update(people::table.find(id)).set(wrong).execute(db)?;
            Ok(())
        })
        .await
        .unwrap();
    let slug: String = school
        .read(|db| {
            Ok(schools::table
                .filter(schools::sourced_id.eq("sch1"))
                .select(schools::slug)
                .first(db)?)
        })
        .await;
    let actor = Actor::for_school(&school.origin, &slug);
    actor.set_cookie(
        "parlour_session",
        &school.session_of(&person(&school, "adm2").await, Role::Staff).await,
    );
    actor.get("/parents").await.is(200);
    import(&school, "other-school-admin-as-contact").await;
    assert!(!person(&school, "adm2").await.is_staff);
    assert_ne!(actor.get("/parents").await.status, 200, "the session has ended");
    school.ignore_mail("another test covers the mails to the office");
}
