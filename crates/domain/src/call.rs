//! The seats and the queue of a call (I9 and I11): a state machine that is given the time. Knows
//! neither the sockets nor the rows it is kept in.
//!
//! Whatever the order in which people come, vanish, return and are put out: no more than `capacity`
//! sit, nobody is there twice, and nobody who is present waits while a seat is free. `tests.rs`
//! holds it to that.

mod times;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::times::{
    CallState, CallTimes, ENTRY_LEAD, EXTENSION, RELAY_CHECK, RELAY_SPARE, minutes_to_claim,
};
use crate::id::{ParticipantId, SessionId};

/// How long a seat or a place in the queue is held for somebody who vanished.
pub const GRACE: TimeDelta = TimeDelta::seconds(30);

/// How often a participant says that they are still there, and is asked whether they are.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// A participant who was not heard for so long has vanished: three heartbeats are missing.
pub const SILENCE_TIMEOUT: Duration = HEARTBEAT_INTERVAL.saturating_mul(3);

/// The time over which takeovers of a guest's place are counted.
pub const TAKEOVER_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// How many takeovers in [`TAKEOVER_WINDOW`] a guest's link bears before the newcomer must show a
/// code that was mailed to the guest.
pub const TAKEOVER_LIMIT: i64 = 2;

/// Who somebody is in a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallRole {
    /// One of the booking's teachers.
    Teacher,
    /// The parent who booked.
    Parent,
    /// Whom the parent invited.
    Guest,
}

impl CallRole {
    /// With whom media go through the school's relay alone, where there is one: a parent and the
    /// guest, who may live apart, don't learn each other's addresses.
    #[must_use]
    pub const fn relayed_with(self) -> Option<Self> {
        match self {
            Self::Teacher => None,
            Self::Parent => Some(Self::Guest),
            Self::Guest => Some(Self::Parent),
        }
    }
}

/// Somebody's place in a call, be it a seat or one in the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occupant {
    /// Whose.
    pub participant: ParticipantId,
    /// In which role.
    pub role: CallRole,
    /// The session that came with it: when that ends, the place ends.
    pub session: SessionId,
    /// The keyed hash of the tab's key: who shows the same one again is the same device.
    pub device: String,
    /// The number of the connection, counted up for the call by each that begins anew.
    pub connection: u32,
    /// The connection is up; otherwise they have vanished and the place is held for them.
    pub is_present: bool,
    /// When the place is free unless they are heard of before.
    pub lease_ends_at: DateTime<Utc>,
    /// Since when they have it.
    pub since: DateTime<Utc>,
}

/// A seat that is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// From 1 to the capacity.
    pub number: u32,
    /// By whom.
    pub occupant: Occupant,
}

/// A place in the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueEntry {
    /// The order of coming, kept when one comes back or moves to another device.
    pub number: u32,
    /// Whose.
    pub occupant: Occupant,
}

/// Somebody who wants to enter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryRequest {
    /// Who.
    pub participant: ParticipantId,
    /// In which role.
    pub role: CallRole,
    /// By which session.
    pub session: SessionId,
    /// On which device.
    pub device: String,
    /// They answered that they want to move here from their other device.
    pub move_here: bool,
    /// Their tab has no media connections of before, so that this is a new connection even on the
    /// same device.
    pub fresh: bool,
    /// How often their place was taken over by another session in [`TAKEOVER_WINDOW`].
    pub recent_takeovers: i64,
    /// This device has shown the code that was mailed to the guest.
    pub is_proven: bool,
}

/// What became of a wish to enter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EntryDecision {
    /// They sit.
    Seated {
        /// The number of their connection.
        connection: u32,
        /// It is the seat and the connection of before.
        resumed: bool,
        /// The connection of theirs that this one replaces: it is to be closed.
        replaced: Option<u32>,
    },
    /// All seats are taken.
    Waiting {
        /// The place in the queue, from 1.
        place: usize,
        /// The number of their connection, which they keep when they are seated.
        connection: u32,
        /// The connection of theirs that this one replaces: it is to be closed.
        replaced: Option<u32>,
    },
    /// They are there with another device: ask whether to move here. Nothing changed.
    MoveHere,
    /// Ask for the code that is mailed to the guest. Nothing changed.
    CodeRequired,
}

/// Something that happened, to be told and kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallEvent {
    /// To whom.
    pub participant: ParticipantId,
    /// In which role.
    pub role: CallRole,
    /// What.
    pub kind: CallEventKind,
}

/// What happened to somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallEventKind {
    /// They sat down when they came.
    Joined,
    /// They sat down since a seat became free.
    Promoted,
    /// They queued.
    Waiting,
    /// The same device came back to its place.
    Resumed,
    /// Another device of theirs took the place.
    TakenOver {
        /// By the same session: the same browser, and so nobody else.
        same_session: bool,
    },
    /// Their connection broke; the place is held for [`GRACE`].
    Disconnected,
    /// They did not come back in time.
    Expired,
    /// They left.
    Left,
    /// They were put out.
    Evicted,
}

/// A call: its seats and its queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    capacity: u32,
    seats: Vec<Seat>,
    queue: Vec<QueueEntry>,
    next_connection: u32,
}

impl Call {
    /// A call as it was kept: `next_connection` is 1 for one that nobody has entered yet.
    #[must_use]
    pub fn new(
        capacity: u32,
        mut seats: Vec<Seat>,
        mut queue: Vec<QueueEntry>,
        next_connection: u32,
    ) -> Self {
        seats.sort_by_key(|seat| seat.number);
        queue.sort_by_key(|queued| queued.number);
        Self { capacity, seats, queue, next_connection }
    }

    /// The seats that are taken, by number.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The queue, first come first.
    #[must_use]
    pub fn queue(&self) -> &[QueueEntry] {
        &self.queue
    }

    /// The number that the next new connection gets.
    #[must_use]
    pub const fn next_connection(&self) -> u32 {
        self.next_connection
    }

    /// Somebody's seat or place in the queue.
    #[must_use]
    pub fn occupant_of(&self, participant: ParticipantId) -> Option<&Occupant> {
        let seated = self.seats.iter().map(|seat| &seat.occupant);
        seated
            .chain(self.queue.iter().map(|queued| &queued.occupant))
            .find(|occupant| occupant.participant == participant)
    }

    /// Somebody wants to enter: they resume their place, take it over from their other device, sit
    /// down, or queue.
    pub fn enter(
        &mut self,
        request: &EntryRequest,
        now: DateTime<Utc>,
    ) -> (EntryDecision, Vec<CallEvent>) {
        let mut events = self.expire(now);
        let Some(occupant) = self.occupant_of(request.participant) else {
            if request.needs_code() {
                return (EntryDecision::CodeRequired, events);
            }
            return self.join(request, now, events);
        };
        let (same_device, same_session) =
            (occupant.device == request.device, occupant.session == request.session);
        if !same_device && !request.move_here {
            return (EntryDecision::MoveHere, events);
        }
        if !same_device && request.needs_code() {
            return (EntryDecision::CodeRequired, events);
        }
        let keeps_connection = same_device && !request.fresh;
        let kind = if same_device {
            CallEventKind::Resumed
        } else {
            CallEventKind::TakenOver { same_session }
        };
        let connection =
            if keeps_connection { occupant.connection } else { self.next_connection_number() };
        let was_seated =
            self.seats.iter().any(|seat| seat.occupant.participant == request.participant);
        let replaced = self.reconnect(request, connection, now);
        events.push(request.event(kind));
        events.extend(self.promote(now));
        (self.entry_decision(request.participant, keeps_connection && was_seated, replaced), events)
    }

    /// A sign of life on this connection: the lease runs anew. False when the place is not this
    /// connection's any more.
    pub fn renew(
        &mut self,
        participant: ParticipantId,
        connection: u32,
        now: DateTime<Utc>,
    ) -> (bool, Vec<CallEvent>) {
        let mut events = self.expire(now);
        let Some(occupant) =
            self.occupant_mut(participant).filter(|occupant| occupant.connection == connection)
        else {
            return (false, events);
        };
        let (role, was_present) = (occupant.role, occupant.is_present);
        (occupant.is_present, occupant.lease_ends_at) = (true, now + GRACE);
        if !was_present {
            events.push(CallEvent { participant, role, kind: CallEventKind::Resumed });
            events.extend(self.promote(now));
        }
        (true, events)
    }

    /// The connection broke: the place is held for [`GRACE`]. An older connection than the present
    /// one changes nothing, and neither does a socket whose last sign of life (`lease_ends_at`,
    /// as it got it) is older than that of the same device's next socket.
    pub fn disconnect(
        &mut self,
        participant: ParticipantId,
        connection: u32,
        lease_ends_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<CallEvent> {
        let mut events = self.expire(now);
        let is_theirs = |occupant: &&mut Occupant| {
            occupant.connection == connection
                && occupant.lease_ends_at <= lease_ends_at
                && occupant.is_present
        };
        if let Some(occupant) = self.occupant_mut(participant).filter(is_theirs) {
            (occupant.is_present, occupant.lease_ends_at) = (false, now + GRACE);
            events.push(CallEvent {
                participant,
                role: occupant.role,
                kind: CallEventKind::Disconnected,
            });
        }
        events
    }

    /// They leave: the seat is free at once. An older connection than the present one changes
    /// nothing.
    pub fn leave(
        &mut self,
        participant: ParticipantId,
        connection: u32,
        now: DateTime<Utc>,
    ) -> Vec<CallEvent> {
        let mut events = self.expire(now);
        let is_theirs =
            self.occupant_of(participant).is_some_and(|occupant| occupant.connection == connection);
        if is_theirs {
            events.extend(self.release(&[participant], CallEventKind::Left, now));
        }
        events
    }

    /// Puts people out, whatever their connection.
    pub fn evict(&mut self, participants: &[ParticipantId], now: DateTime<Utc>) -> Vec<CallEvent> {
        let mut events = self.expire(now);
        events.extend(self.release(participants, CallEventKind::Evicted, now));
        events
    }

    /// Puts everybody out: the call is over.
    pub fn close(&mut self) -> Vec<CallEvent> {
        let seated = self.seats.drain(..).map(|seat| seat.occupant);
        let occupants = seated.chain(self.queue.drain(..).map(|queued| queued.occupant));
        occupants
            .map(|occupant| CallEvent {
                participant: occupant.participant,
                role: occupant.role,
                kind: CallEventKind::Evicted,
            })
            .collect()
    }

    /// Frees the places whose lease has run out.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Vec<CallEvent> {
        let mut events = Vec::new();
        let mut keep = |occupant: &Occupant| {
            let keep = occupant.lease_ends_at > now;
            if !keep {
                events.push(CallEvent {
                    participant: occupant.participant,
                    role: occupant.role,
                    kind: CallEventKind::Expired,
                });
            }
            keep
        };
        self.seats.retain(|seat| keep(&seat.occupant));
        self.queue.retain(|queued| keep(&queued.occupant));
        events.extend(self.promote(now));
        events
    }

    fn join(
        &mut self,
        request: &EntryRequest,
        now: DateTime<Utc>,
        mut events: Vec<CallEvent>,
    ) -> (EntryDecision, Vec<CallEvent>) {
        let connection = self.next_connection_number();
        let occupant = Occupant {
            participant: request.participant,
            role: request.role,
            session: request.session,
            device: request.device.clone(),
            connection,
            is_present: true,
            lease_ends_at: now + GRACE,
            since: now,
        };
        let kind = match self.free_seat_number() {
            Some(number) => {
                self.assign_seat(number, occupant);
                CallEventKind::Joined
            }
            None => {
                // Numbers of connections only grow, so the newest one is the last in the queue.
                self.queue.push(QueueEntry { number: connection, occupant });
                CallEventKind::Waiting
            }
        };
        events.push(request.event(kind));
        (self.entry_decision(request.participant, false, None), events)
    }

    /// Gives the newcomer's place to the connection that they have now, and says which one it was
    /// before, if another.
    fn reconnect(
        &mut self,
        request: &EntryRequest,
        connection: u32,
        now: DateTime<Utc>,
    ) -> Option<u32> {
        let occupant = self.occupant_mut(request.participant)?;
        let before = occupant.connection;
        occupant.session = request.session;
        occupant.device.clone_from(&request.device);
        (occupant.connection, occupant.is_present, occupant.lease_ends_at) =
            (connection, true, now + GRACE);
        (before != connection).then_some(before)
    }

    fn entry_decision(
        &self,
        participant: ParticipantId,
        resumed: bool,
        replaced: Option<u32>,
    ) -> EntryDecision {
        let queued = self
            .queue
            .iter()
            .enumerate()
            .find(|(_, queued)| queued.occupant.participant == participant);
        match queued {
            Some((before, queued)) => EntryDecision::Waiting {
                place: before + 1,
                connection: queued.occupant.connection,
                replaced,
            },
            None => {
                let connection = self
                    .occupant_of(participant)
                    .map(|occupant| occupant.connection)
                    .unwrap_or_default();
                EntryDecision::Seated { connection, resumed, replaced }
            }
        }
    }

    fn release(
        &mut self,
        participants: &[ParticipantId],
        kind: CallEventKind,
        now: DateTime<Utc>,
    ) -> Vec<CallEvent> {
        let mut events = Vec::new();
        let mut keep = |occupant: &Occupant| {
            let goes = participants.contains(&occupant.participant);
            if goes {
                events.push(CallEvent {
                    participant: occupant.participant,
                    role: occupant.role,
                    kind,
                });
            }
            !goes
        };
        self.seats.retain(|seat| keep(&seat.occupant));
        self.queue.retain(|queued| keep(&queued.occupant));
        events.extend(self.promote(now));
        events
    }

    /// Seats those who wait, first come first, while seats are free. Who has vanished keeps their
    /// place and is passed over.
    fn promote(&mut self, now: DateTime<Utc>) -> Vec<CallEvent> {
        let mut events = Vec::new();
        while let Some(number) = self.free_seat_number()
            && let Some(next) = self.queue.iter().position(|queued| queued.occupant.is_present)
        {
            let occupant = Occupant { since: now, ..self.queue.remove(next).occupant };
            events.push(CallEvent {
                participant: occupant.participant,
                role: occupant.role,
                kind: CallEventKind::Promoted,
            });
            self.assign_seat(number, occupant);
        }
        events
    }

    fn assign_seat(&mut self, number: u32, occupant: Occupant) {
        self.seats.push(Seat { number, occupant });
        self.seats.sort_by_key(|seat| seat.number);
    }

    fn free_seat_number(&self) -> Option<u32> {
        (1..=self.capacity).find(|number| self.seats.iter().all(|seat| seat.number != *number))
    }

    fn occupant_mut(&mut self, participant: ParticipantId) -> Option<&mut Occupant> {
        let seated = self.seats.iter_mut().map(|seat| &mut seat.occupant);
        seated
            .chain(self.queue.iter_mut().map(|queued| &mut queued.occupant))
            .find(|occupant| occupant.participant == participant)
    }

    const fn next_connection_number(&mut self) -> u32 {
        let number = self.next_connection;
        self.next_connection += 1;
        number
    }
}

impl EntryRequest {
    /// A guest's link that was taken over too often asks every device for the code, but the one
    /// that has the place and those that have shown it.
    const fn needs_code(&self) -> bool {
        matches!(self.role, CallRole::Guest)
            && self.recent_takeovers >= TAKEOVER_LIMIT
            && !self.is_proven
    }

    const fn event(&self, kind: CallEventKind) -> CallEvent {
        CallEvent { participant: self.participant, role: self.role, kind }
    }
}

#[cfg(test)]
mod tests;
