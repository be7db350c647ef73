//! Bindings of schools to roster sources. A source may write the schools that it has written first,
//! and those that the settings list for it; a provider's own data grants no right.

use diesel::{prelude::*, upsert::excluded};
use parlour_domain::id::SchoolId;

use super::{
    Db, Result,
    sources::SourceKind,
    sql_types::{Key, at, key},
};
use crate::{
    context::Context,
    schema::{people, roster_sources, schools, source_schools},
    with_conn,
};

/// The source of an import, for the check of its schools.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncSource {
    /// The source's name.
    pub source: String,
    /// The ids of the schools that the settings, or the person who ran the command, list for it.
    pub listed: Vec<String>,
}

/// The relation of a school in a roster to a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SchoolBinding {
    /// The school does not exist yet.
    New,
    /// The source may write it.
    Own,
    /// The school is bound to another source, with this name.
    Other(String),
    /// The school exists, and no source has written it.
    Unbound,
}

/// The ids of the schools that are bound to a source.
///
/// # Errors
/// Errors of the database.
pub fn of_source(db: &mut Db, source: &str) -> Result<Vec<String>> {
    let bound = source_schools::table
        .inner_join(schools::table.on(schools::id.eq(source_schools::school_id)));
    Ok(bound
        .filter(source_schools::source.eq(source))
        .order(schools::sourced_id)
        .select(schools::sourced_id)
        .load(db)?)
}

/// Returns the relation of a school to a source whose provider has this address. A school that was
/// written before bindings existed is recognised by the provenance of its people's values.
///
/// # Errors
/// Errors of the database.
pub fn binding(
    db: &mut Db,
    source: &str,
    address: &str,
    sourced_id: &str,
) -> Result<SchoolBinding> {
    let school: Option<Key> = schools::table
        .filter(schools::sourced_id.eq(sourced_id))
        .select(schools::id)
        .first(db)
        .optional()?;
    let Some(school) = school else { return Ok(SchoolBinding::New) };
    let bound: Option<String> =
        source_schools::table.find(school).select(source_schools::source).first(db).optional()?;
    Ok(match bound {
        Some(bound) if bound == source => SchoolBinding::Own,
        Some(bound) => SchoolBinding::Other(bound),
        None if was_written_by(db, school, source, address)? => SchoolBinding::Own,
        None => SchoolBinding::Unbound,
    })
}

/// Returns whether people of the school have values from the provider, and no other source of that
/// provider is known.
fn was_written_by(db: &mut Db, school: Key, source: &str, address: &str) -> Result<bool> {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let sources: i64 = roster_sources::table
        .filter(
            roster_sources::name
                .like(format!("{} %", escape(address)))
                .escape('\\')
                .and(roster_sources::name.ne(source)),
        )
        .count()
        .get_result(db)?;
    let origin =
        format!("[\"{}\",{},", SourceKind::Provider.as_str(), serde_json::Value::from(address));
    let written =
        people::table.filter(people::school_id.eq(school).and(people::removed_at.is_null()));
    let written: i64 = written
        .filter(people::sources.like(format!("%{}%", escape(&origin))).escape('\\'))
        .count()
        .get_result(db)?;
    Ok(sources == 0 && written > 0)
}

/// Binds a school to the source that writes it now, in the same transaction. Returns false when the
/// school is bound to another source and not listed for this one.
///
/// # Errors
/// Errors of the database.
pub fn bind(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    sourced_id: &str,
    writer: &SyncSource,
) -> Result<bool> {
    let row = (
        source_schools::school_id.eq(key(school)),
        source_schools::source.eq(&writer.source),
        source_schools::bound_at.eq(at(ctx.now)),
    );
    let is_listed = writer.listed.iter().any(|id| id == sourced_id);
    let bound: Option<String> = source_schools::table
        .find(key(school))
        .select(source_schools::source)
        .first(db)
        .optional()?;
    if bound.as_ref() == Some(&writer.source) {
        return Ok(true);
    }
    let insert = diesel::insert_into(source_schools::table).values(row);
    let written = if is_listed {
        let taken = (
            source_schools::source.eq(excluded(source_schools::source)),
            source_schools::bound_at.eq(excluded(source_schools::bound_at)),
        );
        with_conn!(db, conn =>
            insert.on_conflict(source_schools::school_id).do_update().set(taken).execute(conn)
        )?
    } else {
        with_conn!(db, conn => insert.on_conflict_do_nothing().execute(conn))?
    };
    Ok(written == 1)
}
