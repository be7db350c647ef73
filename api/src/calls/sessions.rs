//! The call sockets of each session on this node: limits their number, and the rate of requests
//! that reach the database. Each process counts on its own, so with two nodes a session may have up
//! to twice as many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use parlour_domain::id::SessionId;
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use super::{
    limits::{Bucket, REQUESTS, SOCKETS},
    room::SocketId,
};

/// All sessions that have a socket, or whose request rate limit has not refilled yet.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<SessionId, Session>>);

struct Session {
    /// Sorted by age, the oldest first.
    sockets: Vec<OpenSocket>,
    requests: Bucket,
}

struct OpenSocket {
    id: SocketId,
    is_inside: bool,
    close: Arc<Notify>,
}

/// A socket counted for its session until it is dropped.
pub struct SessionSocket {
    all: Arc<Sessions>,
    session: SessionId,
    id: SocketId,
    close: Arc<Notify>,
}

impl Sessions {
    /// Counts a new socket. At the limit it closes the session's oldest socket that is not in a
    /// call, because a browser that lost its connection may have left some open. `None` when all
    /// sockets of the session are in calls.
    pub fn open(self: &Arc<Self>, session: SessionId, id: SocketId) -> Option<SessionSocket> {
        let now = Instant::now();
        let mut all = self.all();
        // Sessions without sockets and with a full bucket are removed, so that the map does not
        // grow for ever.
        all.retain(|_, known| !known.sockets.is_empty() || !known.requests.is_full(now));
        let known = all.entry(session).or_insert_with(|| Session {
            sockets: Vec::new(),
            requests: Bucket::full(REQUESTS, now),
        });
        if known.sockets.len() >= SOCKETS {
            let oldest = known.sockets.iter().position(|open| !open.is_inside)?;
            known.sockets.remove(oldest).close.notify_one();
        }
        let close = Arc::new(Notify::new());
        known.sockets.push(OpenSocket { id, is_inside: false, close: Arc::clone(&close) });
        drop(all);
        Some(SessionSocket { all: Arc::clone(self), session, id, close })
    }

    /// The number of open sockets of this node.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.all().values().map(|session| session.sockets.len()).sum()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionSocket {
    /// The id of the socket.
    #[must_use]
    pub const fn id(&self) -> SocketId {
        self.id
    }

    /// Marks the socket as being in a call, which protects it from being closed for a newer one.
    pub fn enter(&self) {
        let mut all = self.all.all();
        if let Some(open) = all
            .get_mut(&self.session)
            .and_then(|known| known.sockets.iter_mut().find(|open| open.id == self.id))
        {
            open.is_inside = true;
        }
    }

    /// Completes when the socket must close because the session has opened too many others.
    pub async fn closed(&self) {
        self.close.notified().await;
    }

    /// Waits until the session's rate limit allows another request that reaches the database.
    pub async fn wait_for_turn(&self) {
        let wait = self
            .all
            .all()
            .get_mut(&self.session)
            .map(|known| known.requests.wait_for_one(Instant::now()));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            time::sleep(wait).await;
        }
    }
}

impl Drop for SessionSocket {
    fn drop(&mut self) {
        if let Some(known) = self.all.all().get_mut(&self.session) {
            known.sockets.retain(|open| open.id != self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    const SESSION: SessionId = SessionId(Uuid::nil());

    fn is_told(socket: &SessionSocket) -> bool {
        socket.closed().now_or_never().is_some()
    }

    #[tokio::test]
    async fn fifth_socket_of_a_session_evicts_the_oldest_outside_a_call() {
        let all = Arc::new(Sessions::default());
        let open = |id| all.open(SESSION, id);
        let mut four: Vec<SessionSocket> = (1..=4).filter_map(open).collect();
        four[0].enter();
        let fifth = open(5).unwrap();
        assert_eq!(four.iter().map(is_told).collect::<Vec<_>>(), [false, true, false, false]);
        for socket in &four[2..] {
            socket.enter();
        }
        fifth.enter();
        assert!(open(6).is_none(), "all four sockets are in calls");
        assert!(
            all.open(SessionId(Uuid::from_u128(1)), 7).is_some(),
            "another session has its own limit"
        );
        drop(four.pop());
        assert!(open(8).is_some());
        drop((four, fifth));
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_is_shared_by_all_sockets_of_a_session() {
        let all = Arc::new(Sessions::default());
        let start = Instant::now();
        let ask = async |id| {
            let socket = all.open(SESSION, id).unwrap();
            for _ in 0..5 {
                socket.wait_for_turn().await;
            }
            start.elapsed().as_secs()
        };
        // The test uses tokio's paused clock, which advances only when every task waits.
        assert_eq!(ask(1).await, 0);
        assert_eq!(ask(2).await, 5, "a new socket does not get a new burst");
        time::sleep(REFILLED).await;
        assert_eq!(ask(3).await, 5 + REFILLED.as_secs());
    }

    const REFILLED: time::Duration = time::Duration::from_secs(60);
}
