//! Tests of the migrations: up, down and up again give the same tables, both databases have the
//! same tables, and `schema.rs` declares them correctly.

mod diesel_schema;
mod differences;
mod expression;
mod postgres;
mod sqlite;
mod tables;

use std::{path::Path, sync::Barrier, thread};

use diesel::{Connection, MultiConnection, PgConnection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use parlour::store::{DatabaseUrl, Store};

use self::tables::Tables;
use crate::harness::Database;

#[derive(MultiConnection)]
enum Either {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

impl Either {
    fn of(database: &Database) -> Self {
        match database.url.strip_prefix("sqlite://") {
            Some(path) => {
                Self::Sqlite(SqliteConnection::establish(path).expect("the database opens"))
            }
            None => Self::Pg(PgConnection::establish(&database.url).expect("the database opens")),
        }
    }

    fn up(&mut self) -> usize {
        match self {
            Self::Pg(conn) => {
                conn.run_pending_migrations(folder("postgres")).expect("migrations run").len()
            }
            Self::Sqlite(conn) => {
                conn.run_pending_migrations(folder("sqlite")).expect("migrations run").len()
            }
        }
    }

    fn down(&mut self) -> usize {
        match self {
            Self::Pg(conn) => conn
                .revert_all_migrations(folder("postgres"))
                .expect("migrations are taken back")
                .len(),
            Self::Sqlite(conn) => conn
                .revert_all_migrations(folder("sqlite"))
                .expect("migrations are taken back")
                .len(),
        }
    }

    fn tables(&mut self) -> Tables {
        match self {
            Self::Pg(conn) => postgres::read(conn),
            Self::Sqlite(conn) => sqlite::read(conn),
        }
    }
}

fn folder(kind: &str) -> FileBasedMigrations {
    FileBasedMigrations::from_path(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(kind),
    )
    .expect("the migrations are there")
}

#[test]
fn up_down_up_restores_the_schema() {
    let database = Database::empty();
    let mut conn = Either::of(&database);
    let count = conn.up();
    let first = conn.tables();
    assert!(count > 0 && first.len() > 30, "{count} migrations, {} tables", first.len());
    assert_eq!(conn.down(), count);
    assert_eq!(conn.tables(), Tables::new());
    assert_eq!(conn.up(), count);
    assert_eq!(conn.tables(), first);
}

#[test]
fn concurrent_starts_run_each_migration_once() {
    let database = Database::empty();
    let url = DatabaseUrl::parse(&database.url).expect("a database");
    let start = Barrier::new(8);
    let ran: Vec<Vec<String>> = thread::scope(|scope| {
        let migrate = || {
            let store = Store::open(&url, 1);
            // A thread whose open failed reaches the barrier too, or the others would wait forever.
            start.wait();
            store.expect("the database opens").migrate().expect("the migrations run")
        };
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
        starts.into_iter().map(|start| start.join().expect("no start panics")).collect()
    });
    assert_eq!(ran.iter().filter(|names| !names.is_empty()).count(), 1, "{ran:?}");
    assert!(
        !Store::open(&url, 1)
            .expect("the database opens")
            .needs_migration()
            .expect("the migrations can be listed")
    );
}

#[test]
fn concurrent_starts_open_a_new_database() {
    for _ in 0..10 {
        let database = Database::empty();
        let url = DatabaseUrl::parse(&database.url).expect("a database");
        let start = Barrier::new(16);
        thread::scope(|scope| {
            let open = || {
                start.wait();
                Store::open(&url, 1).map(|_| ()).map_err(|error| format!("{error:#}"))
            };
            let starts: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
            for start in starts {
                assert_eq!(start.join().expect("no start panics"), Ok(()));
            }
        });
    }
}

fn migrated_sqlite() -> Tables {
    let mut sqlite = Either::Sqlite(SqliteConnection::establish(":memory:").expect("SQLite opens"));
    sqlite.up();
    sqlite.tables()
}

/// Compares the test's database with SQLite. Two databases are compared only if
/// `PARLOUR_TEST_DATABASE` is a PostgreSQL server.
#[test]
fn sqlite_and_postgres_have_the_same_schema() {
    let database = Database::empty();
    let mut this = Either::of(&database);
    this.up();
    let wanted = match this {
        Either::Pg(_) => differences::WANTED,
        Either::Sqlite(_) => &[],
    };
    assert_eq!(tables::faults(&migrated_sqlite(), &this.tables(), wanted), [] as [String; 0]);
}

#[test]
fn schema_rs_declares_the_tables_as_they_are() {
    let database = Database::empty();
    let mut this = Either::of(&database);
    this.up();
    let declared = diesel_schema::read(match this {
        Either::Pg(_) => diesel_schema::postgres_kind,
        Either::Sqlite(_) => diesel_schema::sqlite_kind,
    });
    let mut tables = this.tables();
    // `schema.rs` declares only columns and the primary key.
    tables.retain(|_, table| !table.columns.is_empty());
    for table in tables.values_mut() {
        table.rest.clear();
        table.columns.iter_mut().for_each(|column| column.default = None);
    }
    assert_eq!(declared.keys().collect::<Vec<_>>(), tables.keys().collect::<Vec<_>>());
    for (name, table) in &tables {
        assert_eq!(&declared[name], table, "{name}");
    }
}
