//! What one node knows of one call: its own connections, and what the database said last. Decides
//! whom to tell what; waits for nothing.

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

/// How long a signal waits for a connection that others are told of before it is here.
const EARLY: TimeDelta = TimeDelta::seconds(3);
/// How much waits so, in bytes of the signals' data.
const EARLY_BYTES: usize = 256 * 1024;
/// How many signals wait so: a quarter of what a browser's queue holds, since they come to it all
/// at once.
const EARLY_SIGNALS: usize = SEND_QUEUE_LEN / 4;

/// A socket of this node.
pub type SocketId = u64;

/// What is to be done with a socket.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// Send this.
    Text(ByteString),
    /// Send this and close: one is out of the call.
    Left(ByteString),
    /// Close without a word: the same browser has come with another socket.
    Replaced,
}

/// The way to a browser. What finds the queue full is lost, so the socket is closed then: the
/// browser comes back and is told everything anew.
#[derive(Clone)]
pub struct SocketSender {
    queue: mpsc::Sender<Outgoing>,
    overflowed: Arc<Notify>,
}

impl SocketSender {
    /// One whose queue holds so many messages, and where they come out.
    #[must_use]
    pub fn new(length: usize) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, messages) = mpsc::channel(length);
        (Self { queue, overflowed: Arc::default() }, messages)
    }

    /// Puts a message into the queue.
    pub fn send(&self, outgoing: Outgoing) {
        // A closed queue is one whose socket is at its end already.
        if matches!(self.queue.try_send(outgoing), Err(mpsc::error::TrySendError::Full(_))) {
            self.overflowed.notify_one();
        }
    }

    /// Ready when a message was lost.
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

/// How somebody is in the call, as they were told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MemberState {
    /// Nothing yet.
    New,
    Seated,
    Waiting(u32),
    /// They are being put out.
    Leaving,
}

/// One connection of this node.
pub struct Member {
    /// Who.
    pub visitor: Visitor,
    /// The number of the connection.
    pub number: u32,
    /// It goes on where the same device was before.
    pub resumed: bool,
    /// Until when its place is held, as it was renewed last.
    pub lease_ends_at: DateTime<Utc>,
    out: SocketSender,
    standing: MemberState,
    sent_people: ByteString,
    sent_times: ByteString,
}

impl Member {
    /// A connection that was let in.
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

    /// Says why one is out. Whoever can't be told finds out by the closed socket.
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
    /// Signals that came before the connection that they are for, and when.
    early: VecDeque<(DateTime<Utc>, AddressedSignal)>,
    /// There is a relay.
    has_relay: bool,
}

/// The last message to somebody.
#[must_use]
pub fn left_message(reason: &LeaveReason) -> ByteString {
    text(&ServerMessage::Out { code: reason.code.to_owned(), detail: reason.detail.clone() })
}

/// A message as it is sent.
#[must_use]
pub fn text(message: &ServerMessage) -> ByteString {
    // The shapes hold nothing that JSON can't, so that this can't fail.
    serde_json::to_string(message).unwrap_or_default().into()
}

impl Room {
    /// A call of which no connection is here yet.
    #[must_use]
    pub fn new(has_relay: bool) -> Self {
        Self { has_relay, ..Self::default() }
    }

    /// Whether no connection is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The version of what the database said last.
    #[must_use]
    pub fn version(&self) -> Option<i32> {
        self.view.as_ref().map(|view| view.version)
    }

    /// A connection comes. The socket that the same device had before is closed and is no member
    /// any more.
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

    /// A connection goes; none when it was put out before.
    pub fn leave(&mut self, id: SocketId) -> Option<Member> {
        self.members.remove(&id).filter(|member| member.standing != MemberState::Leaving)
    }

    /// Takes what the database says now and tells whom it concerns. Gives back those who have no
    /// place any more.
    pub fn apply(&mut self, view: Snapshot, now: DateTime<Utc>) -> Vec<(SocketId, Visitor, u32)> {
        if self.version().is_some_and(|known| known > view.version) {
            return Vec::new();
        }
        // What a connection sends that is newer than the view is kept for the next one.
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

    /// Brings the signals that came too early to whoever is here now.
    fn deliver_early(&mut self, now: DateTime<Utc>) {
        for (since, addressed) in std::mem::take(&mut self.early) {
            if !self.deliver(&addressed) && now - since < EARLY {
                self.early.push_back((since, addressed));
            }
        }
    }

    /// Keeps a signal whose connection may be about to come: it sits already as the database says,
    /// so that others offer to it, and its own node hears of it a moment later.
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

    /// Tells those in the call who is where, if that is news to them.
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

    /// Somebody sends something else now. A connection that sits nowhere is shown to nobody.
    pub fn set_media(&mut self, of: ParticipantId, connection: u32, media: Media) {
        if self.media.insert((of, connection), media) != Some(media) {
            self.send_people();
        }
    }

    /// What the connections of this node send.
    pub fn local_media(&self) -> impl Iterator<Item = (ParticipantId, u32, Media)> {
        self.members.values().filter_map(|member| {
            let key = (member.visitor.participant(), member.number);
            self.media.get(&key).map(|media| (key.0, key.1, *media))
        })
    }

    /// The connection of a socket, if it sits.
    #[must_use]
    pub fn seated(&self, id: SocketId) -> Option<&Member> {
        self.members.get(&id).filter(|member| member.standing == MemberState::Seated)
    }

    /// The connection of a socket.
    #[must_use]
    pub fn member(&self, id: SocketId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Brings a signal to its connection, if that is one of this node and sits. That its sender
    /// sits was seen by the sender's node; what it had on the way before a newer connection of
    /// the same person is late.
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
        // A parent and the guest don't learn each other's addresses, whatever their browsers say.
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

    /// The connections whose place must be renewed, so that none runs out while its browser is
    /// there.
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

    /// A place was renewed.
    pub fn renewed(&mut self, id: SocketId, lease_ends_at: DateTime<Utc>) {
        if let Some(member) = self.members.get_mut(&id) {
            member.lease_ends_at = lease_ends_at;
        }
    }

    /// Whether time alone changes something now: the end is reached, or a place was not renewed.
    /// Places of other nodes are renewed without our knowledge, so the database has to be asked
    /// again before anything is done about one.
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
        // The time of day is no news.
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
