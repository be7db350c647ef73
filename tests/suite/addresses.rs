//! Tests of one address in several spellings: in bars, suppressions, logins and rosters, and in a
//! database of an earlier version.

use std::thread;

use diesel::prelude::*;
use parlour::{
    roster::{self, ImportOptions},
    schema::{invites, login_links, marks, people, schools, sessions, suppressions},
    store::{Store, people::PersonRow, sessions::Role},
};
use serde_json::{Value, json};

use crate::harness::{Actor, School, case, token_of};

const RACHEL: &str = "rachel.aaron@example.org";

/// The id of Liz, who has no invite yet.
async fn liz(parent: &Actor, school: &School) -> Value {
    let overview = parent.get(&school.evening("/invites")).await.is(200);
    overview
        .list("/students")
        .into_iter()
        .find(|one| one["student"]["name"] == "Liz Aaron")
        .unwrap()["student"]["id"]
        .clone()
}

fn invite(student: &Value, email: &str) -> Value {
    json!({ "name": "Sam Aaron", "email": email, "student_ids": [student], "consent": true })
}

#[tokio::test]
async fn bar_applies_to_every_spelling_of_a_domain() {
    for (barred, spelt) in [
        (
            "sam@example.org",
            ["sam@ⓔxample.org", "Sam+x@ＥＸＡＭＰＬＥ.org", "<mailto:sam@example。org>,"],
        ),
        ("sam@müller.de", ["sam@xn--mller-kva.de", "sam@MÜLLER.de", "sam@mu\u{308}ller.de"]),
        ("sam@xn--e1afmkfd.xn--p1ai", ["sam@пример.рф", "sam@ПРИМЕР.РФ", "sam@пример｡рф"]),
    ] {
        let school = School::start().await;
        let (parent, office) = (school.parent().await, school.staff().await);
        let liz = liz(&parent, &school).await;
        office.post("/bars", json!({ "student_id": liz, "email": barred })).await.is(201);
        for email in spelt {
            parent
                .post(&school.evening("/invites"), invite(&liz, email))
                .await
                .refuses(403, "ask_the_school");
        }
        school.ignore_mail("invites.rs tests the alert to staff");
    }
}

#[tokio::test]
async fn invisible_characters_in_addresses_are_stripped_or_refused() {
    let school = School::start().await;
    let parent = school.parent().await;
    let liz = liz(&parent, &school).await;
    for email in [
        "s\u{200b}am@example.org",
        "sam@exa\u{ad}mple.org",
        "sam\u{feff}@example.org",
        "s\u{202e}am@example.org",
        "sam@127.0.0.١",
        "sam@0x7f.1",
    ] {
        parent
            .post(&school.evening("/invites"), invite(&liz, email))
            .await
            .refuses(422, "email_invalid");
    }
    let made = parent
        .post(
            &school.evening("/invites"),
            invite(&liz, "\u{feff}Sam Aaron <sam@example.org>;\u{200e}"),
        )
        .await
        .is(201);
    assert_eq!(made.text_at("/email"), "sam@example.org");
    school.mail_to("sam@example.org").await;
}

#[tokio::test]
async fn suppression_ignores_plus_tags() {
    let school = School::start().await;
    let parent = school.parent().await;
    let liz = liz(&parent, &school).await;
    parent.post(&school.evening("/invites"), invite(&liz, "sam+one@example.org")).await.is(201);
    let token = json!({ "token": token_of(&school.mail_to("sam+one@example.org").await) });
    school.nobody().post("/guest_links/decline", token).await.is(204);
    school.mail_to(RACHEL).await;
    for email in ["sam+one@example.org", "sam@example.org", "sam+two@ⓔxample.org"] {
        parent
            .post(&school.evening("/invites"), invite(&liz, email))
            .await
            .refuses(409, "address_suppressed");
    }
}

#[tokio::test]
async fn login_accepts_a_pasted_address() {
    let school = School::start().await;
    for email in [
        "<mailto:rachel.aaron@example.org>,",
        "Rachel Aaron <RACHEL.AARON@ⓔxample.org>",
        "\u{200e}rachel.aaron@example.org\u{a0}.",
    ] {
        let browser = school.nobody();
        browser.post("/login_links", json!({ "email": email })).await.is(202);
        let token = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
        browser.post("/sessions", token).await.is(201);
        browser.get("/me").await.is(200);
    }
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

async fn import(school: &School, name: &str) -> String {
    let store = Store::open(&school.app.config.database, 2).unwrap();
    roster::import(&store, &school.app.context(), &case(name), ImportOptions::default())
        .await
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn import_accepts_pasted_addresses() {
    let school = School::start().await;
    import(&school, "00-good").await;
    let slug: String = school
        .read(|db| {
            Ok(schools::table
                .filter(schools::sourced_id.eq("sch1"))
                .select(schools::slug)
                .first(db)?)
        })
        .await;
    // In the earlier roster each address is made of the person's id, such as p2@example.org.
    school
        .app
        .store
        .write(|db| {
            for (id, address) in [
                ("p2", "a2@example.org"),
                ("p3", "a3@example.org"),
                ("p4", "a4@example.org"),
                ("p5", "a5@example.org"),
                ("p8", "a8@example.org"),
                ("p17", "a17@example.org"),
            ] {
                let set = (
                    people::email.eq(address),
                    people::email_key.eq(address),
                    people::bar_key.eq(address),
                );
                diesel::update(people::table.filter(people::sourced_id.eq(id)))
                    .set(set)
                    .execute(db)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let actor = Actor::for_school(&school.origin, &slug);
    actor.set_cookie(
        "parlour_session",
        &school.session_of(&person(&school, "p3").await, Role::Parent).await,
    );
    actor.get("/me").await.is(200);
    let report = import(&school, "import-pasted-addresses").await;
    for id in ["p2", "p3", "p4", "p5", "p8", "p17"] {
        let address = format!("a{}@example.org", &id[1..]);
        assert_eq!(person(&school, id).await.email.as_deref(), Some(address.as_str()), "{id}");
        assert!(report.contains(&format!("is understood as {address:?}")), "{id}: {report}");
    }
    for (id, email) in [
        ("p1", "a1@example.org"),
        ("p6", "A6@example.org"),
        ("p9", "a9@müller.de"),
        ("p10", "a10@müller.de"),
        ("p13", "a13@example.org"),
    ] {
        assert_eq!(person(&school, id).await.email.as_deref(), Some(email), "{id}");
    }
    actor.get("/me").await.is(200);
    school.ignore_mail("another test reads the mails of an import");
}

#[tokio::test]
async fn pushed_address_is_normalized_with_a_warning() {
    let school = School::start().await;
    let row = json!({
        "sourced_id": "p-208",
        "roles": ["parent"],
        "given_name": "Dora",
        "family_name": "Marsh",
        "email": "mailto:dora@ⓔxample.org",
    });
    let answer =
        school.staff().await.put("/roster/people", json!({ "items": [row] })).await.is(200);
    assert_eq!(answer.text_at("/items/0/warnings/0/code"), "email_understood", "{}", answer.text);
    assert!(
        answer.text_at("/items/0/warnings/0/detail").contains("dora@example.org"),
        "{}",
        answer.text
    );
    let stored: Option<String> = school
        .read(|db| {
            Ok(people::table
                .filter(people::sourced_id.eq("p-208"))
                .select(people::email_key)
                .first(db)?)
        })
        .await;
    assert_eq!(stored.as_deref(), Some("dora@example.org"));
}

/// Rewrites the address keys as an earlier version stored them: with domains as they were typed.
async fn with_old_keys(school: &School) {
    let (old, guest) = ("rachel.aaron@ⓔxample.org", "jordan.aaron@ⓔxample.org");
    let school_id = school.people.school;
    school
        .app
        .store
        .write(move |db| {
            let rachel = people::table.filter(people::email_key.eq(RACHEL));
            diesel::update(rachel)
                .set((people::email.eq(old), people::email_key.eq(old), people::bar_key.eq(old)))
                .execute(db)?;
            diesel::update(sessions::table.filter(sessions::address_key.eq(RACHEL)))
                .set(sessions::address_key.eq(old))
                .execute(db)?;
            diesel::update(login_links::table.filter(login_links::email_key.eq(RACHEL)))
                .set((login_links::email.eq(old), login_links::email_key.eq(old)))
                .execute(db)?;
            diesel::update(invites::table)
                .set((
                    invites::email.eq(guest),
                    invites::email_key.eq(guest),
                    invites::bar_key.eq(guest),
                ))
                .execute(db)?;
            for key in ["x+a@example.org", "x@ⓔxample.org", "y@example.org"] {
                let row = (
                    suppressions::school_id.eq(parlour::store::sql_types::key(school_id)),
                    suppressions::bar_key.eq(key),
                    suppressions::created_at
                        .eq(parlour::store::sql_types::at("2026-11-01T00:00:00Z".parse().unwrap())),
                );
                diesel::insert_into(suppressions::table).values(row).execute(db)?;
            }
            diesel::delete(marks::table.find("address_keys")).execute(db)?;
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn old_address_keys_are_recomputed_once() {
    let school = School::start().await;
    let (office, parent, guest) =
        (school.staff().await, school.parent().await, school.guest().await);
    let overview = parent.get(&school.evening("/invites")).await.is(200);
    let sophie = overview.list("/students").into_iter().find(|one| one["invited"] == true).unwrap()
        ["student"]["id"]
        .clone();
    with_old_keys(&school).await;
    // The guest's invite has another address key than the bar, as in versions that did not map
    // domains.
    office
        .post("/bars", json!({ "student_id": sophie, "email": "jordan.aaron@example.org" }))
        .await
        .is(201);
    guest.get("/guest/appointments").await.is(200);

    let url = school.app.config.database.clone();
    assert!(Store::open(&url, 1).unwrap().needs_migration().unwrap());
    let nodes: Vec<_> = (0..2)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || Store::open(&url, 1).unwrap().migrate().unwrap())
        })
        .collect();
    let ran: Vec<String> = nodes.into_iter().flat_map(|node| node.join().unwrap()).collect();
    assert_eq!(ran.len(), 1, "one of them does it: {ran:?}");
    let store = Store::open(&url, 1).unwrap();
    assert_eq!((store.needs_migration().unwrap(), store.migrate().unwrap().len()), (false, 0));

    guest.get("/guest/appointments").await.refuses(410, "access_ended");
    parent.get("/me").await.is(200);
    let (keys, suppressed): (i64, Vec<String>) = school
        .read(|db| {
            let keys = people::table.filter(
                people::email
                    .eq(RACHEL)
                    .and(people::email_key.eq(RACHEL))
                    .and(people::bar_key.eq(RACHEL)),
            );
            let suppressed =
                suppressions::table.order(suppressions::bar_key).select(suppressions::bar_key);
            Ok((keys.count().get_result(db)?, suppressed.load(db)?))
        })
        .await;
    assert_eq!(
        (keys, suppressed),
        (1, vec!["x@example.org".to_owned(), "y@example.org".to_owned()])
    );
    let token = json!({ "token": token_of(school.demo_mail_to(RACHEL)) });
    school.nobody().post("/login_links/preview", token).await.is(200);
    school.ignore_mail("access.rs tests the mail to staff about lost access");
}
