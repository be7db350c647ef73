//! The worker that empties the outbox: it writes each mail out at the moment it is sent. Logs name
//! outbox rows and templates, never an address, a name or a token.

use std::{future::Future, sync::Arc, time::Duration};

use parlour_domain::id::SchoolId;
use tokio::sync::Notify;
use tracing::{Span, field};

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
        Db, Due, Error, Result as StoreResult, Store,
        outbox::{self, Claimed, Settled},
    },
    telemetry::metrics::{JobMetrics, Leased},
    workers::{Slots, Worker},
};

/// Told to people when a mail was tried for two days.
const GIVEN_UP: &str =
    "The mail could not be delivered for two days. Check the address, then send it again.";

/// Told to people when it is we who failed.
const OUR_FAULT: &str = "The mail could not be written. Please tell the school.";

/// Sends the mails of the outbox. Cheap to clone.
#[derive(Clone)]
pub struct MailWorker {
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
    /// Counts what came of mails.
    pub metrics: JobMetrics,
    /// Notified by whoever has queued a mail.
    pub wake: Arc<Notify>,
}

impl Worker for MailWorker {
    type Job = Claimed;
    type Outcome = Settled;
    /// Schools take turns.
    type Lane = SchoolId;

    const NAME: &'static str = "mail";
    const AT_A_TIME: usize = 4;
    const REST: Duration = Duration::from_secs(1);
    const LEASED: Option<Leased> = Some(Leased::Mail);

    fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    async fn claim(&self, slots: Slots<SchoolId>) -> StoreResult<Due<Claimed>> {
        let now = self.clock.now();
        self.store.write(move |db| outbox::claim(db, now, slots.free, slots.last)).await
    }

    fn lane(&self, row: &Claimed) -> SchoolId {
        row.school()
    }

    fn span(&self, row: &Claimed) -> Span {
        tracing::info_span!(
            "send_mail",
            outbox = %row.id,
            template = row.template,
            request_id = row.request_id().map(field::display)
        )
    }

    async fn run(&self, row: &Claimed) -> Option<Settled> {
        let mail = match write_out(self, row).await {
            Ok(mail) => mail,
            Err(settled) => return Some(settled),
        };
        Some(match self.mailer.send(&mail).await {
            Ok(()) => Settled::Sent,
            Err(SendError { permanent: true, reason }) => Settled::Failed(reason),
            Err(SendError { permanent: false, reason }) => later(self, row, reason, GIVEN_UP),
        })
    }

    fn report(&self, row: &Claimed, settled: &Settled) {
        let outcome = match settled {
            Settled::Sent => "sent",
            Settled::Retry(..) => "delayed",
            Settled::Failed(_) => "failed",
            Settled::Dropped(_) => "dropped",
        };
        self.metrics.count_mail(&row.template, outcome);
        let request_id = row.request_id().map(field::display);
        tracing::info!(
            parent: None,
            outbox = %row.id,
            template = row.template,
            attempt = row.attempts,
            request_id,
            "mail {outcome}"
        );
    }

    fn is_success(&self, settled: &Settled) -> bool {
        *settled == Settled::Sent
    }

    async fn settle(&self, row: &Arc<Claimed>, settled: &Settled) -> StoreResult<bool> {
        let (now, row, settled) = (self.clock.now(), Arc::clone(row), settled.clone());
        self.store.write(move |db: &mut Db| outbox::settle(db, now, &row, &settled)).await
    }

    fn woken(&self) -> impl Future<Output = ()> + Send {
        self.wake.notified()
    }
}

/// The mail as it is to be sent now, or what becomes of the row instead.
async fn write_out(worker: &MailWorker, row: &Claimed) -> Result<Mail, Settled> {
    // A row of a newer version may be understood after an update.
    let Some(mail) = row.mail() else {
        return Err(later(worker, row, OUR_FAULT.to_owned(), OUR_FAULT));
    };
    let (keys, config, now, queued_at) =
        (worker.keys.clone(), Arc::clone(&worker.config), worker.clock.now(), row.created_at);
    let loaded =
        worker.store.read(move |db| load::load(db, &keys, &config, now, mail, queued_at)).await;
    let letter = match loaded {
        Ok(Loaded::Letter(letter)) => letter,
        Ok(Loaded::Nothing(reason)) => return Err(Settled::Dropped(reason.to_owned())),
        Err(Error::NotFound) => {
            tracing::error!(outbox = %row.id, template = row.template, "a mail names too little");
            return Err(Settled::Failed(OUR_FAULT.to_owned()));
        }
        Err(error) => {
            tracing::warn!(outbox = %row.id, %error, "could not read what a mail tells");
            return Err(later(worker, row, OUR_FAULT.to_owned(), OUR_FAULT));
        }
    };
    render(row.id, &letter, &worker.config.mail_from, now).map_err(|error| {
        tracing::error!(outbox = %row.id, %error, "could not write a mail");
        later(worker, row, OUR_FAULT.to_owned(), OUR_FAULT)
    })
}

fn later(worker: &MailWorker, row: &Claimed, reason: String, given_up: &str) -> Settled {
    pause(row.attempts).map_or_else(
        || Settled::Failed(given_up.to_owned()),
        |pause| Settled::Retry(worker.clock.now() + pause, reason),
    )
}
