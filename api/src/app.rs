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

/// The shared state of all requests, behind actix's `Data`.
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The server key and the secrets derived from it.
    pub keys: Keys,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The random number generator.
    pub random: Random,
    /// The mailbox of a playground; `None` where mail is sent by SMTP.
    pub mailbox: Option<Arc<MemoryMailer>>,
    /// Sends the mail.
    pub mailer: Arc<dyn Mailer>,
    /// Wakes the outbox worker.
    pub wake: Arc<Notify>,
    /// The calls with sockets in this process.
    pub calls: Arc<Hub>,
    /// Rate limits of API clients.
    pub rate_limiter: RateLimiter,
    /// Rate limits of token requests.
    pub token_rate_limiter: RateLimiter,
    /// Rate limits of client error reports, by school.
    pub client_error_rate_limiter: RateLimiter,
    /// Sends events to the schools' webhook endpoints.
    pub webhook_sender: webhooks::Sender,
    /// The files of the web app.
    pub web_app: WebAppFiles,
    /// Metrics of this process.
    pub metrics: Metrics,
    /// The open connections of this process.
    pub connections: Arc<Connections>,
    /// Finds the school of a request, with a cache.
    pub schools: SchoolLookup,
}

impl App {
    /// Builds the state.
    ///
    /// # Errors
    /// Fails if the server key is too short, the mailer or the webhook sender can't be built, or
    /// the web app's files can't be read.
    pub fn new(
        config: Config,
        store: Store,
        clock: Arc<dyn Clock>,
        random: Random,
    ) -> anyhow::Result<Self> {
        Self::with_bus(config, store, clock, random, Arc::new(InProcess::default()))
    }

    /// Builds the state of a node that exchanges call messages with other nodes through `bus`.
    ///
    /// # Errors
    /// Those of [`Self::new`].
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

    /// The context of one request: the time, a source of ids, and the request id.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
            .for_request(RequestId::current().map(|id| id.0))
    }
}
