//! Deletion of all data of a playground, from every table of its database.

use diesel::{prelude::*, sql_types::Text};

use super::{Db, Error, Result, metadata};
use crate::{
    mode::Mode,
    schema::{marks as marks_table, schools},
};

/// The tables that are not emptied: diesel's migrations, the marks, and the schools, of which one
/// stays.
const KEPT: [&str; 3] = ["__diesel_schema_migrations", "marks", "schools"];

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Deletes all rows except the school with this slug. The school keeps its id, because pages and
/// API clients refer to it.
///
/// # Errors
/// [`Error::NotFound`] when the database is not marked as a playground's; when the database fails.
pub fn wipe(db: &mut Db, slug: &str) -> Result<()> {
    if metadata::check_mode(db, Mode::Demo)?.is_err() {
        return Err(Error::NotFound);
    }
    let tables = match db {
        Db::Pg(_) => {
            "select tablename::text as name from pg_tables where schemaname = current_schema()"
        }
        Db::Sqlite(_) => {
            "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
        }
    };
    let tables: Vec<Table> = diesel::sql_query(tables).load(db)?;
    let names: Vec<String> = tables
        .iter()
        .map(|table| table.name.as_str())
        .filter(|name| !KEPT.contains(name))
        .map(|name| format!("\"{name}\""))
        .collect();
    match db {
        Db::Pg(_) => {
            diesel::sql_query(format!("truncate table {}", names.join(", "))).execute(db)?;
        }
        Db::Sqlite(_) => {
            // Foreign keys are checked when all tables are empty.
            diesel::sql_query("pragma defer_foreign_keys = on").execute(db)?;
            // The table `changes` comes last, because triggers add rows to it for what is deleted.
            for table in names
                .iter()
                .filter(|name| *name != "\"changes\"")
                .chain(names.iter().filter(|name| *name == "\"changes\""))
            {
                diesel::sql_query(format!("delete from {table}")).execute(db)?;
            }
        }
    }
    diesel::delete(schools::table.filter(schools::slug.ne(slug))).execute(db)?;
    // Without these marks imports start afresh.
    diesel::delete(marks_table::table.filter(marks_table::name.like("roster:%"))).execute(db)?;
    diesel::delete(
        marks_table::table.filter(marks_table::name.like(format!("{}%", metadata::DEMO))),
    )
    .execute(db)?;
    Ok(())
}
