//! Column type for the provenance of a row. Tens of thousands of rows hold the same few texts, so
//! clones share one allocation.

use std::sync::Arc;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::Text,
    sqlite::{Sqlite, SqliteValue},
};

use crate::store::db::MultiBackend;

/// The provenance of a row: a JSON array with an item for each source and time.
#[derive(Clone, PartialEq, Eq, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Provenance(Arc<str>);

impl Provenance {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Provenance {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Default for Provenance {
    /// The provenance of a row whose sources are not known.
    fn default() -> Self {
        Self("[]".into())
    }
}

impl ToSql<Text, MultiBackend> for Provenance {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Text, self.as_str()));
        Ok(IsNull::No)
    }
}

impl FromSql<Text, MultiBackend> for Provenance {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Text>()
    }
}

impl ToSql<Text, Pg> for Provenance {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for Provenance {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(value).map(Self::from)
    }
}

impl ToSql<Text, Sqlite> for Provenance {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <str as ToSql<Text, Sqlite>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Sqlite> for Provenance {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Sqlite>>::from_sql(value).map(Self::from)
    }
}
