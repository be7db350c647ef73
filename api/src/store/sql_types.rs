//! Two column types that each database stores in its own way: ids (uuid / 16-byte blob) and times
//! (timestamptz / microseconds since 1970).

use std::{fmt, io::Write, ops::Deref};

use chrono::{DateTime, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Binary, HasSqlType, SqlType},
    sqlite::{Sqlite, SqliteValue},
};
use parlour_domain::id::{
    BarId, BookingId, CallCodeId, ClassId, ClientId, ClientSecretId, DeliveryId, EveningId,
    GuestLinkRequestId, InviteId, LoginLinkId, ParticipantId, PersonId, SchoolId, SessionId,
    WebhookId,
};
use uuid::Uuid;

use super::db::MultiBackend;

/// The SQL type of a UUID column.
#[derive(Clone, Copy, Debug, Default, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Id;

/// The SQL type of a time column, in microseconds.
#[derive(Clone, Copy, Debug, Default, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Moment;

/// An id as a column value. The domain's ids convert to and from it by `From`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub struct Key(pub Uuid);

/// A time as a column value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct At(pub DateTime<Utc>);

/// Converts an id to a column value.
pub fn key(id: impl Into<Key>) -> Key {
    id.into()
}

/// Converts a time to a column value.
#[must_use]
pub const fn at(moment: DateTime<Utc>) -> At {
    At(moment)
}

/// Microseconds from 1970 to 2000, the epoch of PostgreSQL.
const PG_EPOCH: i64 = 946_684_800_000_000;

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl From<$id> for Key {
            fn from(id: $id) -> Self {
                Self(id.into())
            }
        }
        impl From<Key> for $id {
            fn from(key: Key) -> Self {
                key.0.into()
            }
        }
    )+};
}

ids!(
    Uuid,
    SchoolId,
    PersonId,
    ClassId,
    EveningId,
    BookingId,
    InviteId,
    SessionId,
    LoginLinkId,
    GuestLinkRequestId,
    BarId,
    ParticipantId,
    CallCodeId,
    ClientId,
    ClientSecretId
);
ids!(WebhookId, DeliveryId);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<DateTime<Utc>> for At {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl From<At> for DateTime<Utc> {
    fn from(at: At) -> Self {
        at.0
    }
}

impl Deref for At {
    type Target = DateTime<Utc>;

    fn deref(&self) -> &DateTime<Utc> {
        &self.0
    }
}

macro_rules! multi {
    ($sql:ty, $rust:ty) => {
        impl ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((<$sql>::default(), self));
                Ok(IsNull::No)
            }
        }
        impl FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(
                bytes: <MultiBackend as Backend>::RawValue<'_>,
            ) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql>()
            }
        }
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql>(lookup)
            }
        }
    };
}

multi!(Id, Key);
multi!(Moment, At);

impl ToSql<Id, Pg> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Pg> for Key {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<Id, Sqlite> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Sqlite> for Key {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

impl ToSql<Moment, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.timestamp_micros() - PG_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Pg> for At {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(value.as_bytes().try_into()?);
        DateTime::from_timestamp_micros(micros + PG_EPOCH)
            .map(Self)
            .ok_or_else(|| "a time out of range".into())
    }
}

impl ToSql<Moment, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Sqlite> for At {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or_else(|| "a time out of range".into())
    }
}
