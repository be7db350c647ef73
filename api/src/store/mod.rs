//! All access to the database. Each file holds one aggregate, and each function is one query or one
//! part of a transaction. Handlers call these functions inside [`Store::read`] and
//! [`Store::write`]; no module here knows HTTP.

pub mod access;
mod address_keys;
pub mod api_clients;
pub mod backlog;
pub mod bars;
pub mod bookings;
pub mod calls;
pub mod changes;
pub mod contacts;
pub mod db;
mod due;
pub mod error;
pub mod evening_setup;
pub mod evenings;
pub mod events;
pub mod export;
pub mod guest_links;
pub mod guests;
pub mod idempotency;
pub mod in_ids;
pub mod invites;
pub mod locks;
pub mod login;
pub mod mail_content;
pub mod metadata;
mod metrics;
pub mod outbox;
pub mod parents;
pub mod people;
pub mod reset;
pub mod revocation;
pub mod roster;
pub mod roster_sources;
pub mod schools;
pub mod sessions;
pub mod slots;
pub mod source_schools;
pub mod sources;
pub mod sql_types;
pub mod staff_alerts;
pub mod student_classes;
pub mod teaching;
#[cfg(test)]
pub(crate) mod test_database;
pub mod throttles;
pub mod version;
pub mod webhooks;
mod writer;

use std::sync::Arc;

use anyhow::Context as _;
use diesel::{
    RunQueryDsl, backend::Backend, connection::SimpleConnection, migration::MigrationSource,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::sync::Semaphore;
use tracing::Span;

use crate::context::{Clock, Context, Random, SystemClock};

use self::metrics::QueryKind;
pub use self::{
    db::{DatabaseUrl, Db},
    due::ClaimResult,
    error::{Error, LinkError, Result},
    metrics::DatabaseMetrics,
};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const PG_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Time for which a request waits for a connection before it fails with [`Error::Busy`].
const POOL_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Time for which a process waits for another one that migrates the same SQLite file.
const MIGRATION_LOCK_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(10);

/// Runs the pending migrations and returns their names.
fn run_pending<B: Backend>(
    conn: &mut impl MigrationHarness<B>,
    migrations: EmbeddedMigrations,
) -> diesel::migration::Result<Vec<String>>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    Ok(conn.run_pending_migrations(migrations)?.iter().map(ToString::to_string).collect())
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    url: DatabaseUrl,
    pool: db::Pool,
    permits: Arc<Semaphore>,
    writer: Option<writer::Writer>,
    metrics: DatabaseMetrics,
}

impl Store {
    /// Opens the database with `connections` for reading (SQLite) or for all work (PostgreSQL).
    ///
    /// # Errors
    /// Fails if the database can't be reached.
    pub fn open(url: &DatabaseUrl, connections: u32) -> anyhow::Result<Self> {
        url.prepare()?;
        let writer = match url {
            DatabaseUrl::Sqlite(_) => Some(writer::Writer::start(url)?),
            DatabaseUrl::Postgres(_) => None,
        };
        let pool = db::pool(url, connections)?;
        Ok(Self {
            url: url.clone(),
            pool,
            permits: Arc::new(Semaphore::new(connections as usize)),
            writer,
            metrics: DatabaseMetrics::default(),
        })
    }

    /// Runs the pending migrations and renews the address keys. Returns the names of the migrations
    /// that ran, with an entry for the keys if any changed. Two nodes may do so at once.
    ///
    /// # Errors
    /// Fails if a migration or the renewal of keys fails.
    pub fn migrate(&self) -> anyhow::Result<Vec<String>> {
        let mut db = self.url.connect()?;
        let ran = match &mut db {
            Db::Pg(conn) => {
                // Another node waits here until the connection is closed.
                locks::lock_migrations(conn)?;
                run_pending(conn, PG_MIGRATIONS)
            }
            Db::Sqlite(conn) => {
                // Another process waits here for the commit, and then finds nothing to do.
                conn.batch_execute(&format!(
                    "pragma busy_timeout = {}",
                    MIGRATION_LOCK_TIMEOUT.as_millis()
                ))?;
                conn.immediate_transaction(|conn| run_pending(conn, SQLITE_MIGRATIONS))
            }
        };
        let mut names = ran.map_err(|error| anyhow::anyhow!("a migration failed: {error}"))?;
        let ctx = Context::new(SystemClock::default().now(), Random::from_os());
        let renewed = writer::guarded(&mut db, |db| address_keys::renew(db, &ctx))
            .context("the keys of addresses could not be renewed")?;
        if renewed > 0 {
            names.push(format!("address keys ({renewed} rows)"));
        }
        Ok(names)
    }

    /// Returns whether migrations are pending or address keys are out of date.
    ///
    /// # Errors
    /// Fails if the database can't be reached.
    pub fn needs_migration(&self) -> anyhow::Result<bool> {
        let mut db = self.url.connect()?;
        let waiting = match &mut db {
            Db::Pg(conn) => conn.has_pending_migration(PG_MIGRATIONS),
            Db::Sqlite(conn) => conn.has_pending_migration(SQLITE_MIGRATIONS),
        };
        let waiting =
            waiting.map_err(|error| anyhow::anyhow!("could not read the migrations: {error}"))?;
        Ok(waiting || !address_keys::are_current(&mut db)?)
    }

    /// The metrics of its work.
    #[must_use]
    pub const fn metrics(&self) -> &DatabaseMetrics {
        &self.metrics
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// The errors of [`Store::read`].
    pub async fn ping(&self) -> Result<()> {
        self.read(|db| Ok(diesel::sql_query("select 1").execute(db).map(drop)?)).await
    }

    /// Runs queries that write nothing.
    ///
    /// # Errors
    /// The errors of the closure; [`Error::Busy`] when no connection was free in time;
    /// [`Error::Internal`] when the job panicked.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_connection(QueryKind::Read, job).await
    }

    /// Runs one transaction: everything is written, or nothing. A job that lost against another
    /// transaction (a unique constraint, a deadlock) runs again and sees what the other wrote.
    ///
    /// # Errors
    /// The errors of the closure (nothing is written then), [`Error::Busy`], [`Error::Internal`].
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&mut Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.writer {
            Some(writer) => {
                let (asked, span) = (self.metrics.start_wait(QueryKind::Write), Span::current());
                let outcome = writer
                    .run(move |db| asked.run(|| span.in_scope(|| run_with_retry(db, &job))))
                    .await;
                if matches!(outcome, Err(Error::Busy)) {
                    self.metrics.count_busy();
                }
                outcome
            }
            None => {
                self.with_connection(QueryKind::Write, move |db| run_with_retry(db, &job)).await
            }
        }
    }

    async fn with_connection<T: Send + 'static>(
        &self,
        kind: QueryKind,
        job: impl FnOnce(&mut Db) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let asked = self.metrics.start_wait(kind);
        let permit =
            tokio::time::timeout(POOL_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            self.metrics.count_busy();
            return Err(Error::Busy);
        };
        let (pool, span) = (self.pool.clone(), Span::current());
        let run = move || {
            let _permit = permit;
            let mut pooled = pool.get().map_err(|error| {
                tracing::error!(%error, "no database connection");
                Error::Busy
            })?;
            asked.run(|| span.in_scope(|| job(&mut pooled.db)))
        };
        tokio::task::spawn_blocking(run).await.unwrap_or(Err(Error::Internal))
    }
}

fn run_with_retry<T>(db: &mut Db, job: &impl Fn(&mut Db) -> Result<T>) -> Result<T> {
    for _ in 0..3 {
        match writer::guarded(db, job) {
            Err(Error::Busy | Error::UniqueViolation) => {}
            outcome => return outcome,
        }
    }
    match writer::guarded(db, job) {
        Err(Error::UniqueViolation) => Err(Error::Busy),
        outcome => outcome,
    }
}
