//! All connections of this process, whichever worker has them: how many there may be, which of them
//! stand still, and which are closed first. Knows nothing of requests but how far each has come.

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

/// How long a connection may stand still that waits for nothing of ours: between two requests, in
/// the middle of a head, or taking an answer. A first head has 5 seconds by actix, and a body its
/// own time (`request`).
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often connections that stand still are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How much of an answer is handed over at a time: what is larger goes in parts, so that it can be
/// seen whether it is taken.
const CHUNK_SIZE: usize = 16 * 1024;
/// Files that are open besides connections.
const OTHER_FILES: u64 = 256;
/// Files for each connection: its socket and our second handle of it, and as much again for those
/// that are being closed.
const FILES_PER_CONNECTION: u64 = 4;

/// How far a connection has come. The order is that in which they are closed when there are too
/// many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// It has no request yet, or no other one.
    Idle,
    /// The body of its request is coming.
    Receiving,
    /// It takes an answer.
    Sending,
    /// It is the socket of somebody who is at the door of a call.
    Upgraded,
    /// It waits for us. Never closed.
    Working,
    /// It is the socket of somebody in a call. Never closed.
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

/// All connections.
pub struct Connections {
    all: Mutex<HashMap<u64, Entry>>,
    next: AtomicU64,
    most: usize,
    began: Instant,
}

struct Entry {
    progress: Arc<Progress>,
    /// A second handle of the socket, by which it is closed from outside of its worker.
    socket: TcpStream,
}

/// The stage of a connection, and since when: in milliseconds of this process.
struct Progress {
    stage: AtomicU8,
    since: AtomicU64,
}

/// A connection, as its requests see it. It is over when this is dropped.
pub struct Connection {
    id: u64,
    handle: Handle,
}

/// Tells how far a connection has come; it may outlive it.
#[derive(Clone)]
pub struct Handle {
    progress: Arc<Progress>,
    all: Arc<Connections>,
}

impl Connections {
    /// Room for so many.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            all: Mutex::default(),
            next: AtomicU64::new(1),
            most,
            began: Instant::now(),
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// What actix calls for each new connection.
    pub fn accept(self: &Arc<Self>, io: &dyn Any, data: &mut Extensions) {
        let Some(stream) = io.downcast_ref::<AsyncTcpStream>() else { return };
        match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => drop(data.insert(self.add(socket.into()))),
            Err(error) => tracing::warn!(%error, "a connection can't be watched"),
        }
    }

    /// Takes a connection in. When there is no room, another one goes: of those that are idle the
    /// one that has been so for the longest, then of those that send and of those that receive
    /// the slowest. Where everybody else is being served, the newcomer goes.
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

    /// Closes the connections that by then have stood still for too long; says how many.
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

/// Looks for connections that stand still, for as long as the server is there.
pub async fn watch(connections: Arc<Connections>) {
    let weak = Arc::downgrade(&connections);
    drop(connections);
    while let Some(connections) = weak.upgrade() {
        connections.sweep(Instant::now());
        drop(connections);
        tokio::time::sleep(SWEEP_INTERVAL).await;
    }
}

/// Its worker finds that nothing comes any more and nothing can be sent, and lets go of it. What
/// has left us already still arrives.
fn close(socket: &TcpStream) {
    // One that is not connected any more is closed as it is.
    let _ = socket.shutdown(Shutdown::Both);
}

impl Progress {
    fn stage(&self) -> Stage {
        Stage::of(self.stage.load(Ordering::Relaxed))
    }
}

impl Connection {
    /// It has come so far now.
    pub fn enter(&self, stage: Stage) {
        self.handle.enter(stage);
    }

    /// What tells so from elsewhere.
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
    /// It has come so far now.
    pub fn enter(&self, stage: Stage) {
        self.progress.stage.store(stage as u8, Ordering::Relaxed);
        self.progress.since.store(self.all.millis(Instant::now()), Ordering::Relaxed);
    }
}

/// An answer that is handed over in parts, each of which says that the one before was taken.
pub struct MonitoredBody {
    body: BoxBody,
    rest: Bytes,
    handle: Handle,
}

impl MonitoredBody {
    /// The body of an answer on a connection.
    #[must_use]
    pub fn new(body: BoxBody, connection: &Connection) -> Self {
        let handle = connection.handle();
        handle.enter(Stage::Sending);
        Self { body, rest: Bytes::new(), handle }
    }

    /// Whether a body is so small that it leaves in one part.
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

/// Lets the process open as many files as so many connections need, as far as the system lets it;
/// says how many connections there can be.
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

/// Raises the limit of open files (`setrlimit(2)`) where it is lower; says what it is then.
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

    /// A connection of the registry, and the other end of it.
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
        // Everybody is being served.
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
