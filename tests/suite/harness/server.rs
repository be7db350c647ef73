//! A server in this process, on a database of its own: real HTTP on a free port, a clock that
//! stands still.

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

/// A running server; it ends with its owner.
pub struct Server {
    /// The state of the server.
    pub app: Data<App>,
    /// The time, which tests move.
    pub clock: Arc<FixedClock>,
    /// Where it is: scheme, host and port.
    pub origin: String,
    handle: ServerHandle,
    bus: Arc<InProcess>,
    settings: BTreeMap<String, String>,
    // Last, so that it goes after whatever uses it.
    database: Arc<Database>,
}

/// What a second node has in common with the first, besides the database and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shared {
    /// The bus: signals pass between the nodes.
    Bus,
    /// Nothing.
    Nothing,
}

impl Server {
    /// Starts one with these settings.
    pub async fn start(database: Database, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        // What is in the database was loaded by the same clock: a minute later and with another
        // seed, no id comes twice.
        let clock = Arc::new(FixedClock::at(now() + TimeDelta::minutes(1)));
        Self::node(Arc::new(database), settings, clock, Arc::default(), 8).await
    }

    /// Where its database is, for another process.
    pub fn database_url(&self) -> String {
        self.database.url.clone()
    }

    /// Starts another node of the same installation, on the same database and by the same clock.
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
        // Clients of HTTP look for TLS when they are made, also where nothing is asked over it.
        parlour::mail::install_tls();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = listener.local_addr().expect("an address").to_string();
        let mut values = settings.clone();
        values.insert("DATABASE_URL".to_owned(), database.url.clone());
        values.insert("PARLOUR_LISTEN".to_owned(), listen.clone());
        values.entry("PARLOUR_WORKERS".to_owned()).or_insert_with(|| "1".to_owned());
        let config = Config::from_values(&values).expect("the settings hold");
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
                let server = server::start(&served, listener).expect("it listens");
                send.send(server.handle()).map_err(|_| "the test is gone").expect("the test waits");
                server.await.expect("it serves");
            });
        });
        let handle = receive.await.expect("the server started");
        Self { app, clock, origin: format!("http://{listen}"), handle, bus, settings, database }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is on its way as soon as the future is made.
        drop(self.handle.stop(false));
    }
}
