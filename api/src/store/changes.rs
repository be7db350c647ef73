//! The change feed: evenings, bookings, invites and attendance that changed, each listed once, at
//! the position of its latest change.
//!
//! Triggers set the sequence number of every written row to NULL (the migration `changes`). This
//! module assigns sequence numbers in transactions that run one after the other, so numbers become
//! visible in ascending order. A reader that follows the numbers misses nothing, however long a
//! writing transaction takes to commit.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{prelude::*, sql_types::BigInt};
use parlour_domain::{id::SchoolId, scope::Scope};
use uuid::Uuid;

use super::{
    Db, Error, Result, Store,
    evenings::EveningRow,
    export::{self, Attendance, BookingExport, InviteExport},
    in_ids::in_ids,
    locks::{self, LockRank},
    sql_types::{Id, Key, key},
};
use crate::{
    context::Context,
    schema::{change_places, changes, evenings},
    with_conn,
};

/// Number of sequence numbers one transaction assigns. The limit keeps the wait of other writers
/// short.
const BATCH_SIZE: i64 = 2_000;

/// The kind of entity that changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum ChangeKind {
    Evening,
    Booking,
    Invite,
    Attendance,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Evening, Self::Booking, Self::Invite, Self::Attendance];

    /// The name in the database and in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evening => "evening",
            Self::Booking => "booking",
            Self::Invite => "invite",
            Self::Attendance => "attendance",
        }
    }

    /// Parses the output of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The scope that an API client needs to see this kind.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Evening => Scope::EveningsRead,
            Self::Booking => Scope::BookingsRead,
            Self::Invite => Scope::InvitesRead,
            Self::Attendance => Scope::AttendanceRead,
        }
    }
}

/// A changed entity in its present state.
#[derive(Clone, Debug)]
pub enum ChangedEntity {
    /// An evening.
    Evening(EveningRow),
    /// An appointment.
    Booking(BookingExport),
    /// An invite.
    Invite(InviteExport),
    /// The attendance at an appointment.
    Attendance(Attendance),
}

/// A change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The kind of the entity.
    pub kind: ChangeKind,
    /// The id of the entity.
    pub subject: Key,
    /// The position of the change in the feed.
    pub place: FeedPosition,
    /// The present state; `None` when the entity no longer exists.
    pub thing: Option<ChangedEntity>,
}

/// A position in a feed. The default is the beginning of any feed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FeedPosition {
    /// The id of the feed. A school's feed gets a new id when the database is restored from a
    /// backup.
    pub feed: Uuid,
    /// The sequence number.
    pub number: i64,
}

/// Gives every school's feed a new id, so that readers begin again from the start. It is for a
/// database that was restored from a backup: its readers may be ahead of it. Returns the number of
/// feeds.
///
/// # Errors
/// Errors of the database.
pub fn renew(db: &mut Db, ctx: &Context) -> Result<usize> {
    let schools: Vec<Key> = change_places::table.select(change_places::school_id).load(db)?;
    for school in &schools {
        diesel::update(change_places::table.find(school))
            .set(change_places::feed_id.eq(key(ctx.new_id::<Uuid>())))
            .execute(db)?;
    }
    Ok(schools.len())
}

/// Returns whether a change waits for a sequence number.
///
/// # Errors
/// Errors of the database.
pub fn has_unnumbered(db: &mut Db, school: SchoolId) -> Result<bool> {
    let first = changes::table
        .filter(changes::school_id.eq(key(school)).and(changes::place.is_null()))
        .select(changes::subject_id)
        .first::<Key>(db);
    Ok(first.optional()?.is_some())
}

/// Assigns sequence numbers to changes, in a write transaction of its own. Returns whether more
/// changes may be waiting.
///
/// # Errors
/// Errors of the database.
pub fn assign_sequence(db: &mut Db, ctx: &Context, school: SchoolId) -> Result<bool> {
    let row = change_places::table.find(key(school));
    let new = (
        change_places::school_id.eq(key(school)),
        change_places::feed_id.eq(key(ctx.new_id::<Uuid>())),
        change_places::last_place.eq(0),
    );
    with_conn!(db, conn =>
        diesel::insert_into(change_places::table).values(new).on_conflict_do_nothing().execute(conn)
    )?;
    locks::lock_row(db, LockRank::ChangeFeed, school)?;
    let last: i64 = row.select(change_places::last_place).first(db)?;
    // Rows that another transaction is writing are skipped and numbered later, so that this
    // transaction does not wait. SQLite has only one writer.
    let passing_by = locks::skipping_locked(db);
    let number = diesel::sql_query(format!(
        "update changes set place = $1 + numbered.nth from (
           select waiting.kind, waiting.subject_id, row_number() over (order by \
         waiting.subject_id, waiting.kind desc) as nth from (
             select kind, subject_id from changes where school_id = $2 and place is null order by \
         subject_id, kind desc limit $3 {passing_by}
           ) as waiting
         ) as numbered where changes.kind = numbered.kind and changes.subject_id = \
         numbered.subject_id"
    ));
    let given = with_conn!(db, conn =>
        number
            .bind::<BigInt, _>(last)
            .bind::<Id, _>(key(school))
            .bind::<BigInt, _>(BATCH_SIZE)
            .execute(conn)
    )?;
    let given = i64::try_from(given).unwrap_or(BATCH_SIZE);
    diesel::update(row).set(change_places::last_place.eq(last + given)).execute(db)?;
    Ok(given == BATCH_SIZE)
}

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct ChangesPage {
    /// The position after which the page begins.
    pub begun: FeedPosition,
    /// The last position of the feed, of any kind. A reader that has read all changes has reached
    /// it.
    pub last: FeedPosition,
    /// The changes in ascending order.
    pub changes: Vec<Change>,
}

/// Returns the changes of these kinds after a position. It reads one more than `limit`: an extra
/// row shows that there is a next page.
///
/// # Errors
/// [`Error::BadCursor`] when the school's feed has never reached this position.
pub fn list_after(
    db: &mut Db,
    school: SchoolId,
    kinds: &BTreeSet<ChangeKind>,
    place: FeedPosition,
    limit: i64,
) -> Result<ChangesPage> {
    let last: Option<(Key, i64)> = change_places::table
        .find(key(school))
        .select((change_places::feed_id, change_places::last_place))
        .first(db)
        .optional()?;
    let begun = match last {
        _ if place.number == 0 => {
            FeedPosition { feed: last.map(|(feed, _)| feed.0).unwrap_or_default(), number: 0 }
        }
        Some((feed, last)) if feed.0 == place.feed && place.number <= last => place,
        _ => return Err(Error::BadCursor),
    };
    let rows: Vec<(String, Key, Option<i64>)> = changes::table
        .filter(changes::school_id.eq(key(school)).and(changes::place.gt(begun.number)))
        .filter(changes::kind.eq_any(kinds.iter().map(|kind| kind.as_str())))
        .order(changes::place)
        .limit(limit + 1)
        .select((changes::kind, changes::subject_id, changes::place))
        .load(db)?;
    let rows: Vec<(ChangeKind, Key, i64)> = rows
        .into_iter()
        .filter_map(|(kind, subject, place)| Some((ChangeKind::parse(&kind)?, subject, place?)))
        .collect();
    let mut things = load_entities(db, &rows)?;
    let change = |(kind, subject, number)| Change {
        kind,
        subject,
        place: FeedPosition { feed: begun.feed, number },
        thing: things.remove(&(kind, subject)),
    };
    let last = FeedPosition { feed: begun.feed, number: last.map_or(0, |(_, last)| last) };
    Ok(ChangesPage { begun, last, changes: rows.into_iter().map(change).collect() })
}

fn load_entities(
    db: &mut Db,
    rows: &[(ChangeKind, Key, i64)],
) -> Result<BTreeMap<(ChangeKind, Key), ChangedEntity>> {
    let of =
        |kind| rows.iter().filter(move |row| row.0 == kind).map(|row| row.1).collect::<Vec<_>>();
    let mut found = BTreeMap::new();
    let evenings: Vec<EveningRow> = evenings::table
        .filter(in_ids(evenings::id, of(ChangeKind::Evening)))
        .select(EveningRow::as_select())
        .load(db)?;
    found.extend(
        evenings
            .into_iter()
            .map(|row| ((ChangeKind::Evening, row.id), ChangedEntity::Evening(row))),
    );
    let bookings = export::bookings_by_ids(db, &of(ChangeKind::Booking))?;
    found.extend(
        bookings
            .into_iter()
            .map(|one| ((ChangeKind::Booking, one.row.id), ChangedEntity::Booking(one))),
    );
    let invites = export::invites_by_ids(db, &of(ChangeKind::Invite))?;
    found.extend(
        invites
            .into_iter()
            .map(|one| ((ChangeKind::Invite, one.row.id), ChangedEntity::Invite(one))),
    );
    let attendance = export::attendance_by_ids(db, &of(ChangeKind::Attendance))?;
    found.extend(
        attendance
            .into_iter()
            .map(|one| ((ChangeKind::Attendance, one.row.id), ChangedEntity::Attendance(one))),
    );
    Ok(found)
}

/// Assigns sequence numbers to waiting changes, then returns the changes of these kinds after a
/// position ([`list_after`]) and whether more changes may be waiting.
///
/// # Errors
/// The errors of [`list_after`], [`Store::read`] and [`Store::write`].
pub async fn list_changes(
    store: &Store,
    ctx: Context,
    school: SchoolId,
    kinds: BTreeSet<ChangeKind>,
    place: FeedPosition,
    limit: i64,
) -> Result<(ChangesPage, bool)> {
    let mut may_wait = store.read(move |db| has_unnumbered(db, school)).await?;
    if may_wait {
        may_wait = store.write(move |db| assign_sequence(db, &ctx, school)).await?;
    }
    let part = store.read(move |db| list_after(db, school, &kinds, place, limit)).await?;
    Ok((part, may_wait))
}
