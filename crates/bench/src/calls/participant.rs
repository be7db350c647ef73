//! Simulated participant of a call, which acts like a browser: offers to earlier participants,
//! answers, and sends candidates and heartbeats.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt, StreamExt};
use parlour_domain::call::HEARTBEAT_INTERVAL;
use parlour_wire::{
    CALL_VERSION, ClientMessage, Join, PresenceState, ServerMessage, Signal, SignalKind,
};
use tokio::{
    net::TcpStream,
    sync::{Notify, oneshot},
    time::{self, Instant},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

use super::school::{Call, Person};

/// The approximate size of a session description with audio and video, in bytes.
const DESCRIPTION: usize = 2_500;
/// The number of candidates that each side of a pair sends, and their size in bytes.
const CANDIDATES: (usize, usize) = (6, 120);
/// The number of bytes that all participants sent and received.
#[derive(Default)]
pub(super) struct ByteCounter(AtomicU64);

impl ByteCounter {
    fn count(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The total size of all messages, in both directions.
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A call that is coming together.
pub(super) struct CallSetup {
    booking: Uuid,
    byte_counter: Arc<ByteCounter>,
    /// The time when each participant sent `join`.
    joined_at: Mutex<HashMap<Uuid, Instant>>,
    offers_ms: Mutex<Vec<f64>>,
    missing: AtomicUsize,
    done: Notify,
}

impl CallSetup {
    pub(super) fn new(booking: Uuid, byte_counter: Arc<ByteCounter>) -> Self {
        let pairs = Call::SIZE * (Call::SIZE - 1) / 2;
        Self {
            booking,
            byte_counter,
            joined_at: Mutex::default(),
            offers_ms: Mutex::default(),
            missing: AtomicUsize::new(pairs),
            done: Notify::new(),
        }
    }

    /// Waits until the offers of all pairs have arrived.
    pub(super) async fn complete(&self) {
        while self.missing.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
    }

    /// The latency of the offers, from the newcomer's `join` on.
    pub(super) fn offers_ms(&self) -> Vec<f64> {
        self.offers_ms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record_offer(&self, by: Uuid) {
        let joined_at =
            self.joined_at.lock().unwrap_or_else(PoisonError::into_inner).get(&by).copied();
        if let Some(joined_at) = joined_at {
            self.offers_ms
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(joined_at.elapsed().as_secs_f64() * 1_000.0);
        }
        self.missing.fetch_sub(1, Ordering::AcqRel);
        self.done.notify_one();
    }
}

/// Enters a call; returns once seated, and continues in the background.
pub(super) async fn enter(server: SocketAddr, person: Person, setup: Arc<CallSetup>) -> Result<()> {
    let mut request = format!("ws://{server}{}", person.path).into_client_request()?;
    request.headers_mut().insert("cookie", HeaderValue::from_str(&person.cookie)?);
    request.headers_mut().insert("origin", HeaderValue::from_str(&format!("http://{server}"))?);
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (socket, _) = client_async(request, stream).await.context("no WebSocket")?;
    let (seated, is_seated) = oneshot::channel();
    let booking = setup.booking;
    let participant = Participant {
        socket,
        setup,
        joined_at: Instant::now(),
        me: Uuid::nil(),
        number: 0,
        offered: HashSet::new(),
        seated: Some(seated),
    };
    tokio::spawn(async move {
        if let Err(error) = participant.run().await {
            eprintln!("call {booking}: {error:#}");
        }
    });
    is_seated.await.context("out before a seat was given")
}

struct Participant {
    socket: WebSocketStream<TcpStream>,
    setup: Arc<CallSetup>,
    joined_at: Instant,
    me: Uuid,
    number: u32,
    offered: HashSet<(Uuid, u32)>,
    seated: Option<oneshot::Sender<()>>,
}

impl Participant {
    async fn run(mut self) -> Result<()> {
        let device = Uuid::from_u64_pair(
            self.setup.booking.as_u64_pair().1,
            std::ptr::from_ref(&self.socket) as u64,
        )
        .simple()
        .to_string();
        self.joined_at = Instant::now();
        self.send(&ClientMessage::Join(Join {
            version: CALL_VERSION,
            device,
            move_here: false,
            fresh: true,
            code: None,
        }))
        .await?;
        // Answers to the server's pings are sent at the next read of the socket, which may be late
        // on a busy machine; the heartbeats keep the seat in that case.
        let mut heartbeats = time::interval(HEARTBEAT_INTERVAL);
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.setup.byte_counter.count(text.len());
                        let message = serde_json::from_str(&text)?;
                        self.handle_message(message).await?;
                    }
                    Some(Ok(Message::Close(frame))) => bail!("closed: {frame:?}"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => bail!("closed"),
                },
                _ = heartbeats.tick() => self.send(&ClientMessage::Heartbeat).await?,
            }
        }
    }

    async fn send(&mut self, message: &ClientMessage) -> Result<()> {
        let text = serde_json::to_string(message)?;
        self.setup.byte_counter.count(text.len());
        Ok(self.socket.send(Message::text(text)).await?)
    }

    async fn handle_message(&mut self, message: ServerMessage) -> Result<()> {
        match message {
            ServerMessage::Welcome { you, .. } => {
                self.me = you;
                self.setup
                    .joined_at
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(you, self.joined_at);
            }
            ServerMessage::Seated { connection, .. } => {
                self.number = connection;
                if let Some(seated) = self.seated.take() {
                    // The receiver may have given up waiting.
                    let _ = seated.send(());
                }
            }
            ServerMessage::People { people } => {
                for person in
                    people.into_iter().filter(|person| person.state == PresenceState::InCall)
                {
                    let Some(number) = person.connection.filter(|number| *number < self.number)
                    else {
                        continue;
                    };
                    if person.id != self.me && self.offered.insert((person.id, number)) {
                        self.signal(person.id, number, SignalKind::Offer).await?;
                    }
                }
            }
            ServerMessage::Signal { from, from_connection, signal, .. }
                if signal.kind == SignalKind::Offer =>
            {
                self.setup.record_offer(from);
                self.signal(from, from_connection, SignalKind::Answer).await?;
            }
            ServerMessage::Out { code, .. } => bail!("out: {code}"),
            ServerMessage::Problem { code, detail } => bail!("{code}: {detail}"),
            _ => {}
        }
        Ok(())
    }

    /// Sends a description, and candidates after it.
    async fn signal(&mut self, to: Uuid, to_connection: u32, kind: SignalKind) -> Result<()> {
        let step = |kind, bytes: usize| Signal {
            attempt: 1,
            kind,
            data: "x".repeat(bytes),
            sdp_mid: None,
            sdp_m_line_index: None,
        };
        self.send(&ClientMessage::Signal { to, to_connection, signal: step(kind, DESCRIPTION) })
            .await?;
        for _ in 0..CANDIDATES.0 {
            self.send(&ClientMessage::Signal {
                to,
                to_connection,
                signal: step(SignalKind::Candidate, CANDIDATES.1),
            })
            .await?;
        }
        Ok(())
    }
}
