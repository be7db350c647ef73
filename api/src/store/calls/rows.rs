//! The rows of a call: locked, loaded into the domain's [`Call`], and written back where they
//! changed.

use diesel::prelude::*;
use parlour_domain::{
    call::{Call, CallEvent, CallEventKind, CallRole, Occupant, QueueEntry, Seat},
    id::{BookingId, ParticipantId, SchoolId},
};
use uuid::Uuid;

use crate::{
    context::Context,
    schema::{bookings, call_events, call_queue, call_seats, calls, evenings, invites},
    store::{
        Db, Result,
        locks::{LockRank, lock_row},
        sql_types::{At, Key, at, key},
    },
    with_conn,
};

/// The row that is locked while a call's seats or queue change.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = calls)]
pub(super) struct CallRow {
    pub booking_id: Key,
    pub school_id: Key,
    pub next_connection: i32,
    pub extended_seconds: i32,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = call_seats)]
struct SeatRow {
    booking_id: Key,
    number: i32,
    participant_id: Key,
    role: String,
    session_id: Key,
    device_hash: String,
    connection: i32,
    is_present: bool,
    lease_ends_at: At,
    joined_at: At,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = call_queue)]
struct QueueRow {
    booking_id: Key,
    participant_id: Key,
    role: String,
    session_id: Key,
    device_hash: String,
    connection: i32,
    queued_number: i32,
    is_present: bool,
    lease_ends_at: At,
    queued_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = call_events)]
struct EventRow<'a> {
    id: Key,
    school_id: Key,
    booking_id: Key,
    participant_id: Key,
    role: &'static str,
    kind: &'static str,
    detail: Option<&'a str>,
    at: At,
}

/// A call that this transaction has locked.
pub(super) struct LockedCall {
    pub row: CallRow,
    pub call: Call,
    before: Call,
}

impl LockedCall {
    /// Locks a call until the transaction ends. `None` when nobody has ever entered it.
    pub fn lock(db: &mut Db, booking: BookingId) -> Result<Option<Self>> {
        lock_row(db, LockRank::Call, booking)?;
        let row: Option<CallRow> =
            calls::table.find(key(booking)).select(CallRow::as_select()).first(db).optional()?;
        let Some(row) = row else { return Ok(None) };
        let call = read(db, booking, row.next_connection)?;
        Ok(Some(Self { row, before: call.clone(), call }))
    }

    /// As [`Self::lock`], but creates the row if nobody has entered the call before.
    pub fn lock_or_create(
        db: &mut Db,
        ctx: &Context,
        school: SchoolId,
        booking: BookingId,
    ) -> Result<Self> {
        if let Some(locked) = Self::lock(db, booking)? {
            return Ok(locked);
        }
        let new = (
            calls::booking_id.eq(key(booking)),
            calls::school_id.eq(key(school)),
            calls::version.eq(0),
            calls::next_connection.eq(1),
            calls::extended_seconds.eq(0),
            calls::created_at.eq(at(ctx.now)),
        );
        with_conn!(db, conn =>
            diesel::insert_into(calls::table).values(new).on_conflict_do_nothing().execute(conn)
        )?;
        Self::lock(db, booking)?.ok_or(crate::store::Error::UniqueViolation)
    }

    /// Writes the changes, and if there are events, increments the version and records them.
    /// `reason` is the reason of evictions.
    pub fn save(
        self,
        db: &mut Db,
        ctx: &Context,
        events: &[CallEvent],
        reason: Option<&str>,
    ) -> Result<()> {
        self.save_seats(db)?;
        self.save_queue(db)?;
        if events.is_empty() {
            return Ok(());
        }
        let counted = (
            calls::version.eq(calls::version + 1),
            calls::next_connection.eq(int(self.call.next_connection())),
        );
        diesel::update(calls::table.find(self.row.booking_id)).set(counted).execute(db)?;
        let rows: Vec<EventRow<'_>> =
            events.iter().map(|event| self.event_row(ctx, *event, reason)).collect();
        with_conn!(db, conn =>
            diesel::insert_into(call_events::table).values(&rows).execute(conn)
        )?;
        mark_joined(db, ctx, events)
    }

    fn event_row<'a>(
        &self,
        ctx: &Context,
        event: CallEvent,
        reason: Option<&'a str>,
    ) -> EventRow<'a> {
        let (kind, detail) = event_columns(event.kind, reason);
        EventRow {
            id: ctx.new_id::<Uuid>().into(),
            school_id: self.row.school_id,
            booking_id: self.row.booking_id,
            participant_id: key(event.participant),
            role: role_as_str(event.role),
            kind,
            detail,
            at: at(ctx.now),
        }
    }

    fn save_seats(&self, db: &mut Db) -> Result<()> {
        let gone: Vec<i32> = self
            .before
            .seats()
            .iter()
            .filter(|seat| !self.call.seats().contains(seat))
            .map(|seat| int(seat.number))
            .collect();
        if !gone.is_empty() {
            diesel::delete(call_seats::table.filter(
                call_seats::booking_id.eq(self.row.booking_id).and(call_seats::number.eq_any(gone)),
            ))
            .execute(db)?;
        }
        let new: Vec<SeatRow> = self
            .call
            .seats()
            .iter()
            .filter(|seat| !self.before.seats().contains(seat))
            .map(|seat| seat_row(self.row.booking_id, seat))
            .collect();
        if !new.is_empty() {
            with_conn!(db, conn =>
                diesel::insert_into(call_seats::table).values(&new).execute(conn)
            )
            .map_err(crate::store::Error::on_unique_violation)?;
        }
        Ok(())
    }

    fn save_queue(&self, db: &mut Db) -> Result<()> {
        let gone: Vec<Key> = self
            .before
            .queue()
            .iter()
            .filter(|queued| !self.call.queue().contains(queued))
            .map(|queued| key(queued.occupant.participant))
            .collect();
        if !gone.is_empty() {
            let rows = call_queue::table.filter(
                call_queue::booking_id
                    .eq(self.row.booking_id)
                    .and(call_queue::participant_id.eq_any(gone)),
            );
            diesel::delete(rows).execute(db)?;
        }
        let new: Vec<QueueRow> = self
            .call
            .queue()
            .iter()
            .filter(|queued| !self.before.queue().contains(queued))
            .map(|queued| queue_row(self.row.booking_id, queued))
            .collect();
        if !new.is_empty() {
            with_conn!(db, conn =>
                diesel::insert_into(call_queue::table).values(&new).execute(conn)
            )
            .map_err(crate::store::Error::on_unique_violation)?;
        }
        Ok(())
    }
}

/// Loads the seats and the queue of a call.
pub(super) fn read(db: &mut Db, booking: BookingId, next_connection: i32) -> Result<Call> {
    let capacity: i32 = bookings::table
        .inner_join(evenings::table.on(evenings::id.eq(bookings::evening_id)))
        .filter(bookings::id.eq(key(booking)))
        .select(evenings::capacity)
        .first(db)?;
    let seats: Vec<SeatRow> = call_seats::table
        .filter(call_seats::booking_id.eq(key(booking)))
        .select(SeatRow::as_select())
        .load(db)?;
    let queue: Vec<QueueRow> = call_queue::table
        .filter(call_queue::booking_id.eq(key(booking)))
        .select(QueueRow::as_select())
        .load(db)?;
    let seats = seats.into_iter().map(seat).collect();
    Ok(Call::new(
        uint(capacity),
        seats,
        queue.into_iter().map(queued).collect(),
        uint(next_connection),
    ))
}

/// Records an event that does not change seats or queue.
pub(super) fn record(
    db: &mut Db,
    ctx: &Context,
    visitor: &super::Visitor,
    kind: &'static str,
    detail: Option<&str>,
) -> Result<()> {
    let row = EventRow {
        id: ctx.new_id::<Uuid>().into(),
        school_id: key(visitor.school),
        booking_id: key(visitor.booking),
        participant_id: key(visitor.participant()),
        role: role_as_str(visitor.who.role()),
        kind,
        detail,
        at: at(ctx.now),
    };
    diesel::insert_into(call_events::table).values(&row).execute(db)?;
    Ok(())
}

/// Sets `joined_at` of the invites whose guests get a seat for the first time.
fn mark_joined(db: &mut Db, ctx: &Context, events: &[CallEvent]) -> Result<()> {
    let sat = |event: &&CallEvent| {
        event.role == CallRole::Guest
            && matches!(event.kind, CallEventKind::Joined | CallEventKind::Promoted)
    };
    let guests: Vec<Key> = events.iter().filter(sat).map(|event| key(event.participant)).collect();
    if !guests.is_empty() {
        let first =
            invites::table.filter(invites::id.eq_any(guests).and(invites::joined_at.is_null()));
        diesel::update(first).set(invites::joined_at.eq(Some(at(ctx.now)))).execute(db)?;
    }
    Ok(())
}

fn event_columns(kind: CallEventKind, reason: Option<&str>) -> (&'static str, Option<&str>) {
    match kind {
        CallEventKind::Joined => ("joined", None),
        CallEventKind::Promoted => ("joined", Some("from_queue")),
        CallEventKind::Waiting => ("waiting", None),
        CallEventKind::Resumed => ("resumed", None),
        CallEventKind::TakenOver { same_session: true } => ("taken_over", Some("same_session")),
        CallEventKind::TakenOver { same_session: false } => {
            ("taken_over", Some(super::codes::OTHER_SESSION))
        }
        CallEventKind::Disconnected => ("vanished", None),
        CallEventKind::Expired => ("expired", None),
        CallEventKind::Left => ("left", None),
        CallEventKind::Evicted => ("put_out", reason),
    }
}

pub(super) const fn role_as_str(role: CallRole) -> &'static str {
    match role {
        CallRole::Teacher => "teacher",
        CallRole::Parent => "parent",
        CallRole::Guest => "guest",
    }
}

fn role_of(word: &str) -> CallRole {
    match word {
        "teacher" => CallRole::Teacher,
        "parent" => CallRole::Parent,
        _ => CallRole::Guest,
    }
}

fn seat(row: SeatRow) -> Seat {
    let place = Occupant {
        participant: ParticipantId::from(row.participant_id),
        role: role_of(&row.role),
        session: row.session_id.into(),
        device: row.device_hash,
        connection: uint(row.connection),
        is_present: row.is_present,
        lease_ends_at: row.lease_ends_at.0,
        since: row.joined_at.0,
    };
    Seat { number: uint(row.number), occupant: place }
}

fn queued(row: QueueRow) -> QueueEntry {
    let place = Occupant {
        participant: ParticipantId::from(row.participant_id),
        role: role_of(&row.role),
        session: row.session_id.into(),
        device: row.device_hash,
        connection: uint(row.connection),
        is_present: row.is_present,
        lease_ends_at: row.lease_ends_at.0,
        since: row.queued_at.0,
    };
    QueueEntry { number: uint(row.queued_number), occupant: place }
}

fn seat_row(booking: Key, seat: &Seat) -> SeatRow {
    let place = &seat.occupant;
    SeatRow {
        booking_id: booking,
        number: int(seat.number),
        participant_id: key(place.participant),
        role: role_as_str(place.role).to_owned(),
        session_id: key(place.session),
        device_hash: place.device.clone(),
        connection: int(place.connection),
        is_present: place.is_present,
        lease_ends_at: at(place.lease_ends_at),
        joined_at: at(place.since),
    }
}

fn queue_row(booking: Key, queued: &QueueEntry) -> QueueRow {
    let place = &queued.occupant;
    QueueRow {
        booking_id: booking,
        participant_id: key(place.participant),
        role: role_as_str(place.role).to_owned(),
        session_id: key(place.session),
        device_hash: place.device.clone(),
        connection: int(place.connection),
        queued_number: int(queued.number),
        is_present: place.is_present,
        lease_ends_at: at(place.lease_ends_at),
        queued_at: at(place.since),
    }
}

pub(super) fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn uint(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
