//! Connections to PostgreSQL or SQLite, and the connection pool. The scheme of `DATABASE_URL`
//! decides which database is used.

use std::{
    fmt,
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use diesel::{
    Connection, ConnectionError, ConnectionResult, PgConnection, QueryResult, RunQueryDsl,
    SqliteConnection, connection::SimpleConnection, r2d2, result::Error,
};

pub use multi::{Db, MultiBackend};

/// The derive generates public items without documentation. This module limits the lint's exception
/// to them.
mod multi {
    #![expect(missing_docs, reason = "diesel's derive generates undocumented items")]

    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database, behind one set of queries.
    #[derive(diesel::MultiConnection)]
    pub enum Db {
        /// PostgreSQL.
        Pg(PgConnection),
        /// SQLite.
        Sqlite(SqliteConnection),
    }
}

/// Runs one expression on the connection inside a [`Db`]. Use it for statements that the enum can't
/// express (inserts of several rows, `on conflict`), and for statements that run on each request:
/// the enum builds the text of a statement again for each run.
///
/// To read one row by an indexed key, use `get_result`, not `first`: `first` adds `limit ?`, and
/// SQLite plans a statement again whenever its limit is bound.
#[macro_export]
macro_rules! with_conn {
    ($db:expr, $conn:ident => $run:expr) => {
        match $db {
            $crate::store::db::Db::Pg($conn) => $run,
            $crate::store::db::Db::Sqlite($conn) => $run,
        }
    };
}

/// The address of the database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file's path.
    Sqlite(String),
    /// A PostgreSQL URL; may hold a password, so it is never printed.
    Postgres(String),
}

impl DatabaseUrl {
    /// Parses `sqlite://path` or `postgres://…`.
    ///
    /// # Errors
    /// A sentence that names the accepted forms.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            Ok(Self::Sqlite(path.to_owned()))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres(url.to_owned()))
        } else {
            Err("give sqlite://path/to/file.db or postgres://user:password@host/database"
                .to_owned())
        }
    }

    /// Creates the SQLite file if there is none, and makes sure that other users can't read it.
    ///
    /// # Errors
    /// Fails if another user owns the file, or it can't be created.
    pub fn prepare(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(path) => restrict_permissions(path),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Opens a connection that is ready to use.
    ///
    /// # Errors
    /// The database's error.
    pub fn connect(&self) -> ConnectionResult<Db> {
        match self {
            Self::Postgres(url) => PgConnection::establish(url).map(Db::Pg),
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)?;
                configure(&mut conn).map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Db::Sqlite(conn))
            }
        }
    }
}

/// The time for which a SQLite connection waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

fn configure(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute(&format!("pragma busy_timeout = {}", BUSY_TIMEOUT.as_millis()))?;
    enable_wal(conn)?;
    conn.batch_execute(
        "pragma synchronous = full; pragma foreign_keys = on; pragma temp_store = memory;
        pragma cache_size = -16000; pragma mmap_size = 268435456;
        pragma wal_autocheckpoint = 4000;",
    )
}

/// Switches the database file to write-ahead logging. If several connections open a new file at
/// once, SQLite fails here without waiting for the busy timeout, so this tries again until then.
fn enable_wal(conn: &mut SqliteConnection) -> QueryResult<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match conn.batch_execute("pragma journal_mode = wal") {
            Err(Error::DatabaseError(_, cause))
                if cause.message() == "database is locked" && Instant::now() < deadline =>
            {
                thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// The suffixes of the files that SQLite keeps for one database.
const SQLITE_FILE_SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Creates a SQLite file if there is none, and restricts it to its owner. The files that SQLite
/// adds beside it get the same permissions.
fn restrict_permissions(path: &str) -> anyhow::Result<()> {
    // A database in memory, or a URI that SQLite itself interprets.
    if path == ":memory:" || path.starts_with("file:") {
        return Ok(());
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("can't open {path}"))?;
    for file in SQLITE_FILE_SUFFIXES.map(|end| format!("{path}{end}")) {
        let Ok(found) = fs::metadata(&file) else { continue };
        if found.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&file, Permissions::from_mode(0o600)).with_context(|| {
                format!("others can read {file}; make it its owner's alone: chmod 600 {file}")
            })?;
        }
    }
    Ok(())
}

/// Time for which a working connection is not checked again. A check at each checkout would double
/// the round trips of a short request.
const CONNECTION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A pooled connection.
pub struct Pooled {
    /// The connection.
    pub db: Db,
    worked_at: Instant,
}

/// Opens connections for a pool.
#[derive(Clone, Debug)]
pub struct ConnectionManager(pub DatabaseUrl);

impl r2d2::ManageConnection for ConnectionManager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        let db = self.0.connect().map_err(r2d2::Error::ConnectionError)?;
        Ok(Pooled { db, worked_at: Instant::now() })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), r2d2::Error> {
        if pooled.worked_at.elapsed() > CONNECTION_CHECK_INTERVAL {
            diesel::sql_query("select 1")
                .execute(&mut pooled.db)
                .map_err(r2d2::Error::QueryError)?;
            pooled.worked_at = Instant::now();
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        use diesel::connection::TransactionManager;
        thread::panicking()
            || <Db as Connection>::TransactionManager::is_broken_transaction_manager(&mut pooled.db)
    }
}

/// A pool of connections.
pub type Pool = r2d2::Pool<ConnectionManager>;

/// Opens a pool of up to `size` connections.
///
/// # Errors
/// Fails if no connection could be made within 10 seconds.
pub fn pool(url: &DatabaseUrl, size: u32) -> anyhow::Result<Pool> {
    // A file does not go away as a server does, so SQLite connections need no check.
    let checked = matches!(url, DatabaseUrl::Postgres(_));
    Ok(r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(checked)
        .connection_timeout(Duration::from_secs(10))
        .build(ConnectionManager(url.clone()))?)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::store::Store;

    #[test]
    fn database_password_is_redacted() {
        let url = DatabaseUrl::parse("postgres://parlour:hush@db.example.org/parlour").unwrap();
        let opener = ConnectionManager(url.clone());
        assert!(!format!("{url:?} {url:#?} {opener:?} {opener:#?}").contains("hush"));
    }

    #[test]
    fn sqlite_files_are_private_to_the_owner() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("school.db");
        let url = DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap();
        let modes = || -> Vec<(String, u32)> {
            let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
            let mut modes: Vec<_> = files
                .map(|file| {
                    (
                        file.file_name().into_string().unwrap(),
                        file.metadata().unwrap().permissions().mode() & 0o777,
                    )
                })
                .collect();
            modes.sort();
            modes
        };
        let expected =
            ["school.db", "school.db-shm", "school.db-wal"].map(|name| (name.to_owned(), 0o600));
        let store = Store::open(&url, 1).unwrap();
        store.migrate().unwrap();
        assert_eq!(modes(), expected);
        // An older server left these permissions behind.
        for (name, _) in &expected {
            fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o644)).unwrap();
        }
        let _again = Store::open(&url, 1).unwrap();
        assert_eq!(modes(), expected);
    }
}
