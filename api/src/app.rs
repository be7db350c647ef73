//! The state of the server: one [`App`], built from checked settings, and the process that serves
//! it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{dev::ServerHandle, web::Data};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
};

use crate::{
    calls::{Bus, Hub, InProcess},
    client::ClientFiles,
    config::{Config, Mode},
    connections::{self, Connections},
    context::{Clock, Context, Random, SystemClock},
    demo::{Credentials, credentials},
    keys::Keys,
    mail::{self, Mailer, MemoryMailer, SmtpMailer, worker},
    problem::{Answer, ApiError},
    rates::Rates,
    roster::{Deps, remote::Limits, schedule},
    server,
    store::{
        Store,
        schools::{self, SchoolAddress, SchoolRow},
    },
    telemetry::{self, Metrics, RequestId},
    webhooks,
};

/// The number of schools' addresses that are remembered: a client may make up any number of them.
const MAX_ADDRESSES: usize = 1024;

/// For how long a school found by its address is taken to be the same.
const SCHOOL_LIFE: Duration = Duration::from_secs(1);

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
    pub rates: Rates,
    /// How many tokens they have asked for.
    pub token_rates: Rates,
    /// How many browsers of a school have reported that the web app did not start.
    pub client_error_rates: Rates,
    /// Takes events to the schools' endpoints.
    pub hooks: webhooks::Sender,
    /// The client's files.
    pub client: ClientFiles,
    /// Metrics of this process.
    pub metrics: Metrics,
    /// Whoever is connected.
    pub connections: Arc<Connections>,
    schools: Mutex<HashMap<SchoolAddress, (SchoolRow, Instant)>>,
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
        let client = ClientFiles::load(config.client_dir.as_deref())?;
        let reach = if config.private_webhooks {
            webhooks::Reach::Anywhere
        } else {
            webhooks::Reach::Public
        };
        let hooks = webhooks::Sender::new(reach)?;
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
            hooks,
            rates: Rates::default(),
            token_rates: Rates::default(),
            client_error_rates: Rates::default(),
            client,
            metrics,
            connections,
            schools: Mutex::default(),
        })
    }

    /// The time and the ids of one request.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
            .for_request(RequestId::current().map(|id| id.0))
    }

    /// The school at an address.
    ///
    /// # Errors
    /// `unknown_school`.
    pub async fn school(&self, address: SchoolAddress) -> Answer<SchoolRow> {
        let known = self
            .schools
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&address)
            .filter(|(_, at)| at.elapsed() < SCHOOL_LIFE)
            .map(|(row, _)| row.clone());
        if let Some(school) = known {
            telemetry::request::record_school(school.id());
            return Ok(school);
        }
        let unknown = || {
            let detail =
                "There is no school at this address. Check the address in the invitation or mail.";
            ApiError::new(actix_web::http::StatusCode::NOT_FOUND, "unknown_school", detail)
        };
        if !address.is_text() {
            return Err(unknown());
        }
        let wanted = address.clone();
        match self.store.read(move |db| schools::find(db, &wanted)).await {
            Ok(school) => {
                telemetry::request::record_school(school.id());
                let mut known = self.schools.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= MAX_ADDRESSES {
                    known.clear();
                }
                known.insert(address, (school.clone(), Instant::now()));
                drop(known);
                Ok(school)
            }
            Err(crate::store::Error::NotFound) => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks schools up anew from here on: one has changed.
    pub fn forget_schools(&self) {
        self.schools.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What the outbox worker needs.
    #[must_use]
    pub fn mail_deps(&self) -> worker::Deps {
        worker::Deps {
            config: Arc::clone(&self.config),
            store: self.store.clone(),
            keys: self.keys.clone(),
            clock: Arc::clone(&self.clock),
            mailer: Arc::clone(&self.mailer),
            metrics: self.metrics.jobs.clone(),
            wake: Arc::clone(&self.wake),
        }
    }

    /// What the worker needs that tells the schools' endpoints.
    #[must_use]
    pub fn webhook_deps(&self) -> webhooks::worker::Deps {
        webhooks::worker::Deps {
            store: self.store.clone(),
            keys: self.keys.clone(),
            clock: Arc::clone(&self.clock),
            random: self.random.clone(),
            sender: self.hooks.clone(),
            metrics: self.metrics.jobs.clone(),
        }
    }

    /// What syncs of rosters need.
    #[must_use]
    pub fn sync_deps(&self) -> Deps {
        Deps {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            random: self.random.clone(),
            limits: Limits::default(),
            metrics: self.metrics.jobs.clone(),
        }
    }
}

/// Serves until the process is told to stop.
///
/// # Errors
/// A sentence that says what to do.
pub async fn serve(mut config: Config, store: Store) -> anyhow::Result<()> {
    mail::install_tls();
    let listen = config.listen;
    config.max_connections = connections::make_room(config.max_connections);
    let app =
        Data::new(App::new(config, store, Arc::new(SystemClock::default()), Random::from_os())?);
    let stop = watch::Sender::new(false);
    let outbox = tokio::spawn(worker::run(app.mail_deps(), stopped(&stop)));
    let hooks = tokio::spawn(webhooks::worker::run(app.webhook_deps(), stopped(&stop)));
    let calls = tokio::spawn(Arc::clone(&app.calls).run(stopped(&stop)));
    let rosters = tokio::spawn(schedule::run(
        app.sync_deps(),
        app.config.roster_sources.clone(),
        stopped(&stop),
    ));
    let listener = server::listen(listen)
        .map_err(|error| anyhow::anyhow!("PARLOUR_LISTEN: can't listen on {listen}: {error}"))?;
    tracing::info!(%listen, mode = ?app.config.mode, "serving");
    if app.config.mode.is_playground() {
        announce(&app);
    }
    let server = server::start(&app, listener)?;
    if let Some(at) = app.config.metrics_listen {
        let listener = server::listen(at).map_err(|error| {
            anyhow::anyhow!("PARLOUR_METRICS_LISTEN: can't listen on {at}: {error}")
        })?;
        tokio::spawn(telemetry::listener::start(&app, listener)?);
        tracing::info!(listen = %at, "serving metrics");
    }
    tokio::spawn(stop_when_told(Arc::clone(&app.calls), server.handle()));
    server.await?;
    stop.send_replace(true);
    outbox.await?;
    hooks.await?;
    calls.await?;
    rosters.await?;
    Ok(())
}

/// Ready when the server is to stop; a dropped sender says the same.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + use<> {
    let mut stop = stop.subscribe();
    async move {
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Waits for the process to be told to stop. The sockets of calls, which would go on for ever, are
/// told to come back elsewhere; other requests are finished.
async fn stop_when_told(calls: Arc<Hub>, server: ServerHandle) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    calls.close();
    server.stop(true).await;
}

/// Tells whoever started a playground where it is and how to get in.
#[expect(clippy::print_stdout, reason = "a command's answer to the person who typed it")]
fn announce(app: &App) {
    let base = mail::school_base(&app.config, crate::demo::SCHOOL, None);
    println!("\n  Parlour is at        {base}\n");
    println!("  Log in with one click, as");
    for (who, name) in [
        ("parent", "Rachel Aaron"),
        ("guest", "Jordan Aaron"),
        ("teacher", "Mrs Anita Abell"),
        ("staff", "Mrs Helen Okafor"),
    ] {
        println!("    {who:<8} {name:<18} {base}dev/login/{who}");
    }
    println!("  Read the mail at     {base}dev/mailbox\n");
    if app.config.mode == Mode::Sandbox {
        let Credentials { id, secret } = credentials(&app.keys);
        println!("  Connect a program by docs/integrate.md, with\n");
        println!(
            "    export PARLOUR={base}api/v1\n    export CLIENT_ID={id}\n    export \
             CLIENT_SECRET={secret}\n"
        );
        println!("  Go to the evening        curl --json '{{}}' {base}api/v1/dev/clock");
        println!("  Begin anew               curl --request POST {base}api/v1/dev/reset\n");
    }
}
