//! A database for each test, copied from one that was migrated and filled once.
//! `PARLOUR_TEST_DATABASE` gives the kind: `sqlite` (the default) or the URL of a PostgreSQL
//! server.

use std::{
    env, process,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use chrono::{DateTime, Utc};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use parlour::{
    config::Mode,
    context::{Context, Random},
    demo,
    store::{DatabaseUrl, Store, metadata},
};
use tempfile::TempDir;

use super::now;

/// A test's own database, which is deleted when this is dropped.
pub struct Database {
    /// Its URL, in the form of `DATABASE_URL`.
    pub url: String,
    kind: Kind,
}

enum Kind {
    Sqlite { _folder: TempDir },
    Postgres { server: String, name: String },
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Database {
    /// A copy of the database with the demo school.
    pub fn seeded() -> Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(Template::seeded).copy()
    }

    /// A database with a demo school that is made at this time.
    pub fn seeded_at(now: DateTime<Utc>) -> Self {
        let database = Self::empty();
        let url = database.url.clone();
        let fill = move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(seed(&url, now))
        };
        thread::spawn(fill).join().expect("the demo school can be loaded");
        database
    }

    /// A database without tables.
    pub fn empty() -> Self {
        match server() {
            None => {
                let folder = TempDir::new().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Self { url, kind: Kind::Sqlite { _folder: folder } }
            }
            Some(server) => Self::create(&server, "template0"),
        }
    }

    fn create(server: &str, template: &str) -> Self {
        static CREATE_LOCK: Mutex<()> = Mutex::new(());
        let _guard = CREATE_LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        let name =
            format!("parlour_test_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut conn =
            PgConnection::establish(server).expect("PARLOUR_TEST_DATABASE can be reached");
        // Any open connection to the template would prevent the copy.
        conn.batch_execute(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{template}'"
        ))
        .expect("the role may end connections");
        conn.batch_execute(&format!("create database {name} template {template}"))
            .expect("the role may create a database");
        Self {
            url: with_database_name(server, &name),
            kind: Kind::Postgres { server: server.to_owned(), name },
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Kind::Postgres { server, name } = &self.kind
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            // A database that could not be dropped is no failure.
            let _ = conn.batch_execute(&format!("drop database if exists {name} with (force)"));
        }
    }
}

/// The filled database that tests copy.
struct Template(Database);

impl Template {
    fn seeded() -> Self {
        Self(Database::seeded_at(now()))
    }

    fn copy(&self) -> Database {
        match &self.0.kind {
            Kind::Postgres { server, name } => Database::create(server, name),
            Kind::Sqlite { .. } => {
                let copy = Database::empty();
                let path = |url: &str| url.trim_start_matches("sqlite://").to_owned();
                let mut conn = diesel::SqliteConnection::establish(&path(&self.0.url))
                    .expect("the template opens");
                conn.batch_execute(&format!(
                    "pragma busy_timeout = 15000; vacuum into '{}'",
                    path(&copy.url)
                ))
                .expect("the template can be copied");
                copy
            }
        }
    }
}

async fn seed(url: &str, now: DateTime<Utc>) {
    let store =
        Store::open(&DatabaseUrl::parse(url).expect("a URL"), 2).expect("the database opens");
    store.migrate().expect("migrations run");
    store
        .write(|db| metadata::claim_for_mode(db, Mode::Demo))
        .await
        .expect("the database answers")
        .expect("a new database takes a mark");
    demo::load(&store, &Context::new(now, Random::seeded(7))).await.expect("the demo school loads");
}

fn server() -> Option<String> {
    env::var("PARLOUR_TEST_DATABASE")
        .ok()
        .filter(|database| database != "sqlite" && !database.is_empty())
}

/// The URL of another database on the same server.
fn with_database_name(server: &str, name: &str) -> String {
    let (base, query) = server
        .split_once('?')
        .map_or((server, String::new()), |(base, query)| (base, format!("?{query}")));
    let (host, _) = base.rsplit_once('/').expect("PARLOUR_TEST_DATABASE names a database");
    format!("{host}/{name}{query}")
}
