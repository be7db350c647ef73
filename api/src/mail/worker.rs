//! The worker that sends the outbox; it renders each mail when it is sent. Logs name outbox rows
//! and templates, never an address, a name or a token.

use std::{future::Future, sync::Arc, time::Duration};

use parlour_domain::id::SchoolId;
use tokio::sync::Notify;
use tracing::{Span, field};

use super::{
    Mail, Mailer, SendError,
    load::{self, LoadedMail},
    render::render,
    retry::backoff,
};
use crate::{
    config::Config,
    context::Clock,
    keys::Keys,
    store::{
        ClaimResult, Db, Error, Result as StoreResult, Store,
        outbox::{self, Claimed, SendResult},
    },
    telemetry::metrics::{JobMetrics, LeasedJob},
    workers::{Slots, Worker},
};

/// The reason shown to people when a mail could not be delivered for two days.
const GIVEN_UP: &str =
    "The mail could not be delivered for two days. Check the address, then send it again.";

/// The reason shown to people when the server itself failed.
const INTERNAL_ERROR: &str = "The mail could not be written. Please tell the school.";

/// Sends the mails of the outbox. Cheap to clone.
#[derive(Clone)]
pub struct MailWorker {
    /// The database that holds the outbox and the data that mails are rendered from.
    pub store: Store,
    /// Derives links and codes.
    pub keys: Keys,
    /// The sender's address and the URLs of the pages.
    pub config: Arc<Config>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The transport.
    pub mailer: Arc<dyn Mailer>,
    /// Counts the outcomes.
    pub metrics: JobMetrics,
    /// Notified when a mail was queued.
    pub wake: Arc<Notify>,
}

impl Worker for MailWorker {
    type Job = Claimed;
    type Outcome = SendResult;
    /// Mails take turns by school.
    type Lane = SchoolId;

    const NAME: &'static str = "mail";
    const CONCURRENCY: usize = 4;
    const IDLE_PAUSE: Duration = Duration::from_secs(1);
    const LEASED: Option<LeasedJob> = Some(LeasedJob::Mail);

    fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    async fn claim(&self, slots: Slots<SchoolId>) -> StoreResult<ClaimResult<Claimed>> {
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

    async fn run(&self, row: &Claimed) -> Option<SendResult> {
        let mail = match compose(self, row).await {
            Ok(mail) => mail,
            Err(settled) => return Some(settled),
        };
        Some(match self.mailer.send(&mail).await {
            Ok(()) => SendResult::Sent,
            Err(SendError { permanent: true, reason }) => SendResult::Failed(reason),
            Err(SendError { permanent: false, reason }) => {
                retry_or_give_up(self, row, reason, GIVEN_UP)
            }
        })
    }

    fn report(&self, row: &Claimed, settled: &SendResult) {
        let outcome = match settled {
            SendResult::Sent => "sent",
            SendResult::Retry(..) => "delayed",
            SendResult::Failed(_) => "failed",
            SendResult::Dropped(_) => "dropped",
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

    fn is_success(&self, settled: &SendResult) -> bool {
        *settled == SendResult::Sent
    }

    async fn settle(&self, row: &Arc<Claimed>, settled: &SendResult) -> StoreResult<bool> {
        let (now, row, settled) = (self.clock.now(), Arc::clone(row), settled.clone());
        self.store.write(move |db: &mut Db| outbox::settle(db, now, &row, &settled)).await
    }

    fn woken(&self) -> impl Future<Output = ()> + Send {
        self.wake.notified()
    }
}

/// Renders the mail of a row; the error is the outcome to store instead.
async fn compose(worker: &MailWorker, row: &Claimed) -> Result<Mail, SendResult> {
    // A newer version may have queued the row. It is retried, because this server may be updated
    // soon.
    let Some(mail) = row.mail() else {
        return Err(retry_or_give_up(worker, row, INTERNAL_ERROR.to_owned(), INTERNAL_ERROR));
    };
    let (keys, config, now, queued_at) =
        (worker.keys.clone(), Arc::clone(&worker.config), worker.clock.now(), row.created_at);
    let loaded =
        worker.store.read(move |db| load::load(db, &keys, &config, now, mail, queued_at)).await;
    let letter = match loaded {
        Ok(LoadedMail::Letter(letter)) => letter,
        Ok(LoadedMail::Skip(reason)) => return Err(SendResult::Dropped(reason.to_owned())),
        Err(Error::NotFound) => {
            tracing::error!(outbox = %row.id, template = row.template, "mail row incomplete");
            return Err(SendResult::Failed(INTERNAL_ERROR.to_owned()));
        }
        Err(error) => {
            tracing::warn!(outbox = %row.id, %error, "mail load failed");
            return Err(retry_or_give_up(worker, row, INTERNAL_ERROR.to_owned(), INTERNAL_ERROR));
        }
    };
    render(row.id, &letter, &worker.config.mail_from, now).map_err(|error| {
        tracing::error!(outbox = %row.id, %error, "mail render failed");
        retry_or_give_up(worker, row, INTERNAL_ERROR.to_owned(), INTERNAL_ERROR)
    })
}

fn retry_or_give_up(
    worker: &MailWorker,
    row: &Claimed,
    reason: String,
    given_up: &str,
) -> SendResult {
    backoff(row.attempts).map_or_else(
        || SendResult::Failed(given_up.to_owned()),
        |pause| SendResult::Retry(worker.clock.now() + pause, reason),
    )
}
