//! The state of one call on one node: the node's own connections and the last snapshot read from
//! the database. Decides which messages each connection gets. Does no I/O and never blocks.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytestring::ByteString;
use chrono::{DateTime, TimeDelta, Utc};
use parlour_domain::{
    call::{CallRole, HEARTBEAT_INTERVAL},
    id::ParticipantId,
};
use parlour_wire::{CALL_VERSION, CallPerson, Media, PresenceState, ServerMessage};
use tokio::sync::{Notify, mpsc};

use super::{
    bus::AddressedSignal, limits::SEND_QUEUE_LEN, reason::LeaveReason, relay::strip_addresses,
};
use crate::{
    store::calls::{Present, PresentPlace, Snapshot, Visitor},
    views::{self, moment},
};

/// Time for which a signal is kept for a connection that the database already shows as seated but
/// that has not joined this node's room yet.
const EARLY: TimeDelta = TimeDelta::seconds(3);
/// The limit of early signals of a call, in bytes of their data.
const EARLY_BYTES: usize = 256 * 1024;
/// The limit of early signals of a call, by number. It is a quarter of a browser's send queue,
/// because all of them are delivered to one browser at once.
const EARLY_SIGNALS: usize = SEND_QUEUE_LEN / 4;

/// The id of a socket of this node.
pub type SocketId = u64;

/// An instruction for a socket.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// Send this message.
    Text(ByteString),
    /// Send this last message, then close: the participant is out of the call.
    Left(ByteString),
    /// Close without a message: the same device has connected with another socket.
    Replaced,
}

/// The sending end of a browser's message queue. A message is lost when the queue is full. The
/// socket is then closed, and the browser reconnects and gets the full state again.
#[derive(Clone)]
pub struct SocketSender {
    queue: mpsc::Sender<Outgoing>,
    overflowed: Arc<Notify>,
}

impl SocketSender {
    /// A sender with a queue of `length` messages, and the queue's receiving end.
    #[must_use]
    pub fn new(length: usize) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, messages) = mpsc::channel(length);
        (Self { queue, overflowed: Arc::default() }, messages)
    }

    /// Queues a message; when the queue is full, drops it and notifies [`Self::overflowed`].
    pub fn send(&self, outgoing: Outgoing) {
        // A closed queue needs no notice, because its socket is ending already.
        if matches!(self.queue.try_send(outgoing), Err(mpsc::error::TrySendError::Full(_))) {
            self.overflowed.notify_one();
        }
    }

    /// Completes when a message was lost because the queue was full.
    pub async fn overflowed(&self) {
        self.overflowed.notified().await;
    }
}

fn find_place(
    view: &Snapshot,
    participant: ParticipantId,
    connection: u32,
) -> Option<PresentPlace> {
    let person = view.people.iter().find(|person| person.participant == participant)?;
    person.place.filter(|place| place.connection == connection)
}

/// A member's state in the call, as last sent to their browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MemberState {
    /// Nothing was sent yet.
    New,
    Seated,
    Waiting(u32),
    /// The member has lost their place and is about to be evicted.
    Leaving,
}

/// A connection of this node that is in the call.
pub struct Member {
    /// The participant and their session.
    pub visitor: Visitor,
    /// The number of the connection within the call.
    pub number: u32,
    /// True if the connection resumes the seat that the same device had before.
    pub resumed: bool,
    /// Time when the lease of its place ends, by the last renewal.
    pub lease_ends_at: DateTime<Utc>,
    out: SocketSender,
    standing: MemberState,
    sent_people: ByteString,
    sent_times: ByteString,
}

impl Member {
    /// A connection that was just admitted to the call.
    #[must_use]
    pub fn new(
        visitor: Visitor,
        number: u32,
        resumed: bool,
        lease_ends_at: DateTime<Utc>,
        out: SocketSender,
    ) -> Self {
        Self {
            visitor,
            number,
            resumed,
            lease_ends_at,
            out,
            standing: MemberState::New,
            sent_people: ByteString::new(),
            sent_times: ByteString::new(),
        }
    }

    fn send(&self, outgoing: Outgoing) {
        self.out.send(outgoing);
    }

    /// Sends the reason why the member is out. A browser that can't be reached notices the closed
    /// socket.
    pub fn evict(&self, reason: &LeaveReason) {
        self.send(Outgoing::Left(left_message(reason)));
    }
}

/// A call on this node.
#[derive(Default)]
pub struct Room {
    view: Option<Snapshot>,
    members: HashMap<SocketId, Member>,
    media: HashMap<(ParticipantId, u32), Media>,
    /// Signals that arrived before their recipient's connection, with the time of arrival.
    early: VecDeque<(DateTime<Utc>, AddressedSignal)>,
    /// True if a TURN relay is configured.
    has_relay: bool,
}

/// The last message to a participant who is out of the call.
#[must_use]
pub fn left_message(reason: &LeaveReason) -> ByteString {
    text(&ServerMessage::Out { code: reason.code.to_owned(), detail: reason.detail.clone() })
}

/// Serialises a message to JSON.
#[must_use]
pub fn text(message: &ServerMessage) -> ByteString {
    // Every message type can be written as JSON, so this never fails.
    serde_json::to_string(message).unwrap_or_default().into()
}

impl Room {
    /// A call that has no connection on this node yet.
    #[must_use]
    pub fn new(has_relay: bool) -> Self {
        Self { has_relay, ..Self::default() }
    }

    /// Returns whether the call has no connection on this node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The version of the last snapshot; `None` before the first one.
    #[must_use]
    pub fn version(&self) -> Option<i32> {
        self.view.as_ref().map(|view| view.version)
    }

    /// Adds a connection. The socket that the same device had before is closed and removed.
    pub fn join(&mut self, id: SocketId, member: Member) {
        let is_same = |old: &Member| {
            old.number == member.number && old.visitor.participant() == member.visitor.participant()
        };
        self.members.retain(|_, old| {
            let goes = is_same(old);
            if goes {
                old.send(Outgoing::Replaced);
            }
            !goes
        });
        self.members.insert(id, member);
    }

    /// Removes a connection and returns it; `None` if it was evicted before.
    pub fn leave(&mut self, id: SocketId) -> Option<Member> {
        self.members.remove(&id).filter(|member| member.standing != MemberState::Leaving)
    }

    /// Applies a snapshot and sends each member what changed for them. Returns the members that
    /// have lost their place; they must be evicted. A snapshot older than the last one is ignored.
    pub fn apply(&mut self, view: Snapshot, now: DateTime<Utc>) -> Vec<(SocketId, Visitor, u32)> {
        if self.version().is_some_and(|known| known > view.version) {
            return Vec::new();
        }
        // A connection newer than the snapshot keeps its media state until a later snapshot lists
        // it.
        self.media.retain(|(participant, number), _| {
            *number >= view.next_connection || find_place(&view, *participant, *number).is_some()
        });
        let mut gone = Vec::new();
        for (id, member) in &mut self.members {
            if member.standing == MemberState::Leaving || member.number >= view.next_connection {
                continue;
            }
            match find_place(&view, member.visitor.participant(), member.number) {
                None => {
                    member.standing = MemberState::Leaving;
                    gone.push((*id, member.visitor, member.number));
                }
                Some(place) => member.update_state(place, &view, now, self.has_relay),
            }
        }
        self.view = Some(view);
        self.send_people();
        self.deliver_early(now);
        gone
    }

    /// Delivers the early signals whose recipients have arrived, and drops those that have expired.
    fn deliver_early(&mut self, now: DateTime<Utc>) {
        for (since, addressed) in std::mem::take(&mut self.early) {
            if !self.deliver(&addressed) && now - since < EARLY {
                self.early.push_back((since, addressed));
            }
        }
    }

    /// Keeps a signal whose recipient's connection may be about to join. The database shows such a
    /// connection as seated before its own node's room knows of it, so other browsers already send
    /// it offers.
    pub fn buffer_early(&mut self, addressed: AddressedSignal, now: DateTime<Utc>) {
        let comes = |view: &Snapshot| {
            addressed.to_connection >= view.next_connection
                || find_place(view, addressed.to, addressed.to_connection)
                    .is_some_and(|place| place.queue.is_none())
        };
        let kept: usize = self.early.iter().map(|(_, kept)| kept.signal.data.len()).sum();
        if self.view.as_ref().is_none_or(comes)
            && kept + addressed.signal.data.len() <= EARLY_BYTES
            && self.early.len() < EARLY_SIGNALS
        {
            self.early.push_back((now, addressed));
        }
    }

    /// Sends the list of people to each member whose last list differs from it.
    fn send_people(&mut self) {
        let Some(view) = &self.view else { return };
        let news = text(&ServerMessage::People { people: people(view, &self.media) });
        for member in self.members.values_mut() {
            let knows = member.sent_people == news
                || matches!(member.standing, MemberState::New | MemberState::Leaving);
            if !knows {
                member.sent_people = news.clone();
                member.send(Outgoing::Text(news.clone()));
            }
        }
    }

    /// Stores which media a connection sends, and tells the members. Connections without a seat are
    /// not shown to others.
    pub fn set_media(&mut self, of: ParticipantId, connection: u32, media: Media) {
        if self.media.insert((of, connection), media) != Some(media) {
            self.send_people();
        }
    }

    /// The media states of this node's connections.
    pub fn local_media(&self) -> impl Iterator<Item = (ParticipantId, u32, Media)> {
        self.members.values().filter_map(|member| {
            let key = (member.visitor.participant(), member.number);
            self.media.get(&key).map(|media| (key.0, key.1, *media))
        })
    }

    /// The connection of a socket, if it has a seat.
    #[must_use]
    pub fn seated(&self, id: SocketId) -> Option<&Member> {
        self.members.get(&id).filter(|member| member.standing == MemberState::Seated)
    }

    /// The connection of a socket.
    #[must_use]
    pub fn member(&self, id: SocketId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Delivers a signal if its recipient's connection is on this node and has a seat; returns
    /// whether it was handled. The sender's node has already checked that the sender has a seat. A
    /// signal that was sent before the sender's newer connection is stale and is not delivered.
    pub fn deliver(&mut self, addressed: &AddressedSignal) -> bool {
        let Some(view) = &self.view else { return false };
        let has_newer = |person: &Present| {
            person.place.is_some_and(|place| place.connection > addressed.from_connection)
        };
        let is_sender = |person: &&Present| person.participant == addressed.from;
        let Some(sender) = view.people.iter().find(is_sender).filter(|person| !has_newer(person))
        else {
            return false;
        };
        let is_recipient = |member: &Member| {
            member.visitor.participant() == addressed.to
                && member.number == addressed.to_connection
                && member.standing == MemberState::Seated
        };
        let Some(member) = self.members.values().find(|member| is_recipient(member)) else {
            return false;
        };
        // Addresses are stripped here, so that a parent and the guest don't learn each other's
        // addresses, whatever their browsers send.
        let is_relayed =
            self.has_relay && sender.role.relayed_with() == Some(member.visitor.who.role());
        let signal = if is_relayed {
            strip_addresses(addressed.signal.clone())
        } else {
            Some(addressed.signal.clone())
        };
        let Some(signal) = signal else { return true };
        let message = ServerMessage::Signal {
            from: addressed.from.0,
            from_connection: addressed.from_connection,
            to_connection: addressed.to_connection,
            signal,
        };
        member.send(Outgoing::Text(text(&message)));
        true
    }

    /// The connections whose lease ends within `spare`, so that no lease expires while its browser
    /// is connected.
    pub fn due_for_renewal(
        &self,
        now: DateTime<Utc>,
        spare: TimeDelta,
    ) -> impl Iterator<Item = (SocketId, &Member)> {
        let is_due = move |member: &Member| {
            member.standing != MemberState::Leaving && member.lease_ends_at - now <= spare
        };
        self.members
            .iter()
            .filter(move |(_, member)| is_due(member))
            .map(|(id, member)| (*id, member))
    }

    /// Stores the new end of a place's lease.
    pub fn renewed(&mut self, id: SocketId, lease_ends_at: DateTime<Utc>) {
        if let Some(member) = self.members.get_mut(&id) {
            member.lease_ends_at = lease_ends_at;
        }
    }

    /// Returns whether a deadline has passed: the end of the call, or the lease of a place that is
    /// held by no connection of this node. Other nodes renew their places without telling this
    /// one, so the call must be read again from the database before anything is done about such
    /// a lease.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        let Some(view) = &self.view else { return false };
        let is_ours = |person: &Present, place: &PresentPlace| {
            self.members.values().any(|member| {
                member.visitor.participant() == person.participant
                    && member.number == place.connection
            })
        };
        let has_lapsed = |person: &Present| {
            person.place.is_some_and(|place| place.lease_ends_at <= now && !is_ours(person, &place))
        };
        now >= view.times.ends_at || view.people.iter().any(has_lapsed)
    }
}

impl Member {
    fn update_state(
        &mut self,
        place: PresentPlace,
        view: &Snapshot,
        now: DateTime<Utc>,
        has_relay: bool,
    ) {
        let standing = place.queue.map_or(MemberState::Seated, MemberState::Waiting);
        if self.standing == MemberState::New {
            let welcome = ServerMessage::Welcome {
                version: CALL_VERSION,
                you: self.visitor.participant().0,
                heartbeat_seconds: u32::try_from(HEARTBEAT_INTERVAL.as_secs()).unwrap_or_default(),
                relayed_with: self
                    .visitor
                    .who
                    .role()
                    .relayed_with()
                    .filter(|_| has_relay)
                    .map(views::call_role),
            };
            self.send(Outgoing::Text(text(&welcome)));
        }
        self.send_times(view, now);
        if standing == self.standing {
            return;
        }
        let resumed = self.resumed && self.standing == MemberState::New;
        let message = match standing {
            MemberState::Waiting(place) => ServerMessage::Waiting { place },
            _ => ServerMessage::Seated { connection: self.number, resumed },
        };
        self.standing = standing;
        self.send(Outgoing::Text(text(&message)));
    }

    fn send_times(&mut self, view: &Snapshot, now: DateTime<Utc>) {
        let at = |at| moment(at, view.zone);
        let times = |now| ServerMessage::Times {
            now: at(now),
            starts_at: at(view.times.starts_at),
            ends_at: at(view.times.ends_at),
            can_extend: view.can_extend && self.visitor.who.role() == CallRole::Teacher,
            late_minutes: view.late_minutes,
        };
        // The current time is left out of the comparison, because it always differs.
        let key = text(&times(view.times.starts_at));
        if self.sent_times != key {
            let news = text(&times(now));
            self.sent_times = key;
            self.send(Outgoing::Text(news));
        }
    }
}

fn people(view: &Snapshot, media: &HashMap<(ParticipantId, u32), Media>) -> Vec<CallPerson> {
    let person = |person: &Present| {
        let place = person.place;
        let state = match place {
            None => PresenceState::Missing,
            Some(PresentPlace { is_present: false, .. }) => PresenceState::Reconnecting,
            Some(PresentPlace { queue: Some(_), .. }) => PresenceState::Waiting,
            Some(_) => PresenceState::InCall,
        };
        let connection = place.filter(|place| place.queue.is_none()).map(|place| place.connection);
        CallPerson {
            id: person.participant.0,
            name: person.name.clone(),
            role: views::call_role(person.role),
            state,
            connection,
            place: place.and_then(|place| place.queue),
            media: connection
                .and_then(|number| media.get(&(person.participant, number)))
                .copied()
                .unwrap_or_default(),
        }
    };
    view.people.iter().map(person).collect()
}

#[cfg(test)]
mod tests;
