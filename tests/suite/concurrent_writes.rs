//! Tests of writes that wait for another transaction and then see its result: they wait for row
//! locks on PostgreSQL and for the one writer on SQLite.

use parlour::store::{
    ClaimResult,
    bookings::OnBehalfOf,
    events::Actor,
    guests, invites,
    outbox::{self, NewMail, Template},
    sessions,
};
use serde_json::json;

use crate::harness::{School, code_of, token_of};

const RACHEL: &str = "rachel.aaron@example.org";
const GUEST: &str = "jordan.aaron@example.org";

#[tokio::test]
async fn claimed_mail_includes_concurrent_additions() {
    let school = School::start().await;
    let people = &school.people;
    let (parent, evening, of_school) = (people.parent, people.evening, people.school);
    let mut bookings = school
        .parent()
        .await
        .get(&school.evening("/bookings"))
        .await
        .is(200)
        .list("/rows")
        .into_iter()
        .filter(|row| row["kind"] == "booking");
    let mut booking =
        || bookings.next().unwrap()["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into();
    let mail = NewMail {
        person: Some(parent),
        evening: Some(evening),
        booking: Some(booking()),
        ..NewMail::new(of_school, Template::BookingCancelled)
    };
    let other = NewMail { booking: Some(booking()), ..mail };
    let ctx = school.app.context();
    let first = ctx.clone();
    school.app.store.write(move |db| outbox::enqueue(db, &first, mail)).await.unwrap();
    let adding = school
        .paused_transaction(move |db, pause_point| {
            outbox::enqueue(db, &ctx, other)?;
            pause_point.pause();
            Ok(())
        })
        .await;
    let (store, now) = (school.app.store.clone(), school.now());
    let claiming =
        tokio::spawn(async move { store.write(move |db| outbox::claim(db, now, 4, None)).await });
    school.until_waiting(&["outbox"], 1).await;
    adding.resume().await;
    let ClaimResult::Claimed(rows) = claiming.await.unwrap().unwrap() else {
        panic!("nothing was claimed")
    };
    let told = rows
        .iter()
        .map(|row| row.mail().unwrap())
        .find(|mail| mail.template == Template::BookingCancelled)
        .unwrap();
    assert_eq!(told.booking, None, "the mail is about both bookings");
    school.ignore_mail("this test sends no mail");
}

#[tokio::test]
async fn concurrently_renewed_link_creates_no_session() {
    let school = School::start().await;
    let older = json!({ "token": token_of(school.demo_mail_to(GUEST)) });
    let (invite, of_school, parent) =
        (school.people.invite.unwrap(), school.people.school, school.people.parent);
    school.advance_clock(chrono::TimeDelta::hours(1));
    let ctx = school.app.context();
    let renewing = school
        .paused_transaction(move |db, pause_point| {
            let view = guests::open(db, of_school, invite, ctx.now)?;
            let acting = OnBehalfOf {
                parent,
                actor: Actor { person: Some(parent), name: "Rachel".to_owned() },
                is_staff: false,
            };
            invites::renew(db, &ctx, &view.evening, &acting, &view.invite)?;
            pause_point.pause();
            Ok(())
        })
        .await;
    let finder = school.nobody();
    let opening = tokio::spawn(async move { finder.post("/guest_sessions", older).await });
    school.until_waiting(&["invites"], 1).await;
    renewing.resume().await;
    opening.await.unwrap().refuses(410, "link_renewed");
    school.ignore_mail("this test does not need the new link");
}

#[tokio::test]
async fn logout_everywhere_refuses_a_concurrent_login_by_link() {
    let school = School::start().await;
    let browser = school.parent().await;
    let standing = json!({ "token": token_of(school.demo_mail_to(RACHEL)) });
    let (of_school, parent, ctx) =
        (school.people.school, school.people.parent, school.app.context());
    let ending = school
        .paused_transaction(move |db, pause_point| {
            let address_key =
                parlour::store::people::find(db, of_school, parent)?.email_key.unwrap_or_default();
            sessions::end_all(db, &ctx, of_school, &address_key)?;
            pause_point.pause();
            Ok(())
        })
        .await;
    let again = tokio::spawn(async move { browser.post("/sessions", standing).await });
    school.until_waiting(&["login_links"], 1).await;
    ending.resume().await;
    again.await.unwrap().refuses(410, "link_dead");
}

#[tokio::test]
async fn logout_everywhere_refuses_a_concurrent_login_by_code() {
    let school = School::start().await;
    let browser = school.nobody();
    let asked =
        browser.post("/login_links", json!({ "email": RACHEL })).await.is(202).text_at("/id");
    let code = code_of(&school.mail_to(RACHEL).await);
    let (of_school, parent, ctx) =
        (school.people.school, school.people.parent, school.app.context());
    let ending = school
        .paused_transaction(move |db, pause_point| {
            let address_key =
                parlour::store::people::find(db, of_school, parent)?.email_key.unwrap_or_default();
            sessions::end_all(db, &ctx, of_school, &address_key)?;
            pause_point.pause();
            Ok(())
        })
        .await;
    let login = tokio::spawn(async move {
        browser.post("/sessions", json!({ "login_link_id": asked, "code": code })).await
    });
    school.until_waiting(&["login_links"], 1).await;
    ending.resume().await;
    login.await.unwrap().refuses(410, "code_dead");
}
