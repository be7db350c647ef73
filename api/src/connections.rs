//! The registry of all open connections, across the HTTP workers. It limits their number, closes
//! stalled ones, and evicts others to make room. Of a request it knows only its stage.

use std::{
    any::Any,
    collections::HashMap,
    error::Error,
    io,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::Extensions,
    rt::net::TcpStream as AsyncTcpStream,
    web::Bytes,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Time for which a connection may stall in [`Stage::Idle`] or [`Stage::Sending`]: between two
/// requests, in the middle of a request head, or while the client receives a response. actix limits
/// the first head to 5 seconds, and the module `request` limits bodies.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between two sweeps for stalled connections.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Largest chunk of a response body in bytes. A larger body is sent in chunks, so that the registry
/// sees whether the client reads it.
const CHUNK_SIZE: usize = 16 * 1024;
/// Number of open files besides connections.
const OTHER_FILES: u64 = 256;
/// Number of files per connection: its socket and our second handle of it, and as many again for
/// connections that are still closing.
const FILES_PER_CONNECTION: u64 = 4;

/// The stage of a connection. Connections are evicted in this order when there are too many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// No request has come yet, or the last one is done.
    Idle,
    /// The body of its request is being received.
    Receiving,
    /// Its response is being sent.
    Sending,
    /// A WebSocket that has not joined a call.
    Upgraded,
    /// The server is working on its request. Never evicted.
    Working,
    /// A WebSocket that has joined a call. Never evicted.
    InCall,
}

impl Stage {
    const ALL: [Self; 6] =
        [Self::Idle, Self::Receiving, Self::Sending, Self::Upgraded, Self::Working, Self::InCall];

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Working)
    }

    const fn may_be_closed(self) -> bool {
        !matches!(self, Self::Working | Self::InCall)
    }

    const fn has_idle_timeout(self) -> bool {
        matches!(self, Self::Idle | Self::Sending)
    }
}

/// The registry.
pub struct Connections {
    all: Mutex<HashMap<u64, Entry>>,
    next: AtomicU64,
    most: usize,
    began: Instant,
}

struct Entry {
    progress: Arc<Progress>,
    /// A second handle of the socket, for closing it from outside of its worker.
    socket: TcpStream,
}

/// The stage of a connection and the time of its last progress, in milliseconds since the registry
/// was created.
struct Progress {
    stage: AtomicU8,
    since: AtomicU64,
}

/// A registered connection, kept in the connection data of its requests. Dropping it removes the
/// connection from the registry.
pub struct Connection {
    id: u64,
    handle: Handle,
}

/// Sets the stage of a connection. May outlive the connection.
#[derive(Clone)]
pub struct Handle {
    progress: Arc<Progress>,
    all: Arc<Connections>,
}

impl Connections {
    /// An empty registry for at most this many connections.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            all: Mutex::default(),
            next: AtomicU64::new(1),
            most,
            began: Instant::now(),
        })
    }

    /// The number of registered connections.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// The `on_connect` callback of actix: registers a new connection.
    pub fn accept(self: &Arc<Self>, io: &dyn Any, data: &mut Extensions) {
        let Some(stream) = io.downcast_ref::<AsyncTcpStream>() else { return };
        match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => drop(data.insert(self.add(socket.into()))),
            Err(error) => tracing::warn!(%error, "a connection can't be watched"),
        }
    }

    /// Registers a connection. When the registry is full, it evicts the connection with the first
    /// [`Stage`] and, within the stage, with the oldest progress. If all others are working or in a
    /// call, it closes the new connection instead.
    fn add(self: &Arc<Self>, socket: TcpStream) -> Connection {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::new(Progress {
            stage: AtomicU8::new(Stage::Idle as u8),
            since: AtomicU64::new(self.millis(Instant::now())),
        });
        let mut all = self.all();
        while all.len() >= self.most {
            let of = |entry: &Entry| {
                (entry.progress.stage(), entry.progress.since.load(Ordering::Relaxed))
            };
            let first = all
                .iter()
                .map(|(id, entry)| (of(entry), *id))
                .filter(|((stage, _), _)| stage.may_be_closed())
                .min();
            let Some((_, first)) = first else {
                close(&socket);
                break;
            };
            if let Some(entry) = all.remove(&first) {
                close(&entry.socket);
            }
        }
        if all.len() < self.most {
            all.insert(id, Entry { progress: Arc::clone(&progress), socket });
        }
        drop(all);
        Connection { id, handle: Handle { progress, all: Arc::clone(self) } }
    }

    /// Closes the connections that have stalled for longer than [`IDLE_TIMEOUT`] at `now`. Returns
    /// their number.
    pub fn sweep(&self, now: Instant) -> usize {
        let now = self.millis(now);
        let is_still = |progress: &Progress| {
            let since =
                Duration::from_millis(now.saturating_sub(progress.since.load(Ordering::Relaxed)));
            progress.stage().has_idle_timeout() && since > IDLE_TIMEOUT
        };
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, entry| {
            let goes = is_still(&entry.progress);
            if goes {
                close(&entry.socket);
            }
            !goes
        });
        before - all.len()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Sweeps the registry regularly until it is dropped.
pub async fn watch(connections: Arc<Connections>) {
    let weak = Arc::downgrade(&connections);
    drop(connections);
    while let Some(connections) = weak.upgrade() {
        connections.sweep(Instant::now());
        drop(connections);
        tokio::time::sleep(SWEEP_INTERVAL).await;
    }
}

/// Shuts a socket down. Its worker then finds it closed and drops it. Data that is already in the
/// send buffer still arrives.
fn close(socket: &TcpStream) {
    // The error of a socket that is no longer connected can be ignored: it is closed anyway.
    let _ = socket.shutdown(Shutdown::Both);
}

impl Progress {
    fn stage(&self) -> Stage {
        Stage::of(self.stage.load(Ordering::Relaxed))
    }
}

impl Connection {
    /// Sets the stage and the time of progress.
    pub fn enter(&self, stage: Stage) {
        self.handle.enter(stage);
    }

    /// A handle that sets the stage from elsewhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        drop(self.handle.all.all().remove(&self.id));
    }
}

impl Handle {
    /// Sets the stage and the time of progress.
    pub fn enter(&self, stage: Stage) {
        self.progress.stage.store(stage as u8, Ordering::Relaxed);
        self.progress.since.store(self.all.millis(Instant::now()), Ordering::Relaxed);
    }
}

/// A response body that is sent in chunks. Each poll for a chunk shows that the client took the one
/// before, and counts as progress.
pub struct MonitoredBody {
    body: BoxBody,
    rest: Bytes,
    handle: Handle,
}

impl MonitoredBody {
    /// Wraps the body of a response on a connection.
    #[must_use]
    pub fn new(body: BoxBody, connection: &Connection) -> Self {
        let handle = connection.handle();
        handle.enter(Stage::Sending);
        Self { body, rest: Bytes::new(), handle }
    }

    /// Returns whether a body fits into one chunk.
    #[must_use]
    pub fn is_small(size: BodySize) -> bool {
        match size {
            BodySize::None => true,
            BodySize::Sized(bytes) => bytes <= CHUNK_SIZE as u64,
            BodySize::Stream => false,
        }
    }
}

impl MessageBody for MonitoredBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
        self.handle.enter(Stage::Sending);
        let part = CHUNK_SIZE.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(part))))
    }
}

impl Drop for MonitoredBody {
    fn drop(&mut self) {
        self.handle.enter(Stage::Idle);
    }
}

/// Raises the limit of open files for the wanted number of connections, as far as the system
/// allows. Returns the number of connections for which the limit suffices.
#[must_use]
pub fn reserve_files(wanted: usize) -> usize {
    let needed = (wanted as u64).saturating_mul(FILES_PER_CONNECTION).saturating_add(OTHER_FILES);
    let limit = match raise_file_limit(needed) {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files can't be raised");
            getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft)
        }
    };
    let room = usize::try_from(limit.saturating_sub(OTHER_FILES) / FILES_PER_CONNECTION)
        .unwrap_or(usize::MAX)
        .max(1);
    if room < wanted {
        tracing::warn!(
            limit,
            wanted,
            connections = room,
            "the limit of open files allows fewer connections than PARLOUR_MAX_CONNECTIONS"
        );
    }
    room.min(wanted)
}

/// Raises the soft limit of open files (`setrlimit(2)`) if it is lower. Returns the resulting
/// limit.
fn raise_file_limit(needed: u64) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = needed.min(hard);
    if soft >= wanted {
        return Ok(soft);
    }
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use std::{io::Read, net::TcpListener};

    use super::*;

    /// A registered connection and the client's end of it.
    fn connect(all: &Arc<Connections>, listener: &TcpListener) -> (Connection, TcpStream) {
        let there = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (all.add(listener.accept().unwrap().0), there)
    }

    fn is_closed(there: &mut TcpStream) -> bool {
        there.set_nonblocking(true).unwrap();
        matches!(there.read(&mut [0]), Ok(0))
    }

    #[test]
    fn idle_then_slow_connections_are_evicted_and_active_ones_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let all = Connections::new(6);
        let mut ends: Vec<_> = (0..6).map(|_| connect(&all, &listener)).collect();
        let stages = [
            Stage::InCall,
            Stage::Sending,
            Stage::Idle,
            Stage::Receiving,
            Stage::Working,
            Stage::Idle,
        ];
        for (n, ((connection, _), stage)) in (1..).zip(ends.iter().zip(stages)) {
            connection.enter(stage);
            connection.handle.progress.since.store(n, Ordering::Relaxed);
        }
        let closed = |ends: &mut Vec<(Connection, TcpStream)>| -> Vec<usize> {
            (0..ends.len()).filter(|at| is_closed(&mut ends[*at].1)).collect()
        };
        let mut newcomers = Vec::new();
        for expected in [&[2][..], &[2, 5], &[2, 3, 5], &[1, 2, 3, 5]] {
            let (connection, there) = connect(&all, &listener);
            connection.enter(Stage::Working);
            newcomers.push((connection, there));
            assert_eq!((closed(&mut ends), all.count()), (expected.to_vec(), 6));
        }
        // Every connection is working or in a call.
        let (late, mut there) = connect(&all, &listener);
        assert!(is_closed(&mut there));
        drop(late);
        assert_eq!(all.count(), 6);
        drop((ends, newcomers));
        assert_eq!(all.count(), 0);
    }

    #[test]
    fn stalled_connections_are_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let all = Connections::new(10);
        let mut ends: Vec<_> =
            Stage::ALL.into_iter().map(|stage| (stage, connect(&all, &listener))).collect();
        for (stage, (connection, _)) in &ends {
            connection.enter(*stage);
        }
        assert_eq!(all.sweep(Instant::now() + IDLE_TIMEOUT), 0);
        assert_eq!(all.sweep(Instant::now() + IDLE_TIMEOUT + Duration::from_secs(1)), 2);
        let closed: Vec<Stage> = ends
            .iter_mut()
            .filter_map(|(stage, (_, there))| is_closed(there).then_some(*stage))
            .collect();
        assert_eq!(closed, [Stage::Idle, Stage::Sending]);
    }

    #[test]
    fn open_file_limit_is_raised() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(600), hard).unwrap();
        assert_eq!(reserve_files(100), 100);
        let (soft, now) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!((soft, now), (hard.min(656), hard));
        assert!(reserve_files(usize::MAX / 8) < usize::MAX / 8, "no system has as many");
    }
}
