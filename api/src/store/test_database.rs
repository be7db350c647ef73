//! Databases for unit tests: each test gets its own SQLite file, or its own schema of the
//! PostgreSQL server that `PARLOUR_TEST_DATABASE` names.

use diesel::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use super::{DatabaseUrl, Db, Store};
use crate::context::{Clock, Context, Random, SystemClock};

/// A migrated database, deleted when the test is over.
pub struct TestDatabase {
    url: DatabaseUrl,
    place: Place,
}

enum Place {
    /// The folder is deleted when this value is dropped.
    Folder {
        _folder: TempDir,
    },
    Schema {
        server: DatabaseUrl,
        name: String,
    },
}

impl TestDatabase {
    pub fn new() -> Self {
        let server = std::env::var("PARLOUR_TEST_DATABASE")
            .ok()
            .filter(|server| server != "sqlite" && !server.is_empty());
        let database = server.map_or_else(Self::sqlite, |server| Self::postgres(&server));
        database.store(1).migrate().unwrap();
        database
    }

    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            url: DatabaseUrl::Sqlite(folder.path().join("test.db").display().to_string()),
            place: Place::Folder { _folder: folder },
        }
    }

    fn postgres(url: &str) -> Self {
        // Tests of many processes create schemas at the same time, so the name must be unique.
        let id: Uuid = Context::new(SystemClock::default().now(), Random::from_os()).new_id();
        let (server, name) = (DatabaseUrl::parse(url).unwrap(), format!("unit_{}", id.simple()));
        diesel::sql_query(format!("create schema {name}"))
            .execute(&mut server.connect().unwrap())
            .unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        Self {
            url: DatabaseUrl::Postgres(format!("{url}{separator}options=-csearch_path%3D{name}")),
            place: Place::Schema { server, name },
        }
    }

    /// Opens a new connection.
    pub fn connect(&self) -> Db {
        self.url.connect().unwrap()
    }

    /// Opens the database as a server does. Each call acts like another process.
    pub fn store(&self, connections: u32) -> Store {
        Store::open(&self.url, connections).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Schema { server, name } = &self.place
            && let Ok(mut db) = server.connect()
        {
            // A schema that stays behind is a nuisance but no test failure.
            let _ = diesel::sql_query(format!("drop schema {name} cascade")).execute(&mut db);
        }
    }
}
