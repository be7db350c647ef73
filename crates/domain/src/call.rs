//! Seats and queue of a call (I9 and I11): a state machine that takes the time as an argument. It
//! knows neither sockets nor database rows.
//!
//! Invariants under every order of entering, disconnecting, returning and evicting: no more than
//! `capacity` people sit, nobody has two places, and nobody who is present waits while a seat is
//! free. `tests.rs` checks them.

mod times;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::times::{
    CallState, CallTimes, ENTRY_LEAD, EXTENSION, RELAY_CHECK, RELAY_SPARE, minutes_to_claim,
};
use crate::id::{ParticipantId, SessionId};

/// Time for which a seat or a place in the queue is held for a participant whose connection broke.
pub const GRACE: TimeDelta = TimeDelta::seconds(30);

/// The interval at which a participant sends a heartbeat and is pinged.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// The silence after which a participant counts as disconnected: three missed heartbeats.
pub const SILENCE_TIMEOUT: Duration = HEARTBEAT_INTERVAL.saturating_mul(3);

/// The period in which takeovers of a guest's place are counted.
pub const TAKEOVER_WINDOW: TimeDelta = TimeDelta::minutes(10);

/// Number of takeovers in [`TAKEOVER_WINDOW`] a guest's link allows before a newcomer must enter a
/// code that was mailed to the guest.
pub const TAKEOVER_LIMIT: i64 = 2;

/// The role of a participant in a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallRole {
    /// One of the booking's teachers.
    Teacher,
    /// The parent who booked.
    Parent,
    /// The guest whom the parent invited.
    Guest,
}

impl CallRole {
    /// The role whose media go only through the school's relay, if it has one: a parent and the
    /// guest, who may live apart, must not learn each other's IP addresses.
    #[must_use]
    pub const fn relayed_with(self) -> Option<Self> {
        match self {
            Self::Teacher => None,
            Self::Parent => Some(Self::Guest),
            Self::Guest => Some(Self::Parent),
        }
    }
}

/// A participant's place in a call: a seat, or an entry of the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occupant {
    /// The participant.
    pub participant: ParticipantId,
    /// Their role.
    pub role: CallRole,
    /// The session that holds the place; when the session ends, the place ends.
    pub session: SessionId,
    /// The keyed hash of the tab's key; an equal hash means the same device.
    pub device: String,
    /// The number of the connection; each new connection of the call gets the next number.
    pub connection: u32,
    /// The connection is up; otherwise the place is held until the lease ends.
    pub is_present: bool,
    /// Time when the lease ends and the place becomes free, unless a heartbeat renews it.
    pub lease_ends_at: DateTime<Utc>,
    /// Time when they got the place.
    pub since: DateTime<Utc>,
}

/// An occupied seat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The number of the seat, from 1 to the capacity.
    pub number: u32,
    /// The participant who sits there.
    pub occupant: Occupant,
}

/// An entry of the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueEntry {
    /// The position in order of arrival; it stays when the participant returns or changes device.
    pub number: u32,
    /// The participant who waits.
    pub occupant: Occupant,
}

/// A request to enter the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryRequest {
    /// The participant.
    pub participant: ParticipantId,
    /// Their role.
    pub role: CallRole,
    /// Their session.
    pub session: SessionId,
    /// The keyed hash of their tab's key.
    pub device: String,
    /// They confirmed that they want to move here from their other device.
    pub move_here: bool,
    /// Their tab has no earlier media connections, so this is a new connection even on the same
    /// device.
    pub fresh: bool,
    /// Number of takeovers of their place by another session within [`TAKEOVER_WINDOW`].
    pub recent_takeovers: i64,
    /// This device has shown the code that was mailed to the guest.
    pub is_proven: bool,
}

/// The outcome of a request to enter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EntryDecision {
    /// They have a seat.
    Seated {
        /// The number of their connection.
        connection: u32,
        /// They keep the seat and the connection that they had.
        resumed: bool,
        /// Their earlier connection, which this one replaces; the caller closes it.
        replaced: Option<u32>,
    },
    /// All seats are occupied.
    Waiting {
        /// The position in the queue, from 1.
        place: usize,
        /// The number of their connection; it stays the same when they get a seat.
        connection: u32,
        /// Their earlier connection, which this one replaces; the caller closes it.
        replaced: Option<u32>,
    },
    /// They are in the call on another device: ask whether to move here. Nothing changed.
    MoveHere,
    /// Ask for the code that is mailed to the guest. Nothing changed.
    CodeRequired,
}

/// An event of the call, for the log of the call and for the other participants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallEvent {
    /// The participant.
    pub participant: ParticipantId,
    /// Their role.
    pub role: CallRole,
    /// The kind of event.
    pub kind: CallEventKind,
}

/// The kind of event that happened to a participant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallEventKind {
    /// They got a seat on entering.
    Joined,
    /// They got a seat from the queue.
    Promoted,
    /// They joined the queue.
    Waiting,
    /// The same device resumed its place.
    Resumed,
    /// Another device of theirs took over the place.
    TakenOver {
        /// Both devices use the same session, that is, the same browser.
        same_session: bool,
    },
    /// Their connection broke; the place is held for [`GRACE`].
    Disconnected,
    /// They did not return before the lease ended.
    Expired,
    /// They left.
    Left,
    /// They were evicted.
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
    /// Restores a call from stored state; `next_connection` is 1 if nobody has entered yet.
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

    /// The occupied seats, by number.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The queue, in order of arrival.
    #[must_use]
    pub fn queue(&self) -> &[QueueEntry] {
        &self.queue
    }

    /// The number that the next new connection gets.
    #[must_use]
    pub const fn next_connection(&self) -> u32 {
        self.next_connection
    }

    /// A participant's seat or queue entry.
    #[must_use]
    pub fn occupant_of(&self, participant: ParticipantId) -> Option<&Occupant> {
        let seated = self.seats.iter().map(|seat| &seat.occupant);
        seated
            .chain(self.queue.iter().map(|queued| &queued.occupant))
            .find(|occupant| occupant.participant == participant)
    }

    /// Handles a request to enter: the participant resumes their place, takes it over from their
    /// other device, gets a seat, or joins the queue.
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

    /// Renews the lease on a sign of life from this connection. Returns false if the place no
    /// longer belongs to this connection.
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

    /// Marks a connection as broken; the place is held for [`GRACE`]. Nothing changes if the
    /// connection is older than the current one, or if the socket's last sign of life
    /// (`lease_ends_at`, as the socket got it) is older than that of the same device's next socket.
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

    /// Frees the participant's place at once. Nothing changes if the connection is older than the
    /// current one.
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

    /// Evicts participants, whatever their connection.
    pub fn evict(&mut self, participants: &[ParticipantId], now: DateTime<Utc>) -> Vec<CallEvent> {
        let mut events = self.expire(now);
        events.extend(self.release(participants, CallEventKind::Evicted, now));
        events
    }

    /// Evicts everybody because the call is over.
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

    /// Frees the places whose lease has ended.
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
                // Connection numbers only grow, so the newest one is the last in the queue.
                self.queue.push(QueueEntry { number: connection, occupant });
                CallEventKind::Waiting
            }
        };
        events.push(request.event(kind));
        (self.entry_decision(request.participant, false, None), events)
    }

    /// Assigns the participant's place to their new connection and returns the replaced connection,
    /// if it differs.
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

    /// Seats waiting participants in order of arrival while seats are free. A disconnected
    /// participant is skipped and keeps their place in the queue.
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
    /// Returns whether this device must enter the code. After too many takeovers of a guest's link,
    /// every device must, except one that holds the place or has already shown the code.
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
