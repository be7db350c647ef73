//! Empties the outbox: claims what is due, writes each mail out at the moment it is sent, sends up
//! to four at a time and notes what became of it. Logs name outbox rows and templates, never an
//! address, a name or a token.

use std::{future::Future, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use parlour_domain::id::SchoolId;
use tokio::sync::Notify;
use tracing::{Instrument, field};

use super::{
    Mail, Mailer, SendError,
    load::{self, Loaded},
    render::render,
    retry::pause,
};
use crate::{
    config::Config,
    context::Clock,
    keys::Keys,
    store::{
        Db, Error, Store,
        outbox::{self, Claimed, Due, Settled},
    },
    telemetry::metrics::{JobMetrics, Leased},
};

/// How many mails are sent at a time.
const AT_A_TIME: usize = 4;

/// How long the worker rests when nothing is due and nobody wakes it.
const REST: Duration = Duration::from_secs(1);

/// Told to people when a mail was tried for two days.
const GIVEN_UP: &str =
    "The mail could not be delivered for two days. Check the address, then send it again.";

/// Told to people when it is we who failed.
const OUR_FAULT: &str = "The mail could not be written. Please tell the school.";

/// What the worker works with. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    /// The outbox, and all that mails tell.
    pub store: Store,
    /// Derives links and codes.
    pub keys: Keys,
    /// The sender's address and where the pages are.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Takes mails to their recipients.
    pub mailer: Arc<dyn Mailer>,
    /// Counts what mails came to.
    pub metrics: JobMetrics,
    /// Whoever has queued a mail may poke the worker.
    pub wake: Arc<Notify>,
}

/// What a worker has in hand.
#[derive(Default)]
struct Sending {
    mails: FuturesUnordered<BoxFuture<'static, bool>>,
    /// The school whose mail was begun last: the next turn is another one's.
    after: Option<SchoolId>,
}

/// Sends what is due, as it becomes due, until `shutdown` is ready; mails that are being sent then
/// are finished.
pub async fn run(deps: Deps, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut sending = Sending::default();
    loop {
        fill(&deps, &mut sending).await;
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = sending.mails.next() => {}
            () = deps.wake.notified() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
    while sending.mails.next().await.is_some() {}
}

/// Sends all that is due now; says how many mails went out.
pub async fn deliver_due(deps: &Deps) -> usize {
    let (mut sending, mut sent) = (Sending::default(), 0);
    loop {
        fill(deps, &mut sending).await;
        match sending.mails.next().await {
            Some(went_out) => sent += usize::from(went_out),
            None => return sent,
        }
    }
}

/// Begins as many mails as may be sent at a time. One that is slow keeps its own place and nobody
/// else's.
async fn fill(deps: &Deps, sending: &mut Sending) {
    while sending.mails.len() < AT_A_TIME {
        let (now, limit, after) =
            (deps.clock.now(), AT_A_TIME - sending.mails.len(), sending.after);
        match deps.store.write(move |db| outbox::claim(db, now, limit, after)).await {
            Ok(Due::Claimed(rows)) => {
                sending.after = rows.last().map(Claimed::school);
                sending.mails.extend(rows.into_iter().map(|row| begin(deps.clone(), row)));
            }
            Ok(Due::Contended) => {}
            Ok(Due::Nothing) => return,
            Err(error) => {
                tracing::warn!(%error, "could not look at the outbox");
                return;
            }
        }
    }
}

/// A mail whose sending panics is tried again when its lease has run out, and takes nothing else
/// down.
fn begin(deps: Deps, row: Claimed) -> BoxFuture<'static, bool> {
    let id = row.id;
    let span = tracing::info_span!(
        "send_mail",
        outbox = %id,
        template = row.template,
        request_id = row.request_id().map(field::display)
    );
    let guarded = AssertUnwindSafe(deliver(deps, row)).catch_unwind().instrument(span);
    guarded
        .map(move |outcome| {
            outcome
                .inspect_err(|_| tracing::error!(outbox = %id, "sending a mail panicked"))
                .unwrap_or(false)
        })
        .boxed()
}

async fn deliver(deps: Deps, row: Claimed) -> bool {
    let settled = match write_out(&deps, &row).await {
        Ok(mail) => match deps.mailer.send(&mail).await {
            Ok(()) => Settled::Sent,
            Err(SendError { permanent: true, reason }) => Settled::Failed(reason),
            Err(SendError { permanent: false, reason }) => later(&deps, &row, reason, GIVEN_UP),
        },
        Err(settled) => settled,
    };
    let outcome = match &settled {
        Settled::Sent => "sent",
        Settled::Retry(..) => "delayed",
        Settled::Failed(_) => "failed",
        Settled::Dropped(_) => "dropped",
    };
    deps.metrics.count_mail(&row.template, outcome);
    let request_id = row.request_id().map(field::display);
    tracing::info!(
        parent: None,
        outbox = %row.id,
        template = row.template,
        attempt = row.attempts,
        request_id,
        "mail {outcome}"
    );
    let sent = settled == Settled::Sent;
    settle(&deps, row, settled).await;
    sent
}

/// The mail as it is to be sent now, or what becomes of the row instead.
async fn write_out(deps: &Deps, row: &Claimed) -> Result<Mail, Settled> {
    // A row of a newer version may be understood after an update.
    let Some(mail) = row.mail() else {
        return Err(later(deps, row, OUR_FAULT.to_owned(), OUR_FAULT));
    };
    let (keys, config, now, queued_at) =
        (deps.keys.clone(), Arc::clone(&deps.config), deps.clock.now(), row.created_at);
    let loaded =
        deps.store.read(move |db| load::load(db, &keys, &config, now, mail, queued_at)).await;
    let letter = match loaded {
        Ok(Loaded::Letter(letter)) => letter,
        Ok(Loaded::Nothing(reason)) => return Err(Settled::Dropped(reason.to_owned())),
        Err(Error::NotFound) => {
            tracing::error!(outbox = %row.id, template = row.template, "a mail names too little");
            return Err(Settled::Failed(OUR_FAULT.to_owned()));
        }
        Err(error) => {
            tracing::warn!(outbox = %row.id, %error, "could not read what a mail tells");
            return Err(later(deps, row, OUR_FAULT.to_owned(), OUR_FAULT));
        }
    };
    render(row.id, &letter, &deps.config.mail_from, now).map_err(|error| {
        tracing::error!(outbox = %row.id, %error, "could not write a mail");
        later(deps, row, OUR_FAULT.to_owned(), OUR_FAULT)
    })
}

fn later(deps: &Deps, row: &Claimed, reason: String, given_up: &str) -> Settled {
    pause(row.attempts).map_or_else(
        || Settled::Failed(given_up.to_owned()),
        |pause| Settled::Retry(deps.clock.now() + pause, reason),
    )
}

/// Notes what became of a mail. If that fails the mail goes out again when its lease has run out:
/// better twice than never.
async fn settle(deps: &Deps, row: Claimed, settled: Settled) {
    let (id, now) = (row.id, deps.clock.now());
    let job = move |db: &mut Db| outbox::settle(db, now, &row, &settled);
    for _ in 0..3 {
        match deps.store.write(job.clone()).await {
            Ok(true) => return,
            Ok(false) => return deps.metrics.count_lost_lease(Leased::Mail),
            Err(error) => {
                tracing::warn!(outbox = %id, %error, "could not note what became of a mail")
            }
        }
        tokio::time::sleep(REST).await;
    }
}
