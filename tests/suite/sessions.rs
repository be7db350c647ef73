//! Tests of sessions: logging in by link and by code, logging out everywhere, and losing access.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour::{
    schema::{login_links, people},
    store::{DatabaseUrl, Db, evenings, login, sql_types::key},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, School, bookable_classes, code_of, token_of};

const RACHEL: &str = "rachel.aaron@example.org";

#[tokio::test]
async fn login_link_works_once() {
    let school = School::start().await;
    let browser = school.nobody();
    browser.post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let token = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    browser.post("/login_links/preview", token.clone()).await.is(200);
    browser.post("/sessions", token.clone()).await.is(201);
    browser.get("/me").await.is(200);
    school.nobody().post("/sessions", token).await.refuses(410, "link_dead");
    let other = school.parent().await;
    browser.delete("/sessions").await.is(204);
    other.get("/me").await.refuses(401, "not_logged_in");
}

const KEY: &str = "01a1f640-bc00-73c6-a0b8-a9c15224a822";

#[tokio::test]
async fn login_with_a_lost_response_can_be_repeated() {
    let school = School::start().await;
    let asked = async |browser: &Actor| {
        let link =
            browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
        (link, school.mail_to(RACHEL).await)
    };
    // By the link: the idempotency key proves that it is the browser that sent the first request.
    let (_, mail) = asked(&school.nobody()).await;
    let token = json!({ "token": token_of(&mail) });
    school.nobody().post_with_idempotency_key("/sessions", KEY, token.clone()).await.is(201);
    let browser = school.nobody();
    browser.post_with_idempotency_key("/sessions", KEY, token.clone()).await.is(201);
    browser.get("/me").await.is(200);
    for key in [None, Some("01a1f640-bc00-73c6-a0b8-000000000000"), Some("short")] {
        let nobody = school.nobody();
        let answer = match key {
            Some(key) => nobody.post_with_idempotency_key("/sessions", key, token.clone()).await,
            None => nobody.post("/sessions", token.clone()).await,
        };
        answer.refuses(410, "link_dead");
    }
    school.advance_clock(TimeDelta::minutes(2));
    school
        .nobody()
        .post_with_idempotency_key("/sessions", KEY, token)
        .await
        .refuses(410, "link_dead");

    // A key that could be guessed proves nothing.
    let (_, mail) = asked(&school.nobody()).await;
    let token = json!({ "token": token_of(&mail) });
    school.nobody().post_with_idempotency_key("/sessions", "1", token.clone()).await.is(201);
    school
        .nobody()
        .post_with_idempotency_key("/sessions", "1", token)
        .await
        .refuses(410, "link_dead");

    // By the code, the browser's cookie is needed as well.
    let browser = school.nobody();
    let (link, mail) = asked(&browser).await;
    let code = json!({ "login_link_id": link, "code": code_of(&mail) });
    let wrong = json!({ "login_link_id": link, "code": wrong(&code_of(&mail)) });
    browser.post_with_idempotency_key("/sessions", KEY, code.clone()).await.is(201);
    browser.post_with_idempotency_key("/sessions", KEY, code.clone()).await.is(201);
    browser.post_with_idempotency_key("/sessions", KEY, wrong).await.refuses(410, "code_dead");
    school
        .nobody()
        .post_with_idempotency_key("/sessions", KEY, code.clone())
        .await
        .refuses(403, "wrong_browser");
    browser.post("/sessions", code).await.refuses(410, "code_dead");

    // Only a keyed hash of the idempotency key is stored.
    let kept: Vec<Option<String>> =
        school.read(|db| Ok(login_links::table.select(login_links::used_key_hash).load(db)?)).await;
    assert!(
        kept.iter().flatten().count() > 0 && kept.iter().flatten().all(|hash| !hash.contains(KEY))
    );
}

#[tokio::test]
async fn concurrent_confirmation_mails_share_one_standing_link() {
    let school = School::start().await;
    school.ignore_mail("this test is about the link in the mail");
    let (person, evening, of_school) =
        (school.people.parent, school.people.evening, school.people.school);
    school.execute("delete from outbox").await;
    school.execute("delete from login_links").await;
    let make = async || {
        let ctx = school.app.context();
        let write = move |db: &mut Db| {
            let evening = evenings::find(db, of_school, evening)?;
            login::standing_link(db, &ctx, person, &evening)
        };
        school.app.store.write(write).await.unwrap().unwrap().0
    };
    let links = futures_util::future::join_all((0..8).map(|_| make())).await;
    assert!(links.iter().all(|link| *link == links[0]), "{links:?}");
    // A link that was ended is replaced by a new one.
    let ctx = school.app.context();
    school.app.store.write(move |db| login::expire(db, &[key(person)], ctx.now)).await.unwrap();
    assert_ne!(make().await, links[0]);
}

#[tokio::test]
async fn migration_ends_unbound_sessions_of_staff_addresses() {
    let school = School::start().await;
    let parent = school.parent().await;
    let other = school.as_parent(&school.other_parents().await[3]).await;
    let staff = school.staff().await;
    shared_address(&school).await;
    parent.get("/me").await.is(200);
    let sql = if matches!(school.app.config.database, DatabaseUrl::Sqlite(_)) {
        include_str!("../../migrations/sqlite/2026-11-29-000104_unbound_sessions/up.sql")
    } else {
        include_str!("../../migrations/postgres/2026-11-29-000104_unbound_sessions/up.sql")
    };
    school.execute(sql).await;
    parent.get("/me").await.refuses(401, "not_logged_in");
    other.get("/me").await.is(200);
    staff.get("/me").await.is(200);
}

#[tokio::test]
async fn login_code_is_bound_to_a_browser_and_has_five_tries() {
    let school = School::start().await;
    let browser = school.nobody();
    let link =
        browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
    let mail = school.mail_to(RACHEL).await;
    let code = code_of(&mail);
    let wrong = wrong(&code);
    let with = |code: &str| json!({ "login_link_id": link, "code": code });
    school.nobody().post("/sessions", with(&code)).await.refuses(403, "wrong_browser");
    for _ in 0..4 {
        browser.post("/sessions", with(wrong)).await.refuses(403, "code_wrong");
    }
    browser.post("/sessions", with(wrong)).await.refuses(410, "code_dead");
    browser.post("/sessions", with(&code)).await.refuses(410, "code_dead");
    // The link of the same mail still works.
    browser.post("/sessions", json!({ "token": token_of(&mail) })).await.is(201);
}

#[tokio::test]
async fn login_code_accepts_other_digits_and_invisible_characters() {
    let school = School::start().await;
    for (zero, around) in [
        ('٠', ("\u{200e}", "\u{200f}")),
        ('०', ("\u{feff}", "\u{200b}")),
        ('０', ("\u{3000}", "\n")),
        ('0', ("\u{202a}", "\u{202c}")),
    ] {
        let browser = school.nobody();
        let link =
            browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
        let mail = school.mail_to(RACHEL).await;
        let digits = |line: &str| line.split_whitespace().collect::<String>();
        let code = mail
            .text
            .lines()
            .map(digits)
            .find(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap();
        let typed: String = code
            .bytes()
            .map(|digit| char::from_u32(u32::from(zero) + u32::from(digit - b'0')).unwrap())
            .collect();
        let (before, after) = around;
        let given = json!({ "login_link_id": link, "code": format!("{before}{typed}{after}") });
        browser.post("/sessions", given).await.is(201);
    }
}

#[tokio::test]
async fn unknown_address_gets_the_same_response() {
    let school = School::start().await;
    let known = school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let unknown = school
        .nobody()
        .post("/login_links", json!({ "email": "nobody@example.org" }))
        .await
        .is(202);
    let fields = |answer: &crate::harness::TestResponse| {
        answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(fields(&known), fields(&unknown));
    assert!(school.mails().await.iter().all(|mail| mail.to != "nobody@example.org"));
}

/// A wrong code.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Requests a login mail in a new browser and returns the browser and the id of the request.
async fn request_login(school: &School, email: &str) -> (Actor, String) {
    let browser = school.nobody();
    let link = browser.post("/login_links", json!({ "email": email })).await.is(202).text_at("/id");
    (browser, link)
}

/// Has a stranger try five wrong codes and returns the statuses.
async fn five_wrong_codes(school: &School, email: &str) -> Vec<u16> {
    let (browser, link) = request_login(school, email).await;
    let mut statuses = Vec::new();
    // The school does not know this address, so no code logs anybody in.
    for code in ["000000", "000001", "000002", "000003", "000004"] {
        statuses.push(
            browser.post("/sessions", json!({ "login_link_id": link, "code": code })).await.status,
        );
    }
    statuses
}

/// Rachel Aaron's browser after following the link of her confirmation mail, in which she had
/// logged in before.
async fn login_by_confirmation_mail(school: &School) -> Actor {
    let browser = school.parent().await;
    browser.delete("/sessions/current").await.is(204);
    browser
        .post("/sessions", json!({ "token": token_of(school.demo_mail_to(RACHEL)) }))
        .await
        .is(201);
    browser
}

/// Gives Rachel Aaron a role in the office and her address to another parent, and returns that
/// parent's id.
async fn shared_address(school: &School) -> Uuid {
    let other = school.other_parents().await.swap_remove(0).id();
    school
        .execute("update people set is_staff = true where email_key = 'rachel.aaron@example.org'")
        .await;
    let write = move |db: &mut Db| {
        let address =
            (people::email.eq(RACHEL), people::email_key.eq(RACHEL), people::bar_key.eq(RACHEL));
        Ok(diesel::update(people::table.find(key(other))).set(address).execute(db)?)
    };
    school.app.store.write(write).await.unwrap();
    other.0
}

#[tokio::test]
async fn standing_link_session_is_bound_to_its_parent() {
    let school = School::start().await;
    let other = shared_address(&school).await;
    let browser = login_by_confirmation_mail(&school).await;
    let rachel = school.people.parent.0;
    let choose = |person: Uuid, role: &str| json!({ "person_id": person, "role": role });
    browser.put("/me/identity", choose(rachel, "parent")).await.is(200);
    for (person, role) in [(rachel, "staff"), (other, "parent")] {
        browser.put("/me/identity", choose(person, role)).await.refuses(403, "code_required");
    }
    browser
        .put("/me/identity", choose(school.people.teacher.0, "teacher"))
        .await
        .refuses(404, "not_found");
    browser.get("/bars").await.refuses(403, "wrong_role");

    // The code is mailed to the address and starts a new session.
    let link =
        browser.post("/login_links", json!({ "session": true })).await.is(202).text_at("/id");
    let code = code_of(&school.mail_to(RACHEL).await);
    browser
        .post("/sessions", json!({ "login_link_id": link, "code": wrong(&code) }))
        .await
        .refuses(403, "code_wrong");
    browser.put("/me/identity", choose(rachel, "staff")).await.refuses(403, "code_required");
    browser.post("/sessions", json!({ "login_link_id": link, "code": code })).await.is(201);
    browser.put("/me/identity", choose(other, "parent")).await.is(200);
    browser.put("/me/identity", choose(rachel, "staff")).await.is(200);
    browser.get("/bars").await.is(200);
}

#[tokio::test]
async fn whoever_has_several_identities_chooses_one_of_them() {
    let school = School::start().await;
    let other = shared_address(&school).await;
    let (browser, link) = request_login(&school, RACHEL).await;
    let code = code_of(&school.mail_to(RACHEL).await);
    let given = json!({ "login_link_id": link, "code": code });
    let me = browser.post("/sessions", given).await.is(201);
    assert_eq!(me.list("/identities").len(), 3, "{}", me.text);
    assert!(me.body["identity"].is_null(), "{}", me.text);
    browser.get("/evenings").await.refuses(403, "choose_identity");
    let rachel = school.people.parent.0;
    let choose = async |body: Value| browser.put("/me/identity", body).await;
    let of = |person: Uuid, role: &str| json!({ "person_id": person, "role": role });
    choose(json!({ "person_id": rachel })).await.refuses(422, "invalid");
    choose(of(rachel, "guest")).await.refuses(422, "invalid");
    choose(of(rachel, "teacher")).await.refuses(404, "not_found");
    choose(of(school.people.teacher.0, "teacher")).await.refuses(404, "not_found");
    browser.get("/evenings").await.refuses(403, "choose_identity");
    for (person, role) in [(rachel, "parent"), (other, "parent"), (rachel, "staff")] {
        choose(of(person, role)).await.is(200);
        let me = browser.get("/me").await.is(200);
        let chosen = (me.text_at("/identity/person_id"), me.text_at("/identity/role"));
        assert_eq!(chosen, (person.to_string(), role.to_owned()));
    }
}

#[tokio::test]
async fn session_code_requires_a_session() {
    let school = School::start().await;
    school
        .nobody()
        .post("/login_links", json!({ "session": true }))
        .await
        .refuses(401, "not_logged_in");
    let parent = school.parent().await;
    parent.post("/login_links", json!({ "session": false })).await.refuses(422, "invalid");
    parent
        .post("/login_links", json!({ "session": true, "email": RACHEL }))
        .await
        .refuses(422, "invalid");
}

#[tokio::test]
async fn logout_everywhere_invalidates_links_and_remembered_browsers() {
    let school = School::start().await;
    let (browser, elsewhere) = (school.parent().await, school.parent().await);
    let standing = json!({ "token": token_of(school.demo_mail_to(RACHEL)) });
    school.nobody().post("/login_links", json!({ "email": RACHEL })).await.is(202);
    let asked = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    browser.delete("/sessions").await.is(204);
    elsewhere.get("/me").await.refuses(401, "not_logged_in");
    for dead in [standing, asked] {
        elsewhere.post("/login_links/preview", dead.clone()).await.refuses(410, "link_dead");
        elsewhere.post("/sessions", dead).await.refuses(410, "link_dead");
    }

    // The next confirmation mail carries a link that works. The browsers from before the logout are
    // not remembered any more, so the link needs a code there.
    let parent = school.parent().await;
    let bookable = bookable_classes(&school, &parent)
        .await
        .into_iter()
        .find(|bookable| !bookable.free.is_empty())
        .unwrap();
    parent
        .post(&school.evening("/bookings"), json!({ "bookings": [bookable.at(&bookable.free[0])] }))
        .await
        .is(201);
    let newer = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    school.ignore_mail("the guest is told of the appointment");
    for forgotten in [&browser, &elsewhere] {
        assert_eq!(
            forgotten.post("/login_links/preview", newer.clone()).await.is(200).body["needs_code"],
            true
        );
        forgotten.post("/sessions", newer.clone()).await.refuses(403, "code_required");
    }
    assert_eq!(
        parent.post("/login_links/preview", newer.clone()).await.is(200).body["needs_code"],
        false
    );
    parent.post("/sessions", newer).await.is(201);
}

#[tokio::test]
async fn two_hundred_families_behind_one_ip_get_mail() {
    let school = School::start().await;
    let known: Vec<String> =
        school.other_parents().await.into_iter().filter_map(|parent| parent.email).collect();
    let strangers = (known.len()..200).map(|nth| format!("family-{nth}@example.org"));
    let browser = school.nobody();
    for email in known.iter().cloned().chain(strangers) {
        browser.post("/login_links", json!({ "email": email })).await.is(202);
    }
    let told: BTreeSet<String> = school.mails().await.into_iter().map(|mail| mail.to).collect();
    assert!(
        known.len() > 20 && known.iter().all(|email| told.contains(email)),
        "{} of {}",
        told.len(),
        known.len()
    );
}

#[tokio::test]
async fn sixth_login_mail_is_throttled_and_links_still_work() {
    let school = School::start().await;
    for _ in 0..5 {
        request_login(&school, RACHEL).await;
    }
    let refused = school
        .nobody()
        .post("/login_links", json!({ "email": RACHEL }))
        .await
        .refuses(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("180"));
    school.advance_clock(TimeDelta::seconds(179));
    let refused = school
        .nobody()
        .post("/login_links", json!({ "email": RACHEL }))
        .await
        .refuses(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let link = json!({ "token": token_of(&school.mail_to(RACHEL).await) });
    school.nobody().post("/sessions", link).await.is(201);
    school.advance_clock(TimeDelta::seconds(1));
    request_login(&school, RACHEL).await;
    school.mail_to(RACHEL).await;
}

#[tokio::test]
async fn wrong_codes_of_strangers_do_not_block_others() {
    let school = School::start().await;
    school.ignore_mail("nobody has the strangers' addresses");
    let (browser, link) = request_login(&school, RACHEL).await;
    let code = code_of(&school.mail_to(RACHEL).await);
    for nth in 0..20 {
        let statuses = five_wrong_codes(&school, &format!("stranger-{nth}@example.org")).await;
        assert!(!statuses.contains(&429), "{statuses:?}");
    }
    browser.post("/sessions", json!({ "login_link_id": link, "code": code })).await.is(201);
}

#[tokio::test]
async fn flood_of_wrong_codes_is_throttled_per_network() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_TRUSTED_PROXY_HOPS", "1")]).await;
    let other_school = school.other_school().await;
    let from = |actor: &Actor, address: &str, body: Value| {
        let request = actor
            .request("POST", "/sessions")
            .header("x-forwarded-for", format!("192.0.2.1, {address}"))
            .json(&body);
        let actor = actor.clone();
        async move { actor.send("POST", "/sessions", request).await }
    };
    let (flood, other) = ("2001:db8:1:2::", "2001:db8:1:3::1");
    let mut refused = None;
    for nth in 0..41 {
        let (browser, link) = request_login(&school, &format!("stranger-{nth}@example.org")).await;
        for (place, code) in
            ["000000", "000001", "000002", "000003", "000004"].into_iter().enumerate()
        {
            // Each try comes from another address of one network.
            let answer = from(
                &browser,
                &format!("{flood}{:x}", nth * 5 + place + 1),
                json!({ "login_link_id": link, "code": code }),
            )
            .await;
            if answer.status == 429 {
                refused = refused
                    .or(Some((nth * 5 + place, answer.header("retry-after").map(str::to_owned))));
            }
        }
    }
    assert_eq!(refused, Some((200, Some("15".to_owned()))));
    // A client in another network may still try its code, and so may a family of another school in
    // this network.
    let (browser, link) = request_login(&school, RACHEL).await;
    let code = code_of(&school.mail_to(RACHEL).await);
    let right = json!({ "login_link_id": link, "code": code });
    from(&browser, &format!("{flood}99"), right.clone()).await.refuses(429, "too_many_requests");
    from(&browser, other, right).await.is(201);
    let there = other_school.parent.clone();
    let link = there.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
    let code = code_of(&school.mail_to(RACHEL).await);
    from(&there, &format!("{flood}99"), json!({ "login_link_id": link, "code": code }))
        .await
        .is(201);
    // The network itself is not blocked for long either.
    school.advance_clock(TimeDelta::seconds(15));
    let (browser, link) = request_login(&school, RACHEL).await;
    let code = code_of(&school.mail_to(RACHEL).await);
    from(&browser, &format!("{flood}99"), json!({ "login_link_id": link, "code": code }))
        .await
        .is(201);
}

#[tokio::test]
async fn flood_of_login_mails_is_throttled_per_network() {
    let school =
        School::start_with(&[("PARLOUR_MODE", "demo"), ("PARLOUR_TRUSTED_PROXY_HOPS", "1")]).await;
    school.ignore_mail("nobody has the flood's addresses");
    let browser = school.nobody();
    let ask = |nth: usize, address: &'static str| {
        let body = json!({ "email": format!("stranger-{nth}@example.org") });
        let request =
            browser.request("POST", "/login_links").header("x-forwarded-for", address).json(&body);
        browser.send("POST", "/login_links", request)
    };
    for nth in 0..600 {
        ask(nth, "203.0.113.7").await.is(202);
    }
    let refused = ask(600, "203.0.113.7").await.refuses(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("1"));
    ask(601, "203.0.113.8").await.is(202);
    // A header that is no address is ignored, and the connection's own address counts.
    ask(602, "203.0.113.7, unknown").await.is(202);
    school.advance_clock(TimeDelta::seconds(1));
    ask(603, "203.0.113.7").await.is(202);
    ask(604, "203.0.113.7").await.refuses(429, "too_many_requests");
}

#[tokio::test]
async fn concurrent_requests_do_not_exceed_the_mail_throttle() {
    let school = School::start().await;
    let all = (0..20).map(|_| {
        let browser = school.nobody();
        async move { browser.post("/login_links", json!({ "email": RACHEL })).await.status }
    });
    let mut statuses = futures_util::future::join_all(all).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![202; 5], vec![429; 15]].concat());
    let queued = school.read(|db| {
        Ok(login_links::table
            .filter(login_links::email_key.eq(RACHEL))
            .filter(login_links::is_standing.eq(false))
            .count()
            .get_result::<i64>(db)?)
    });
    assert_eq!(queued.await, 5);
    school.mail_to(RACHEL).await;
}

#[tokio::test]
async fn concurrent_requests_do_not_exceed_the_code_tries() {
    let school = School::start().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let (browser, link) = request_login(&school, RACHEL).await;
        let code = code_of(&school.mail_to(RACHEL).await);
        let body = json!({ "login_link_id": link, "code": wrong(&code) });
        all.extend((0..5).map(|_| {
            let (browser, body) = (browser.clone(), body.clone());
            async move { browser.post("/sessions", body).await.status }
        }));
    }
    let statuses = futures_util::future::join_all(all).await;
    let count = |of: &[u16], status| of.iter().filter(|one| **one == status).count();
    assert_eq!(count(&statuses, 429), 5, "{statuses:?}");
    for of_link in statuses.chunks(5) {
        // The fifth wrong try ends the code of a link.
        let tries = 5 - count(of_link, 429);
        let dead = usize::from(tries == 5);
        let counts = (count(of_link, 410), count(of_link, 403));
        assert_eq!(counts, (dead, tries - dead), "{statuses:?}");
    }
}

#[tokio::test]
async fn person_mark_mismatch_is_refused() {
    let school = School::start().await;
    let browser = school.parent().await;
    let rachel = browser
        .get("/me")
        .await
        .is(200)
        .header("parlour-person")
        .expect("a person mark")
        .to_owned();
    let again =
        school.parent().await.get("/me").await.is(200).header("parlour-person").map(str::to_owned);
    assert_eq!(again.as_ref(), Some(&rachel), "the mark is the same in another session");
    let of_rachel =
        |method: &str, path: &str| browser.request(method, path).header("parlour-person", &rachel);
    let bookings = school.evening("/bookings");
    let seen = browser.send("GET", &bookings, of_rachel("GET", &bookings)).await.is(200);
    assert_eq!(seen.header("parlour-person"), Some(rachel.as_str()));
    let booking = format!("/bookings/{}", seen.text_at("/rows/0/id"));

    // Somebody else logs in in another tab of the browser.
    browser.post("/dev/logins", json!({ "as": "staff" })).await.is(201);
    for (method, path) in [
        ("GET", "/me"),
        ("GET", bookings.as_str()),
        ("DELETE", booking.as_str()),
        ("DELETE", "/sessions/current"),
        ("GET", "/clients"),
    ] {
        browser.send(method, path, of_rachel(method, path)).await.refuses(401, "session_changed");
    }
    let helen = browser.get("/me").await.is(200);
    assert!(helen.header("parlour-person").is_some_and(|mark| mark != rachel));
    let rows = school.parent().await.get(&bookings).await.is(200).list("/rows");
    assert!(
        rows.iter().any(|row| booking.ends_with(row["id"].as_str().unwrap_or("none"))),
        "the booking must still exist"
    );
    let nonsense = browser.request("GET", "/me").header("parlour-person", "nonsense");
    browser.send("GET", "/me", nonsense).await.refuses(401, "session_changed");
    // A request without a session has no person mark, and neither has a guest's.
    assert_eq!(school.nobody().get("/school").await.header("parlour-person"), None);
    let guest = school.guest().await;
    let path = "/guest/appointments";
    assert_eq!(
        guest
            .send("GET", path, guest.request("GET", path).header("parlour-person", &rachel))
            .await
            .is(200)
            .header("parlour-person"),
        None
    );
}
