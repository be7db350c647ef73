//! The state of the server: one [`App`], built from checked settings.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    calls::{Bus, Hub, InProcess},
    client_files::WebAppFiles,
    config::Config,
    connections::Connections,
    context::{Clock, Context, Random},
    keys::Keys,
    mail::{Mailer, MemoryMailer, SmtpMailer},
    rate_limit::RateLimiter,
    school_lookup::SchoolLookup,
    store::Store,
    telemetry::{Metrics, RequestId},
    webhooks,
};

/// What every request needs. Cheap to clone behind actix's `Data`.
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The key and what is derived from it.
    pub keys: Keys,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Random,
    /// The development mailbox, where there is one.
    pub mailbox: Option<Arc<MemoryMailer>>,
    /// What mail goes out through.
    pub mailer: Arc<dyn Mailer>,
    /// Wakes the outbox worker.
    pub wake: Arc<Notify>,
    /// The calls that this process has connections of.
    pub calls: Arc<Hub>,
    /// How much programs have asked.
    pub rate_limiter: RateLimiter,
    /// How many tokens they have asked for.
    pub token_rate_limiter: RateLimiter,
    /// How many browsers of a school have reported that the web app did not start.
    pub client_error_rate_limiter: RateLimiter,
    /// Takes events to the schools' endpoints.
    pub webhook_sender: webhooks::Sender,
    /// The client's files.
    pub web_app: WebAppFiles,
    /// Metrics of this process.
    pub metrics: Metrics,
    /// Whoever is connected.
    pub connections: Arc<Connections>,
    /// Finds the school that a request is for.
    pub schools: SchoolLookup,
}

impl App {
    /// Builds the state.
    ///
    /// # Errors
    /// When a setting does not hold: the database can't be opened, the client's files can't be
    /// read.
    pub fn new(
        config: Config,
        store: Store,
        clock: Arc<dyn Clock>,
        random: Random,
    ) -> anyhow::Result<Self> {
        Self::with_bus(config, store, clock, random, Arc::new(InProcess::default()))
    }

    /// Builds the state of a node that shares its calls' messages with others.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_bus(
        config: Config,
        store: Store,
        clock: Arc<dyn Clock>,
        random: Random,
        bus: Arc<dyn Bus>,
    ) -> anyhow::Result<Self> {
        let keys = Keys::new(config.key.clone())?;
        let mailbox =
            config.smtp_url.is_none().then(|| Arc::new(MemoryMailer::new(Arc::clone(&clock))));
        let mailer: Arc<dyn Mailer> = match (&mailbox, &config.smtp_url) {
            (Some(mailbox), _) => Arc::clone(mailbox) as Arc<dyn Mailer>,
            (None, Some(url)) => Arc::new(SmtpMailer::new(url)?),
            (None, None) => anyhow::bail!("PARLOUR_SMTP_URL: is missing"),
        };
        let web_app = WebAppFiles::load(config.client_dir.as_deref())?;
        let reach = if config.private_webhooks {
            webhooks::AllowedAddresses::Anywhere
        } else {
            webhooks::AllowedAddresses::Public
        };
        let webhook_sender = webhooks::Sender::new(reach)?;
        let connections = Connections::new(config.max_connections);
        let metrics = Metrics::new(store.metrics());
        let calls = Hub::new(
            store.clone(),
            Arc::clone(&clock),
            random.clone(),
            bus,
            config.ice.turn.is_some(),
            metrics.jobs.clone(),
        );
        let schools = SchoolLookup::new(store.clone());
        let (config, wake) = (Arc::new(config), Arc::new(Notify::new()));
        Ok(Self {
            config,
            store,
            keys,
            clock,
            random,
            mailbox,
            mailer,
            wake,
            calls,
            webhook_sender,
            rate_limiter: RateLimiter::default(),
            token_rate_limiter: RateLimiter::default(),
            client_error_rate_limiter: RateLimiter::default(),
            web_app,
            metrics,
            connections,
            schools,
        })
    }

    /// The time and the ids of one request.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
            .for_request(RequestId::current().map(|id| id.0))
    }
}
