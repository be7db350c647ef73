//! The calls that have connections on this node: sends each connection what changed, renews the
//! leases of their places, and settles deadlines that have passed. The database decides
//! everything; the hub only compares the stored state with what was sent before.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    mem,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use parlour_domain::{
    call::GRACE,
    id::{BookingId, ParticipantId, SessionId},
};
use parlour_wire::{Media, Signal};
use tokio::sync::{Notify, watch};

use super::{
    bus::{AddressedSignal, Bus, BusMessage, Node},
    reason::{self, LeaveReason},
    room::{Member, Room, SocketId},
    sessions::{SessionSocket, Sessions},
};
use crate::{
    context::{Clock, Context, Random},
    store::{
        Error, Store,
        calls::{self, Visitor},
    },
    telemetry::metrics::{JobMetrics, LeasedJob},
};

/// Interval between comparisons of the versions of calls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The shortest pause before a comparison that was asked for by a wake-up.
const MIN_INTERVAL: Duration = Duration::from_millis(20);
/// A place is renewed when no more than this is left of its lease.
const RENEW_BEFORE: TimeDelta = TimeDelta::seconds(20);
/// Number of calls that are read or written at a time.
const CONCURRENCY: usize = 8;

/// The hub of a node: all calls that have connections on it.
pub struct Hub {
    rooms: Mutex<HashMap<BookingId, Room>>,
    /// Calls that must be read again: another node reported a change, or a lease was lost.
    stale: Mutex<HashSet<BookingId>>,
    next_socket: AtomicU64,
    sessions: Arc<Sessions>,
    me: Weak<Self>,
    bus: Arc<dyn Bus>,
    store: Store,
    clock: Arc<dyn Clock>,
    random: Random,
    woken: Notify,
    closing: watch::Sender<bool>,
    /// True if a TURN relay is configured, which some pairs must use.
    has_relay: bool,
    metrics: JobMetrics,
}

impl Hub {
    /// Creates the hub of a node. [`Self::run`] must run for it to work.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Random,
        bus: Arc<dyn Bus>,
        has_relay: bool,
        metrics: JobMetrics,
    ) -> Arc<Self> {
        let hub = Arc::new_cyclic(|me| Self {
            rooms: Mutex::default(),
            stale: Mutex::default(),
            next_socket: AtomicU64::new(1),
            sessions: Arc::default(),
            me: Weak::clone(me),
            bus,
            store,
            clock,
            random,
            woken: Notify::new(),
            closing: watch::Sender::new(false),
            has_relay,
            metrics,
        });
        let me: Weak<dyn Node> = hub.node();
        hub.bus.subscribe(me);
        hub
    }

    /// Watches the calls until `stopped` completes; then closes all sockets.
    pub async fn run(self: Arc<Self>, stopped: impl Future<Output = ()>) {
        let mut stopped = pin!(stopped);
        loop {
            tokio::select! {
                biased;
                () = &mut stopped => break,
                () = self.woken.notified() => tokio::time::sleep(MIN_INTERVAL).await,
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
            self.poll_calls().await;
        }
        self.close();
    }

    /// Checks all calls at once instead of at the next poll, after a write that may concern a call.
    pub fn wake(&self) {
        if !self.rooms().is_empty() {
            self.woken.notify_one();
        }
    }

    /// Closes all sockets. The browsers reconnect to a node that is still running.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Becomes true when the sockets must close.
    #[must_use]
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Counts a new socket of a session; `None` when the session has the maximum number of sockets
    /// and all of them are in calls.
    #[must_use]
    pub fn new_socket(&self, session: SessionId) -> Option<SessionSocket> {
        self.sessions.open(session, self.next_socket.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of call sockets that are open in this process.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.sessions.sockets()
    }

    /// The context of one change: the current time and a source of ids.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new(self.clock.now(), self.random.clone())
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Adds an admitted connection. It gets the full state of the call, and the others learn of it.
    pub async fn join(&self, id: SocketId, member: Member) {
        let booking = member.visitor.booking;
        let is_first = {
            let mut rooms = self.rooms();
            let room = rooms.entry(booking).or_insert_with(|| Room::new(self.has_relay));
            let is_first = room.is_empty();
            room.join(id, member);
            is_first
        };
        if is_first {
            self.publish(&BusMessage::Hello(booking));
        }
        self.changed(booking).await;
    }

    /// Removes a connection and returns it; `None` when it was evicted before or replaced by
    /// another socket of the same device.
    pub fn leave(&self, booking: BookingId, id: SocketId) -> Option<Member> {
        let mut rooms = self.rooms();
        let room = rooms.get_mut(&booking)?;
        let member = room.leave(id);
        if room.is_empty() {
            rooms.remove(&booking);
        }
        member
    }

    /// Tells this node's connections and the other nodes that this node changed a call's rows.
    pub async fn changed(&self, booking: BookingId) {
        self.publish(&BusMessage::Changed(booking));
        self.refresh(booking).await;
    }

    /// Passes on a signal. It is dropped when the sender or the recipient has no seat, or when it
    /// names an older connection. A signal to a connection that is about to join is kept for it.
    pub fn signal(
        &self,
        visitor: &Visitor,
        id: SocketId,
        to: ParticipantId,
        to_connection: u32,
        signal: Signal,
    ) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&visitor.booking) else { return };
        let Some(from_connection) = room.seated(id).map(|member| member.number) else { return };
        let addressed = AddressedSignal {
            booking: visitor.booking,
            from: visitor.participant(),
            from_connection,
            to,
            to_connection,
            signal,
        };
        if room.deliver(&addressed) {
            return;
        }
        room.buffer_early(addressed.clone(), self.clock.now());
        drop(rooms);
        self.publish(&BusMessage::Signal(addressed));
    }

    /// Tells the others in the call which media a participant sends.
    pub fn media(&self, visitor: &Visitor, id: SocketId, media: Media) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&visitor.booking) else { return };
        let Some(connection) = room.member(id).map(|member| member.number) else { return };
        room.set_media(visitor.participant(), connection, media);
        drop(rooms);
        self.publish(&BusMessage::Media {
            booking: visitor.booking,
            of: visitor.participant(),
            connection,
            media,
        });
    }

    fn publish(&self, note: &BusMessage) {
        let me: Weak<dyn Node> = self.node();
        self.bus.publish(&me, note);
    }

    fn node(&self) -> Weak<dyn Node> {
        let me: Weak<Self> = Weak::clone(&self.me);
        me
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<BookingId, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a call and tells its connections what changed; evicts those that have lost their
    /// place.
    async fn refresh(&self, booking: BookingId) {
        let now = self.clock.now();
        let view = match self.store.read(move |db| calls::snapshot(db, booking, now)).await {
            Ok(view) => view,
            Err(error) => return log_failure("snapshot read", booking, &error),
        };
        let gone =
            self.rooms().get_mut(&booking).map(|room| room.apply(view, now)).unwrap_or_default();
        for (id, visitor, connection) in gone {
            self.evict(id, visitor, connection).await;
        }
    }

    async fn evict(&self, id: SocketId, visitor: Visitor, connection: u32) {
        let (booking, now) = (visitor.booking, self.clock.now());
        let reason =
            self.store.read(move |db| reason::removal_reason(db, &visitor, connection, now)).await;
        let mut rooms = self.rooms();
        let Some(member) = rooms.get(&booking).and_then(|room| room.member(id)) else { return };
        match reason {
            Ok(reason) => member.evict(&reason),
            Err(error) => {
                log_failure("removal reason lookup", booking, &error);
                member.evict(&LeaveReason::expired());
            }
        }
        // The socket finds no member when it ends, so it changes nothing in the database.
        drop(rooms.get_mut(&booking).and_then(|room| room.leave(id)));
    }

    /// Renews leases, then reads every call that has changed or whose deadline has passed.
    async fn poll_calls(&self) {
        let now = self.clock.now();
        self.renew().await;
        let stale = mem::take(&mut *self.stale.lock().unwrap_or_else(PoisonError::into_inner));
        let (known, due): (Vec<(BookingId, Option<i32>)>, Vec<BookingId>) = {
            let mut rooms = self.rooms();
            rooms.retain(|_, room| !room.is_empty());
            let due = rooms
                .iter()
                .filter(|(_, room)| room.is_due(now))
                .map(|(booking, _)| *booking)
                .collect();
            (rooms.iter().map(|(booking, room)| (*booking, room.version())).collect(), due)
        };
        if known.is_empty() {
            return;
        }
        let bookings: Vec<BookingId> = known.iter().map(|(booking, _)| *booking).collect();
        let versions: HashMap<BookingId, i32> =
            match self.store.read(move |db| calls::versions(db, &bookings)).await {
                Ok(versions) => versions.into_iter().collect(),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "call version poll failed");
                    return;
                }
            };
        let mut changed: HashSet<BookingId> = stale;
        changed.extend(
            known
                .iter()
                .filter(|(booking, version)| *version != versions.get(booking).copied())
                .map(|(booking, _)| *booking),
        );
        changed.extend(due);
        stream::iter(changed)
            .for_each_concurrent(CONCURRENCY, |booking| self.settle_and_refresh(booking))
            .await;
    }

    async fn settle_and_refresh(&self, booking: BookingId) {
        self.refresh(booking).await;
        let ctx = self.context();
        let is_due = self.rooms().get(&booking).is_some_and(|room| room.is_due(ctx.now));
        if !is_due {
            return;
        }
        match self.store.write(move |db| calls::settle(db, &ctx, booking)).await {
            Ok(()) => self.changed(booking).await,
            Err(error) => log_failure("settle", booking, &error),
        }
    }

    /// Renews the places of all connections whose lease ends soon.
    async fn renew(&self) {
        let now = self.clock.now();
        let due: Vec<(SocketId, Visitor, u32)> = {
            let rooms = self.rooms();
            rooms
                .values()
                .flat_map(|room| room.due_for_renewal(now, RENEW_BEFORE))
                .map(|(id, member)| (id, member.visitor, member.number))
                .collect()
        };
        stream::iter(due)
            .for_each_concurrent(CONCURRENCY, |(id, visitor, connection)| {
                self.renew_one(id, visitor, connection)
            })
            .await;
    }

    async fn renew_one(&self, id: SocketId, visitor: Visitor, connection: u32) {
        let (ctx, booking) = (self.context(), visitor.booking);
        let lease_ends_at = ctx.now + GRACE;
        match self.store.write(move |db| calls::renew(db, &ctx, &visitor, connection)).await {
            Ok(true) => {
                if let Some(room) = self.rooms().get_mut(&booking) {
                    room.renewed(id, lease_ends_at);
                }
            }
            // The place does not belong to this connection any more.
            Ok(false) => {
                self.metrics.count_lost_lease(LeasedJob::Seat);
                self.stale.lock().unwrap_or_else(PoisonError::into_inner).insert(booking);
            }
            Err(error) => log_failure("lease renewal", booking, &error),
        }
    }
}

impl Node for Hub {
    fn receive(&self, note: BusMessage) {
        match note {
            BusMessage::Changed(booking) => {
                if self.rooms().contains_key(&booking) {
                    self.stale.lock().unwrap_or_else(PoisonError::into_inner).insert(booking);
                    self.woken.notify_one();
                }
            }
            BusMessage::Hello(booking) => {
                let own: Vec<_> = self
                    .rooms()
                    .get(&booking)
                    .map(|room| room.local_media().collect())
                    .unwrap_or_default();
                for (of, connection, media) in own {
                    self.publish(&BusMessage::Media { booking, of, connection, media });
                }
            }
            BusMessage::Media { booking, of, connection, media } => {
                if let Some(room) = self.rooms().get_mut(&booking) {
                    room.set_media(of, connection, media);
                }
            }
            BusMessage::Signal(addressed) => {
                if let Some(room) = self.rooms().get_mut(&addressed.booking)
                    && !room.deliver(&addressed)
                {
                    room.buffer_early(addressed, self.clock.now());
                }
            }
        }
    }
}

fn log_failure(what: &str, booking: BookingId, error: &Error) {
    tracing::warn!(
        %booking,
        error = %chain(error),
        "call {what} failed"
    );
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
