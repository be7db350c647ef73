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
pub const HEARTBEAT: Duration = Duration::from_secs(3);

/// A participant who was not heard for so long has vanished: three heartbeats are missing.
pub const SILENCE: Duration = HEARTBEAT.saturating_mul(3);

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
pub struct Place {
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
    pub place: Place,
}

/// A place in the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queued {
    /// The order of coming, kept when one comes back or moves to another device.
    pub number: u32,
    /// Whose.
    pub place: Place,
}

/// Somebody who wants to enter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Newcomer {
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
pub enum Entered {
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
pub struct Event {
    /// To whom.
    pub participant: ParticipantId,
    /// In which role.
    pub role: CallRole,
    /// What.
    pub kind: EventKind,
}

/// What happened to somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
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
    Vanished,
    /// They did not come back in time.
    Expired,
    /// They left.
    Left,
    /// They were put out.
    PutOut,
}

/// A call: its seats and its queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    capacity: u32,
    seats: Vec<Seat>,
    queue: Vec<Queued>,
    next_connection: u32,
}

impl Call {
    /// A call as it was kept: `next_connection` is 1 for one that nobody has entered yet.
    #[must_use]
    pub fn new(
        capacity: u32,
        mut seats: Vec<Seat>,
        mut queue: Vec<Queued>,
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
    pub fn queue(&self) -> &[Queued] {
        &self.queue
    }

    /// The number that the next new connection gets.
    #[must_use]
    pub const fn next_connection(&self) -> u32 {
        self.next_connection
    }

    /// Somebody's seat or place in the queue.
    #[must_use]
    pub fn place_of(&self, participant: ParticipantId) -> Option<&Place> {
        let seated = self.seats.iter().map(|seat| &seat.place);
        seated
            .chain(self.queue.iter().map(|queued| &queued.place))
            .find(|place| place.participant == participant)
    }

    /// Somebody wants to enter: they resume their place, take it over from their other device, sit
    /// down, or queue.
    pub fn enter(&mut self, newcomer: &Newcomer, now: DateTime<Utc>) -> (Entered, Vec<Event>) {
        let mut events = self.expire(now);
        let Some(place) = self.place_of(newcomer.participant) else {
            if newcomer.needs_code() {
                return (Entered::CodeRequired, events);
            }
            return self.join(newcomer, now, events);
        };
        let (same_device, same_session) =
            (place.device == newcomer.device, place.session == newcomer.session);
        if !same_device && !newcomer.move_here {
            return (Entered::MoveHere, events);
        }
        if !same_device && newcomer.needs_code() {
            return (Entered::CodeRequired, events);
        }
        let keeps_connection = same_device && !newcomer.fresh;
        let kind =
            if same_device { EventKind::Resumed } else { EventKind::TakenOver { same_session } };
        let connection = if keeps_connection { place.connection } else { self.take_number() };
        let was_seated =
            self.seats.iter().any(|seat| seat.place.participant == newcomer.participant);
        let replaced = self.reconnect(newcomer, connection, now);
        events.push(newcomer.event(kind));
        events.extend(self.promote(now));
        (self.entered(newcomer.participant, keeps_connection && was_seated, replaced), events)
    }

    /// A sign of life on this connection: the lease runs anew. False when the place is not this
    /// connection's any more.
    pub fn renew(
        &mut self,
        participant: ParticipantId,
        connection: u32,
        now: DateTime<Utc>,
    ) -> (bool, Vec<Event>) {
        let mut events = self.expire(now);
        let Some(place) =
            self.place_mut(participant).filter(|place| place.connection == connection)
        else {
            return (false, events);
        };
        let (role, was_present) = (place.role, place.is_present);
        (place.is_present, place.lease_ends_at) = (true, now + GRACE);
        if !was_present {
            events.push(Event { participant, role, kind: EventKind::Resumed });
            events.extend(self.promote(now));
        }
        (true, events)
    }

    /// The connection broke: the place is held for [`GRACE`]. An older connection than the present
    /// one changes nothing, and neither does a socket whose last sign of life (`lease_ends_at`,
    /// as it got it) is older than that of the same device's next socket.
    pub fn vanish(
        &mut self,
        participant: ParticipantId,
        connection: u32,
        lease_ends_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<Event> {
        let mut events = self.expire(now);
        let is_theirs = |place: &&mut Place| {
            place.connection == connection
                && place.lease_ends_at <= lease_ends_at
                && place.is_present
        };
        if let Some(place) = self.place_mut(participant).filter(is_theirs) {
            (place.is_present, place.lease_ends_at) = (false, now + GRACE);
            events.push(Event { participant, role: place.role, kind: EventKind::Vanished });
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
    ) -> Vec<Event> {
        let mut events = self.expire(now);
        let is_theirs =
            self.place_of(participant).is_some_and(|place| place.connection == connection);
        if is_theirs {
            events.extend(self.free(&[participant], EventKind::Left, now));
        }
        events
    }

    /// Puts people out, whatever their connection.
    pub fn put_out(&mut self, participants: &[ParticipantId], now: DateTime<Utc>) -> Vec<Event> {
        let mut events = self.expire(now);
        events.extend(self.free(participants, EventKind::PutOut, now));
        events
    }

    /// Puts everybody out: the call is over.
    pub fn close(&mut self) -> Vec<Event> {
        let seated = self.seats.drain(..).map(|seat| seat.place);
        let places = seated.chain(self.queue.drain(..).map(|queued| queued.place));
        places
            .map(|place| Event {
                participant: place.participant,
                role: place.role,
                kind: EventKind::PutOut,
            })
            .collect()
    }

    /// Frees the places whose lease has run out.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = Vec::new();
        let mut keep = |place: &Place| {
            let keep = place.lease_ends_at > now;
            if !keep {
                events.push(Event {
                    participant: place.participant,
                    role: place.role,
                    kind: EventKind::Expired,
                });
            }
            keep
        };
        self.seats.retain(|seat| keep(&seat.place));
        self.queue.retain(|queued| keep(&queued.place));
        events.extend(self.promote(now));
        events
    }

    fn join(
        &mut self,
        newcomer: &Newcomer,
        now: DateTime<Utc>,
        mut events: Vec<Event>,
    ) -> (Entered, Vec<Event>) {
        let connection = self.take_number();
        let place = Place {
            participant: newcomer.participant,
            role: newcomer.role,
            session: newcomer.session,
            device: newcomer.device.clone(),
            connection,
            is_present: true,
            lease_ends_at: now + GRACE,
            since: now,
        };
        let kind = match self.free_number() {
            Some(number) => {
                self.sit(number, place);
                EventKind::Joined
            }
            None => {
                // Numbers of connections only grow, so the newest one is the last in the queue.
                self.queue.push(Queued { number: connection, place });
                EventKind::Waiting
            }
        };
        events.push(newcomer.event(kind));
        (self.entered(newcomer.participant, false, None), events)
    }

    /// Gives the newcomer's place to the connection that they have now, and says which one it was
    /// before, if another.
    fn reconnect(
        &mut self,
        newcomer: &Newcomer,
        connection: u32,
        now: DateTime<Utc>,
    ) -> Option<u32> {
        let place = self.place_mut(newcomer.participant)?;
        let before = place.connection;
        place.session = newcomer.session;
        place.device.clone_from(&newcomer.device);
        (place.connection, place.is_present, place.lease_ends_at) = (connection, true, now + GRACE);
        (before != connection).then_some(before)
    }

    fn entered(&self, participant: ParticipantId, resumed: bool, replaced: Option<u32>) -> Entered {
        let queued = self
            .queue
            .iter()
            .enumerate()
            .find(|(_, queued)| queued.place.participant == participant);
        match queued {
            Some((before, queued)) => Entered::Waiting {
                place: before + 1,
                connection: queued.place.connection,
                replaced,
            },
            None => {
                let connection =
                    self.place_of(participant).map(|place| place.connection).unwrap_or_default();
                Entered::Seated { connection, resumed, replaced }
            }
        }
    }

    fn free(
        &mut self,
        participants: &[ParticipantId],
        kind: EventKind,
        now: DateTime<Utc>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let mut keep = |place: &Place| {
            let goes = participants.contains(&place.participant);
            if goes {
                events.push(Event { participant: place.participant, role: place.role, kind });
            }
            !goes
        };
        self.seats.retain(|seat| keep(&seat.place));
        self.queue.retain(|queued| keep(&queued.place));
        events.extend(self.promote(now));
        events
    }

    /// Seats those who wait, first come first, while seats are free. Who has vanished keeps their
    /// place and is passed over.
    fn promote(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(number) = self.free_number()
            && let Some(next) = self.queue.iter().position(|queued| queued.place.is_present)
        {
            let place = Place { since: now, ..self.queue.remove(next).place };
            events.push(Event {
                participant: place.participant,
                role: place.role,
                kind: EventKind::Promoted,
            });
            self.sit(number, place);
        }
        events
    }

    fn sit(&mut self, number: u32, place: Place) {
        self.seats.push(Seat { number, place });
        self.seats.sort_by_key(|seat| seat.number);
    }

    fn free_number(&self) -> Option<u32> {
        (1..=self.capacity).find(|number| self.seats.iter().all(|seat| seat.number != *number))
    }

    fn place_mut(&mut self, participant: ParticipantId) -> Option<&mut Place> {
        let seated = self.seats.iter_mut().map(|seat| &mut seat.place);
        seated
            .chain(self.queue.iter_mut().map(|queued| &mut queued.place))
            .find(|place| place.participant == participant)
    }

    const fn take_number(&mut self) -> u32 {
        let number = self.next_connection;
        self.next_connection += 1;
        number
    }
}

impl Newcomer {
    /// A guest's link that was taken over too often asks every device for the code, but the one
    /// that has the place and those that have shown it.
    const fn needs_code(&self) -> bool {
        matches!(self.role, CallRole::Guest)
            && self.recent_takeovers >= TAKEOVER_LIMIT
            && !self.is_proven
    }

    const fn event(&self, kind: EventKind) -> Event {
        Event { participant: self.participant, role: self.role, kind }
    }
}

#[cfg(test)]
mod tests;
