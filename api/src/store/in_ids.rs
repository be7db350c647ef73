//! `column in (…)` for a short list of ids, as a statement that stays prepared.

use diesel::{
    backend::Backend,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping},
    prelude::QueryResult,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Bool, HasSqlType},
};

use super::sql_types::{Id, Key};

/// The longest list whose statement stays prepared. Longer lists are rare, and each length would
/// need a statement of its own.
const KEPT: usize = 64;

/// The expression that [`in_ids`] returns.
#[derive(Clone, Debug)]
pub struct InIds<E> {
    column: E,
    keys: Vec<Key>,
}

/// Builds the condition that a column holds one of these ids.
///
/// SQLite has no arrays, so `eq_any` makes a different statement for each length, and diesel
/// prepares it each time, which costs more than running it. This expression repeats the last id up
/// to a power of two, so that there are few lengths and diesel caches a statement for each.
pub fn in_ids<E>(column: E, keys: impl IntoIterator<Item = Key>) -> InIds<E> {
    let mut keys: Vec<Key> = keys.into_iter().collect();
    if let Some(last) = keys.last().copied().filter(|_| keys.len() <= KEPT) {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    InIds { column, keys }
}

impl<E: Expression> Expression for InIds<E> {
    type SqlType = Bool;
}

impl<E: AppearsOnTable<From>, From> AppearsOnTable<From> for InIds<E> {}

impl<E: SelectableExpression<From>, From> SelectableExpression<From> for InIds<E> {}

impl<E: ValidGrouping<By>, By> ValidGrouping<By> for InIds<E> {
    type IsAggregate = E::IsAggregate;
}

impl<E> QueryId for InIds<E> {
    type QueryId = ();
    // The length of the list is part of the SQL text, so diesel must look the statement up by its
    // text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E, DB> QueryFragment<DB> for InIds<E>
where
    E: QueryFragment<DB>,
    DB: Backend + HasSqlType<Id>,
    Key: ToSql<Id, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.keys.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        if self.keys.len() > KEPT {
            out.unsafe_to_cache_prepared();
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" in (");
        for (nth, key) in self.keys.iter().enumerate() {
            if nth > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Id, Key>(key)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
