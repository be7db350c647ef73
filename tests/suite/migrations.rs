//! The migrations: up, down and up again leave the same tables, and both databases have the same
//! ones.

use std::{path::Path, sync::Barrier, thread};

use diesel::{
    Connection, MultiConnection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    sql_types::{Bool, Text},
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use parlour::store::{DatabaseUrl, Store};

use crate::harness::Database;

const SQLITE: &str = "select m.name as place, printf('%02d %s %s', p.cid, p.name, p.type) as \
                      what, (p.\"notnull\" = 0) as optional
    from sqlite_master m join pragma_table_info(m.name) p where m.type = 'table' and m.name not \
                      like '\\_\\_%' escape '\\' and m.name not like 'sqlite%'
    union all select tbl_name, 'index ' || name, 0 from sqlite_master where type = 'index' and \
                      name not like 'sqlite%' order by 1, 2";

const POSTGRES: &str = "select c.table_name::text as place, lpad((row_number() over (partition by \
                        c.table_name order by c.ordinal_position) - 1)::text, 2, '0') || ' ' || \
                        c.column_name || ' '
    || case when c.data_type in ('uuid', 'bytea') then 'BLOB' when c.data_type in ('text', 'date') \
                        then 'TEXT' else 'INTEGER' end as what,
    c.is_nullable = 'YES' as optional from information_schema.columns c where c.table_schema = \
                        'public' and c.table_name not like '\\_\\_%'
    union all select tablename::text, 'index ' || indexname, false from pg_indexes
    where schemaname = 'public' and indexname not like '%\\_pkey' and indexname not like '%\\_key' \
                        order by 1, 2";

#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Part {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Bool)]
    optional: bool,
}

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

    /// Columns in their order and indexes, with the types as SQLite names them.
    fn parts(&mut self) -> Vec<Part> {
        let mut parts: Vec<Part> = match self {
            Self::Pg(conn) => {
                diesel::sql_query(POSTGRES).load(conn).expect("the tables can be read")
            }
            Self::Sqlite(conn) => {
                diesel::sql_query(SQLITE).load(conn).expect("the tables can be read")
            }
        };
        for part in &mut parts {
            part.what = part.what.to_lowercase();
        }
        parts.sort();
        parts
    }
}

fn folder(kind: &str) -> FileBasedMigrations {
    FileBasedMigrations::from_path(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(kind),
    )
    .expect("the migrations are there")
}

#[test]
fn up_down_up_leaves_the_same_tables() {
    let database = Database::empty();
    let mut conn = Either::of(&database);
    let count = conn.up();
    let first = conn.parts();
    assert!(count > 0 && first.len() > 100, "{count} migrations, {} parts", first.len());
    assert_eq!(conn.down(), count);
    assert_eq!(conn.parts(), []);
    assert_eq!(conn.up(), count);
    assert_eq!(conn.parts(), first);
}

#[test]
fn many_starts_at_once_run_each_migration_once() {
    let database = Database::empty();
    let url = DatabaseUrl::parse(&database.url).expect("a database");
    let start = Barrier::new(8);
    let ran: Vec<Vec<String>> = thread::scope(|scope| {
        let migrate = || {
            let store = Store::open(&url, 1).expect("the database opens");
            start.wait();
            store.migrate().expect("the tables are brought up to date")
        };
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
        starts.into_iter().map(|start| start.join().expect("no start panics")).collect()
    });
    assert_eq!(ran.iter().filter(|names| !names.is_empty()).count(), 1, "{ran:?}");
    assert!(
        !Store::open(&url, 1)
            .expect("the database opens")
            .needs_migration()
            .expect("it can be asked")
    );
}

#[test]
fn both_databases_have_the_same_tables() {
    let database = Database::empty();
    let mut this = Either::of(&database);
    let mut sqlite = Either::Sqlite(SqliteConnection::establish(":memory:").expect("SQLite opens"));
    this.up();
    sqlite.up();
    assert_eq!(this.parts(), sqlite.parts());
}
