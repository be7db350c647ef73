//! A server in this process with a database of its own: real HTTP on a free port, and a fixed
//! clock.

use std::{collections::BTreeMap, sync::Arc, thread};

use actix_web::{dev::ServerHandle, web::Data};
use chrono::TimeDelta;
use parlour::{
    app::App,
    calls::InProcess,
    config::Config,
    context::{FixedClock, Random},
    server,
    store::Store,
};

use super::{Database, now};

/// A running server, which ends when this is dropped.
pub struct Server {
    /// The state of the server.
    pub app: Data<App>,
    /// The server's clock, which tests move.
    pub clock: Arc<FixedClock>,
    /// Scheme, host and port.
    pub origin: String,
    handle: ServerHandle,
    bus: Arc<InProcess>,
    settings: BTreeMap<String, String>,
    // The last field, so that it is dropped after everything that uses it.
    database: Arc<Database>,
}

/// State that a second node shares with the first, besides the database and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shared {
    /// The bus, by which signals pass between the nodes.
    Bus,
    Nothing,
}

impl Server {
    /// Starts a server with these settings.
    pub async fn start(database: Database, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        // The database was filled by a clock at the same time. A minute later and with another
        // seed, no id occurs twice.
        let clock = Arc::new(FixedClock::at(now() + TimeDelta::minutes(1)));
        Self::node(Arc::new(database), settings, clock, Arc::default(), 8).await
    }

    /// The URL of its database, for another process.
    pub fn database_url(&self) -> String {
        self.database.url.clone()
    }

    /// Starts another node of the same installation, with the same database and clock.
    pub async fn second_node(&self, shared: Shared) -> Self {
        let bus = if shared == Shared::Bus { Arc::clone(&self.bus) } else { Arc::default() };
        Self::node(
            Arc::clone(&self.database),
            self.settings.clone(),
            Arc::clone(&self.clock),
            bus,
            9,
        )
        .await
    }

    async fn node(
        database: Arc<Database>,
        settings: BTreeMap<String, String>,
        clock: Arc<FixedClock>,
        bus: Arc<InProcess>,
        seed: u64,
    ) -> Self {
        // HTTP clients look for the TLS provider when they are built, even if they never use TLS.
        parlour::mail::install_tls();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = listener.local_addr().expect("an address").to_string();
        let mut values = settings.clone();
        values.insert("DATABASE_URL".to_owned(), database.url.clone());
        values.insert("PARLOUR_LISTEN".to_owned(), listen.clone());
        values.entry("PARLOUR_WORKERS".to_owned()).or_insert_with(|| "1".to_owned());
        let config = Config::from_values(&values).expect("the settings are valid");
        let store = Store::open(&config.database, config.connections).expect("the database opens");
        let shared = Arc::clone(&bus) as Arc<_>;
        let app = Data::new(
            App::with_bus(
                config,
                store,
                Arc::clone(&clock) as Arc<_>,
                Random::seeded(seed),
                shared,
            )
            .expect("the app starts"),
        );
        let (send, receive) = tokio::sync::oneshot::channel();
        let served = app.clone();
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                actix_web::rt::spawn(Arc::clone(&served.calls).run(std::future::pending()));
                let server = server::start(&served, listener).expect("the port can be listened on");
                send.send(server.handle()).map_err(|_| "the test is gone").expect("the test waits");
                server.await.expect("the server ends without an error");
            });
        });
        let handle = receive.await.expect("the server started");
        Self { app, clock, origin: format!("http://{listen}"), handle, bus, settings, database }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The stop command is sent when the future is created; nobody has to await it.
        drop(self.handle.stop(false));
    }
}
