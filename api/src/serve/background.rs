//! The background workers of an [`App`], built with the parts of its state that they need.

use std::sync::Arc;

use crate::{
    app::App,
    mail::worker::MailWorker,
    roster::{Deps, SyncWorker, remote::Limits},
    webhooks::worker::WebhookWorker,
    workers::purge::PurgeWorker,
};

impl App {
    /// The worker that sends mail.
    #[must_use]
    pub fn mail_worker(&self) -> MailWorker {
        MailWorker {
            config: Arc::clone(&self.config),
            store: self.store.clone(),
            keys: self.keys.clone(),
            clock: Arc::clone(&self.clock),
            mailer: Arc::clone(&self.mailer),
            metrics: self.metrics.jobs.clone(),
            wake: Arc::clone(&self.wake),
        }
    }

    /// The worker that sends webhook events to the schools' endpoints.
    #[must_use]
    pub fn webhook_worker(&self) -> WebhookWorker {
        WebhookWorker {
            store: self.store.clone(),
            keys: self.keys.clone(),
            clock: Arc::clone(&self.clock),
            random: self.random.clone(),
            sender: self.webhook_sender.clone(),
            metrics: self.metrics.jobs.clone(),
        }
    }

    /// The worker that deletes expired rows.
    #[must_use]
    pub fn purge_worker(&self) -> PurgeWorker {
        let metrics = self.metrics.jobs.clone();
        PurgeWorker::new(self.store.clone(), Arc::clone(&self.clock), metrics)
    }

    /// The worker that syncs the configured roster sources.
    #[must_use]
    pub fn sync_worker(&self) -> SyncWorker {
        let deps = Deps {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            random: self.random.clone(),
            limits: Limits::default(),
            metrics: self.metrics.jobs.clone(),
        };
        SyncWorker::new(deps, self.config.roster_sources.clone())
    }
}
