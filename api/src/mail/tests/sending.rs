//! The worker: what fails holds nobody up, what may work later is tried later, and two workers send
//! nothing twice.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::TimeDelta;
use diesel::prelude::*;
use futures_util::future::{BoxFuture, FutureExt, pending, ready};
use parlour_domain::id::{InviteId, SchoolId};
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

use super::world::World;
use crate::{
    context::{Clock, Context, Random},
    mail::{Failure, Mail, Mailer, SendError, worker::MailWorker},
    schema::{outbox as outbox_table, schools},
    store::{
        Due,
        outbox::{self, MailFate, MailState, NewMail, Template},
        sql_types::{At, at, key},
    },
    workers::{run, run_due},
};

const RACHEL: &str = "Rachel@example.org";

async fn teachers_ask_to_log_in(world: &World, emails: &[&'static str]) {
    for email in emails {
        world.person(None, "A", "Teacher", Some(email), "teacher").await;
        world.ask_to_log_in((*email).to_owned()).await;
    }
}

async fn fate(world: &World, invite: InviteId) -> Option<MailFate> {
    world.worker.store.read(move |db| outbox::fates(db, &[invite])).await.unwrap().remove(&invite)
}

#[tokio::test]
async fn a_failing_mail_holds_nobody_up() {
    let world = World::new().await;
    let emails =
        ["a@t.example", "b@t.example", "c@t.example", "d@t.example", "e@t.example", "f@t.example"];
    teachers_ask_to_log_in(&world, &emails).await;
    world.mailer.fail_for("a@t.example", Failure::Temporary);
    world.mailer.fail_for("c@t.example", Failure::Permanent);
    let to: BTreeSet<String> = world.deliver().await.into_iter().map(|sent| sent.mail.to).collect();
    assert_eq!(
        to,
        ["b@t.example", "d@t.example", "e@t.example", "f@t.example"].map(str::to_owned).into()
    );
    assert_eq!(world.states().await, ["failed", "queued", "sent", "sent", "sent", "sent"]);
}

#[tokio::test]
async fn what_may_work_later_is_tried_later() {
    let world = World::new().await;
    world.queue(world.to_rachel(Template::BookingsMade)).await;
    world.mailer.fail_for(RACHEL, Failure::Temporary);
    let start = world.clock.now();
    for (tries, pause) in [(1, 1), (2, 5), (3, 15)] {
        assert!(world.deliver().await.is_empty());
        let (state, attempts, due, reason) = world.rows().await.remove(0);
        assert_eq!((state.as_str(), attempts), ("queued", tries));
        assert_eq!(due, world.clock.now() + TimeDelta::minutes(pause));
        assert!(reason.is_some());
        // Looked at too early, it is left alone.
        assert!(world.deliver().await.is_empty());
        assert_eq!(world.rows().await[0].1, tries);
        world.clock.set(due);
    }
    world.mailer.recover(RACHEL);
    assert_eq!(world.deliver_one().await.sent_at, start + TimeDelta::minutes(21));
    assert_eq!(world.rows().await[0], ("sent".to_owned(), 4, world.rows().await[0].2, None));
}

#[tokio::test]
async fn after_two_days_it_is_given_up() {
    let world = World::new().await;
    world.queue(world.to_guest(Template::Invite)).await;
    world.mailer.fail_for("jordan@example.org", Failure::Temporary);
    let start = world.clock.now();
    while world.states().await == ["queued"] {
        world.clock.set(world.rows().await[0].2);
        world.deliver().await;
    }
    assert!(world.clock.now() - start >= TimeDelta::days(2));
    let fate = fate(&world, world.invite).await.unwrap();
    assert_eq!((fate.state, fate.at), (MailState::Failed, world.clock.now()));
    assert!(fate.reason.unwrap().contains("two days"));
}

#[tokio::test]
async fn the_fate_of_an_invite_is_that_of_its_newest_mail() {
    let world = World::new().await;
    assert_eq!(fate(&world, world.invite).await, None);
    world.mailer.fail_for("jordan@example.org", Failure::Permanent);
    world.queue(world.to_guest(Template::Invite)).await;
    assert_eq!(fate(&world, world.invite).await.unwrap().state, MailState::Queued);
    world.deliver().await;
    let failed = fate(&world, world.invite).await.unwrap();
    assert_eq!(failed.state, MailState::Failed);
    assert!(failed.reason.unwrap().contains("spelling"));
    world.mailer.recover("jordan@example.org");
    world.clock.advance(TimeDelta::minutes(10));
    world.queue(world.to_guest(Template::Invite)).await;
    world.deliver().await;
    assert_eq!(
        fate(&world, world.invite).await,
        Some(MailFate { state: MailState::Sent, at: world.clock.now(), reason: None })
    );
}

#[tokio::test]
async fn two_workers_at_once_send_once() {
    let world = World::new().await;
    world.person(None, "A", "Teacher", Some("a@t.example"), "teacher").await;
    for _ in 0..40 {
        world.ask_to_log_in("a@t.example".to_owned()).await;
    }
    let other = world.another_process();
    let (one, two) = tokio::join!(run_due(&world.worker), run_due(&other));
    assert_eq!(one + two, 40);
    let mails = world.mailer.take();
    let different: BTreeSet<_> = mails.iter().map(|sent| sent.id).collect();
    assert_eq!((mails.len(), different.len()), (40, 40));
}

#[tokio::test]
async fn a_mail_whose_worker_died_goes_out_when_its_lease_has_run_out() {
    let world = World::new().await;
    world.queue(world.to_guest(Template::Invite)).await;
    let now = world.clock.now();
    let claimed =
        world.worker.store.write(move |db| outbox::claim(db, now, 4, None)).await.unwrap();
    assert!(matches!(claimed, Due::Claimed(rows) if rows.len() == 1));
    assert!(world.deliver().await.is_empty());
    world.clock.advance(outbox::LEASE);
    world.deliver_one().await;
    assert_eq!(world.rows().await[0].1, 2);
}

/// Never answers for one address, panics for another, and tells of each mail that went out.
struct Odd(UnboundedSender<String>);

impl Mailer for Odd {
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
async fn the_worker_runs_past_what_is_stuck_and_stops_when_told() {
    let world = World::new().await;
    let (tell, mut told) = unbounded_channel();
    let worker = MailWorker { mailer: Arc::new(Odd(tell)), ..world.worker.clone() };
    let mut next =
        async || tokio::time::timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap();

    teachers_ask_to_log_in(&world, &["panic@t.example", "a@t.example"]).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(run(worker.clone(), stopped.map(drop)));
    assert_eq!(next().await, "a@t.example");
    teachers_ask_to_log_in(&world, &["b@t.example"]).await;
    worker.wake.notify_one();
    assert_eq!(next().await, "b@t.example");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap();

    let task = tokio::spawn(run(worker, pending()));
    teachers_ask_to_log_in(&world, &["stuck@t.example", "c@t.example"]).await;
    assert_eq!(next().await, "c@t.example");
    task.abort();
}

/// Another school of the same server.
async fn another_school(world: &World, slug: &'static str) -> SchoolId {
    world
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

/// Claims all that is due, as this many workers do in turn, and says whose each mail was and what
/// kind.
async fn claim_all(world: &World, workers: usize) -> Vec<(SchoolId, String)> {
    let (mut after, mut seen, mut order) = (vec![None; workers], BTreeSet::new(), Vec::new());
    for worker in (0..workers).cycle() {
        let (now, turn) = (world.clock.now(), after[worker]);
        let rows = match world
            .worker
            .store
            .write(move |db| outbox::claim(db, now, 4, turn))
            .await
            .unwrap()
        {
            Due::Claimed(rows) => rows,
            Due::Contended => continue,
            Due::Nothing => break,
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
async fn a_school_with_thousands_holds_no_other_up() {
    let world = World::new().await;
    let (large, others) = (
        world.school,
        [
            another_school(&world, "b").await,
            another_school(&world, "c").await,
            another_school(&world, "d").await,
        ],
    );
    let alert = |school| NewMail::new(school, Template::StaffAlert);
    for _ in 0..200 {
        world.clock.advance(TimeDelta::milliseconds(1));
        world.queue(alert(large)).await;
    }
    for _ in 0..3 {
        world.clock.advance(TimeDelta::milliseconds(1));
        for school in others {
            world.queue(alert(school)).await;
        }
    }
    world.person(None, "A", "Teacher", Some("a@t.example"), "teacher").await;
    world.ask_to_log_in("a@t.example".to_owned()).await;
    let order = claim_all(&world, 2).await;
    assert_eq!(order.len(), 200 + 9 + 1);
    assert_eq!(order[0], (large, "login".to_owned()), "somebody waits for it");
    let last = order.iter().rposition(|(school, _)| *school != large).unwrap();
    assert!(last < 20, "the last of the small schools leaves as number {last}");
}

#[tokio::test]
async fn a_mail_that_waits_takes_in_the_next_one() {
    let world = World::new().await;
    let update = world.to_guest(Template::GuestUpdate);
    world.queue(update).await;
    world.queue(update).await;
    assert_eq!(world.states().await, ["queued"]);
    // One that a worker has in hand tells what it has read.
    let now = world.clock.now();
    let claimed =
        world.worker.store.write(move |db| outbox::claim(db, now, 4, None)).await.unwrap();
    let Due::Claimed(rows) = claimed else { panic!("nothing was claimed") };
    world.clock.advance(TimeDelta::seconds(1));
    world.queue(update).await;
    assert_eq!(world.states().await, ["queued", "queued"]);
    let (row, later) = (rows[0].clone(), now + TimeDelta::minutes(5));
    world
        .worker
        .store
        .write(move |db| {
            outbox::settle(db, now, &row, &outbox::Settled::Retry(later, "later".into()))
        })
        .await
        .unwrap();
    // One that failed waits again; news ends its pause and is tried as often as any.
    world.queue(update).await;
    let rows = world.rows().await;
    assert_eq!((rows.len(), rows[0].1, rows[0].2), (2, 0, world.clock.now()));
    // Another evening's, person's or kind's mail is another one.
    world.queue(world.to_rachel(Template::GuestUpdate)).await;
    world.queue(world.to_guest(Template::InviteRemoved)).await;
    assert_eq!(world.rows().await.len(), 4);
}

#[tokio::test]
async fn a_mail_tells_from_the_earliest_of_its_news_on() {
    let world = World::new().await;
    let cancelled = world.to_rachel(Template::BookingCancelled);
    let earlier = world.clock.now() - TimeDelta::milliseconds(1);
    world.queue(cancelled).await;
    // A request that came first, and whose turn to write came later.
    let ctx = Context::new(earlier, Random::seeded(3));
    world.worker.store.write(move |db| outbox::enqueue(db, &ctx, cancelled)).await.unwrap();
    let created: Vec<At> = world
        .worker
        .store
        .read(|db| Ok(outbox_table::table.select(outbox_table::created_at).load(db)?))
        .await
        .unwrap();
    assert_eq!(created.iter().map(|at| **at).collect::<Vec<_>>(), [earlier]);
}
