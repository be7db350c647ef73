//! Tests of the mail worker: a failed mail does not block others, temporary failures are retried,
//! and two workers never send one mail twice.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::TimeDelta;
use diesel::prelude::*;
use futures_util::future::{BoxFuture, FutureExt, pending, ready};
use parlour_domain::id::{InviteId, SchoolId};
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

use super::fixture::Fixture;
use crate::{
    context::{Clock, Context, Random},
    mail::{Failure, Mail, Mailer, SendError, worker::MailWorker},
    schema::{outbox as outbox_table, schools},
    store::{
        ClaimResult,
        outbox::{self, MailState, MailStatus, NewMail, Template},
        sql_types::{At, at, key},
    },
    workers::{run, run_due},
};

const RACHEL: &str = "Rachel@example.org";

async fn teachers_ask_to_log_in(fixture: &Fixture, emails: &[&'static str]) {
    for email in emails {
        fixture.person(None, "A", "Teacher", Some(email), "teacher").await;
        fixture.ask_to_log_in((*email).to_owned()).await;
    }
}

async fn mail_status(fixture: &Fixture, invite: InviteId) -> Option<MailStatus> {
    fixture
        .worker
        .store
        .read(move |db| outbox::mail_statuses(db, &[invite]))
        .await
        .unwrap()
        .remove(&invite)
}

#[tokio::test]
async fn failing_mail_does_not_block_others() {
    let fixture = Fixture::new().await;
    let emails =
        ["a@t.example", "b@t.example", "c@t.example", "d@t.example", "e@t.example", "f@t.example"];
    teachers_ask_to_log_in(&fixture, &emails).await;
    fixture.mailer.fail_for("a@t.example", Failure::Temporary);
    fixture.mailer.fail_for("c@t.example", Failure::Permanent);
    let to: BTreeSet<String> =
        fixture.deliver().await.into_iter().map(|sent| sent.mail.to).collect();
    assert_eq!(
        to,
        ["b@t.example", "d@t.example", "e@t.example", "f@t.example"].map(str::to_owned).into()
    );
    assert_eq!(fixture.states().await, ["failed", "queued", "sent", "sent", "sent", "sent"]);
}

#[tokio::test]
async fn temporary_failure_is_retried_with_backoff() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_rachel(Template::BookingsMade)).await;
    fixture.mailer.fail_for(RACHEL, Failure::Temporary);
    let start = fixture.clock.now();
    for (tries, pause) in [(1, 1), (2, 5), (3, 15)] {
        assert!(fixture.deliver().await.is_empty());
        let (state, attempts, due, reason) = fixture.rows().await.remove(0);
        assert_eq!((state.as_str(), attempts), ("queued", tries));
        assert_eq!(due, fixture.clock.now() + TimeDelta::minutes(pause));
        assert!(reason.is_some());
        // Before the retry is due, the worker leaves the mail alone.
        assert!(fixture.deliver().await.is_empty());
        assert_eq!(fixture.rows().await[0].1, tries);
        fixture.clock.set(due);
    }
    fixture.mailer.recover(RACHEL);
    assert_eq!(fixture.deliver_one().await.sent_at, start + TimeDelta::minutes(21));
    assert_eq!(fixture.rows().await[0], ("sent".to_owned(), 4, fixture.rows().await[0].2, None));
}

#[tokio::test]
async fn mail_fails_permanently_after_two_days() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    fixture.mailer.fail_for("jordan@example.org", Failure::Temporary);
    let start = fixture.clock.now();
    while fixture.states().await == ["queued"] {
        fixture.clock.set(fixture.rows().await[0].2);
        fixture.deliver().await;
    }
    assert!(fixture.clock.now() - start >= TimeDelta::days(2));
    let mail_status = mail_status(&fixture, fixture.invite).await.unwrap();
    assert_eq!((mail_status.state, mail_status.at), (MailState::Failed, fixture.clock.now()));
    assert!(mail_status.reason.unwrap().contains("two days"));
}

#[tokio::test]
async fn invite_mail_status_is_that_of_the_newest_mail() {
    let fixture = Fixture::new().await;
    assert_eq!(mail_status(&fixture, fixture.invite).await, None);
    fixture.mailer.fail_for("jordan@example.org", Failure::Permanent);
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    assert_eq!(mail_status(&fixture, fixture.invite).await.unwrap().state, MailState::Queued);
    fixture.deliver().await;
    let failed = mail_status(&fixture, fixture.invite).await.unwrap();
    assert_eq!(failed.state, MailState::Failed);
    assert!(failed.reason.unwrap().contains("spelling"));
    fixture.mailer.recover("jordan@example.org");
    fixture.clock.advance(TimeDelta::minutes(10));
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    fixture.deliver().await;
    assert_eq!(
        mail_status(&fixture, fixture.invite).await,
        Some(MailStatus { state: MailState::Sent, at: fixture.clock.now(), reason: None })
    );
}

#[tokio::test]
async fn concurrent_workers_send_each_mail_once() {
    let fixture = Fixture::new().await;
    fixture.person(None, "A", "Teacher", Some("a@t.example"), "teacher").await;
    for _ in 0..40 {
        fixture.ask_to_log_in("a@t.example".to_owned()).await;
    }
    let other = fixture.another_process();
    let (one, two) = tokio::join!(run_due(&fixture.worker), run_due(&other));
    assert_eq!(one + two, 40);
    let mails = fixture.mailer.take();
    let different: BTreeSet<_> = mails.iter().map(|sent| sent.id).collect();
    assert_eq!((mails.len(), different.len()), (40, 40));
}

#[tokio::test]
async fn mail_of_a_crashed_worker_is_resent_after_its_lease() {
    let fixture = Fixture::new().await;
    fixture.queue(fixture.to_guest(Template::Invite)).await;
    let now = fixture.clock.now();
    let claimed =
        fixture.worker.store.write(move |db| outbox::claim(db, now, 4, None)).await.unwrap();
    assert!(matches!(claimed, ClaimResult::Claimed(rows) if rows.len() == 1));
    assert!(fixture.deliver().await.is_empty());
    fixture.clock.advance(outbox::LEASE);
    fixture.deliver_one().await;
    assert_eq!(fixture.rows().await[0].1, 2);
}

/// A mailer that never answers for one address, panics for another, and reports every mail that it
/// sent.
struct FaultyMailer(UnboundedSender<String>);

impl Mailer for FaultyMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        match mail.to.as_str() {
            "stuck@t.example" => pending().boxed(),
            "panic@t.example" => async { panic!("a mailer that panics") }.boxed(),
            to => {
                self.0.send(to.to_owned()).unwrap();
                ready(Ok(())).boxed()
            }
        }
    }
}

#[tokio::test]
async fn worker_continues_past_stuck_mail_and_shuts_down() {
    let fixture = Fixture::new().await;
    let (tell, mut told) = unbounded_channel();
    let worker = MailWorker { mailer: Arc::new(FaultyMailer(tell)), ..fixture.worker.clone() };
    let mut next =
        async || tokio::time::timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap();

    teachers_ask_to_log_in(&fixture, &["panic@t.example", "a@t.example"]).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(run(worker.clone(), stopped.map(drop)));
    assert_eq!(next().await, "a@t.example");
    teachers_ask_to_log_in(&fixture, &["b@t.example"]).await;
    worker.wake.notify_one();
    assert_eq!(next().await, "b@t.example");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap();

    let task = tokio::spawn(run(worker, pending()));
    teachers_ask_to_log_in(&fixture, &["stuck@t.example", "c@t.example"]).await;
    assert_eq!(next().await, "c@t.example");
    task.abort();
}

/// Another school of the same server.
async fn another_school(fixture: &Fixture, slug: &'static str) -> SchoolId {
    fixture
        .write(move |db, ctx| {
            let id: SchoolId = ctx.new_id();
            let row = (
                (
                    schools::id.eq(key(id)),
                    schools::sourced_id.eq(slug),
                    schools::name.eq(slug),
                    schools::slug.eq(slug),
                ),
                (schools::time_zone.eq("Europe/London"), schools::created_at.eq(at(ctx.now))),
            );
            diesel::insert_into(schools::table).values(row).execute(db).unwrap();
            id
        })
        .await
}

/// Claims all due mails, with the workers taking turns, and returns each mail's school and template
/// in the order of claiming.
async fn claim_all(fixture: &Fixture, workers: usize) -> Vec<(SchoolId, String)> {
    let (mut after, mut seen, mut order) = (vec![None; workers], BTreeSet::new(), Vec::new());
    for worker in (0..workers).cycle() {
        let (now, turn) = (fixture.clock.now(), after[worker]);
        let rows = match fixture
            .worker
            .store
            .write(move |db| outbox::claim(db, now, 4, turn))
            .await
            .unwrap()
        {
            ClaimResult::Claimed(rows) => rows,
            ClaimResult::Contended => continue,
            ClaimResult::Nothing => break,
        };
        after[worker] = rows.last().map(outbox::Claimed::school);
        for row in rows {
            assert!(seen.insert(row.id), "claimed twice");
            order.push((row.school(), row.template.clone()));
        }
    }
    order
}

#[tokio::test]
async fn large_school_does_not_starve_others() {
    let fixture = Fixture::new().await;
    let (large, others) = (
        fixture.school,
        [
            another_school(&fixture, "b").await,
            another_school(&fixture, "c").await,
            another_school(&fixture, "d").await,
        ],
    );
    let alert = |school| NewMail::new(school, Template::StaffAlert);
    for _ in 0..200 {
        fixture.clock.advance(TimeDelta::milliseconds(1));
        fixture.queue(alert(large)).await;
    }
    for _ in 0..3 {
        fixture.clock.advance(TimeDelta::milliseconds(1));
        for school in others {
            fixture.queue(alert(school)).await;
        }
    }
    fixture.person(None, "A", "Teacher", Some("a@t.example"), "teacher").await;
    fixture.ask_to_log_in("a@t.example".to_owned()).await;
    let order = claim_all(&fixture, 2).await;
    assert_eq!(order.len(), 200 + 9 + 1);
    assert_eq!(
        order[0],
        (large, "login".to_owned()),
        "a login mail goes first, because somebody waits for it"
    );
    let last = order.iter().rposition(|(school, _)| *school != large).unwrap();
    assert!(last < 20, "the last of the small schools leaves as number {last}");
}

#[tokio::test]
async fn queued_mails_are_coalesced() {
    let fixture = Fixture::new().await;
    let update = fixture.to_guest(Template::GuestUpdate);
    fixture.queue(update).await;
    fixture.queue(update).await;
    assert_eq!(fixture.states().await, ["queued"]);
    // A claimed mail is not coalesced, because its worker has already read the data.
    let now = fixture.clock.now();
    let claimed =
        fixture.worker.store.write(move |db| outbox::claim(db, now, 4, None)).await.unwrap();
    let ClaimResult::Claimed(rows) = claimed else { panic!("nothing was claimed") };
    fixture.clock.advance(TimeDelta::seconds(1));
    fixture.queue(update).await;
    assert_eq!(fixture.states().await, ["queued", "queued"]);
    let (row, later) = (rows[0].clone(), now + TimeDelta::minutes(5));
    fixture
        .worker
        .store
        .write(move |db| {
            outbox::settle(db, now, &row, &outbox::SendResult::Retry(later, "later".into()))
        })
        .await
        .unwrap();
    // A mail that waits for a retry is coalesced: the newer one makes it due at once and resets its
    // attempts.
    fixture.queue(update).await;
    let rows = fixture.rows().await;
    assert_eq!((rows.len(), rows[0].1, rows[0].2), (2, 0, fixture.clock.now()));
    // Mails of another evening, person or template are not coalesced.
    fixture.queue(fixture.to_rachel(Template::GuestUpdate)).await;
    fixture.queue(fixture.to_guest(Template::InviteRemoved)).await;
    assert_eq!(fixture.rows().await.len(), 4);
}

#[tokio::test]
async fn coalesced_mail_keeps_the_earliest_creation_time() {
    let fixture = Fixture::new().await;
    let cancelled = fixture.to_rachel(Template::BookingCancelled);
    let earlier = fixture.clock.now() - TimeDelta::milliseconds(1);
    fixture.queue(cancelled).await;
    // This request began earlier but reached the database later.
    let ctx = Context::new(earlier, Random::seeded(3));
    fixture.worker.store.write(move |db| outbox::enqueue(db, &ctx, cancelled)).await.unwrap();
    let created: Vec<At> = fixture
        .worker
        .store
        .read(|db| Ok(outbox_table::table.select(outbox_table::created_at).load(db)?))
        .await
        .unwrap();
    assert_eq!(created.iter().map(|at| **at).collect::<Vec<_>>(), [earlier]);
}
