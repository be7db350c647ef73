//! One call WebSocket: handles the browser's messages one at a time within the limits, and sends it
//! the hub's messages. A misbehaving browser affects no other connection.

use std::sync::Arc;

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session,
};
use bytestring::ByteString;
use parlour_domain::{
    call::{HEARTBEAT_INTERVAL, SILENCE_TIMEOUT},
    id::ParticipantId,
};
use parlour_wire::{CALL_VERSION, ClientMessage, Join, ServerMessage};
use tokio::{
    sync::{Notify, mpsc},
    time::{self, Instant},
};

use super::{
    hub::Hub,
    limits::{ANSWER_TIMEOUT, BYTES, Bucket, JOIN_TIMEOUT, MESSAGES, SEND_QUEUE_LEN, SEND_TIMEOUT},
    reason::LeaveReason,
    room::{self, Member, Outgoing, SocketSender},
    sessions::SessionSocket,
};
use crate::{
    connections::{Handle, Stage},
    context::Context,
    keys::Keys,
    store::{
        Error,
        calls::{self, EnterOutcome, GivenCode, JoinRequest, Visitor},
    },
};

/// A WebSocket that was just opened, after its caller was allowed to see the call.
pub struct NewSocket {
    /// The hub of this process.
    pub hub: Arc<Hub>,
    /// The keys for hashes and codes.
    pub keys: Keys,
    /// Wakes the mail worker.
    pub wake: Arc<Notify>,
    /// The person who opened the socket, and the call.
    pub visitor: Visitor,
    /// The keyed hash of the client's network address.
    pub client_hash: String,
    /// The socket's entry in its session's count.
    pub session_socket: SessionSocket,
    /// The TCP connection that carries the socket.
    pub connection: Option<Handle>,
    /// The sending side of the socket.
    pub session: Session,
}

/// A call WebSocket.
pub struct Socket {
    opened: NewSocket,
    out: SocketSender,
    messages: Bucket,
    bytes: Bucket,
    state: SocketState,
    /// The keyed hash of the tab's key; known after the first `join`.
    device_hash: Option<String>,
}

/// The state of a socket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SocketState {
    /// Not in the call. It must send `join` before this deadline, at first or to answer a question.
    Outside(Instant),
    /// In the call with this connection. It must send something before `heard_until`.
    Inside { connection: u32, heard_until: Instant },
}

/// The reason why a socket ends.
enum SocketEnd {
    /// The browser disconnected or was silent for too long.
    Vanished,
    /// The browser sent `leave`.
    Left,
    /// The last message of the server to this browser was sent.
    Told,
    /// The browser exceeded a limit or broke the protocol.
    Broke(CloseCode, &'static str),
    /// The server is stopping.
    Stopping,
}

impl SocketEnd {
    /// The reason as it is logged.
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Vanished => "vanished",
            Self::Left => "left",
            Self::Told => "told",
            Self::Broke(_, limit) => limit,
            Self::Stopping => "stopping",
        }
    }
}

type Step = Result<(), SocketEnd>;

impl Socket {
    /// A socket, and the queue of the hub's messages for it.
    #[must_use]
    pub fn new(opened: NewSocket) -> (Self, mpsc::Receiver<Outgoing>) {
        let (out, from_hub) = SocketSender::new(SEND_QUEUE_LEN);
        let now = Instant::now();
        let (messages, bytes) = (Bucket::full(MESSAGES, now), Bucket::full(BYTES, now));
        let socket = Self {
            opened,
            out,
            messages,
            bytes,
            state: SocketState::Outside(now + JOIN_TIMEOUT),
            device_hash: None,
        };
        socket.set_stage(Stage::Upgraded);
        (socket, from_hub)
    }

    /// Serves the socket until it ends.
    pub async fn run(
        mut self,
        mut messages: AggregatedMessageStream,
        mut from_hub: mpsc::Receiver<Outgoing>,
    ) {
        let began = Instant::now();
        let booking = self.opened.visitor.booking;
        let mut closing = self.hub().closing();
        // A browser answers pings by itself, even in a background tab whose timers are throttled.
        let mut pings = time::interval(HEARTBEAT_INTERVAL);
        let end = loop {
            let step = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => Err(SocketEnd::Stopping),
                () = self.out.overflowed() => Err(
                    SocketEnd::Broke(CloseCode::Again, "too many messages wait")
                ),
                () = self.opened.session_socket.closed() => Err(
                    SocketEnd::Broke(CloseCode::Policy, "too many sockets")
                ),
                Some(outgoing) = from_hub.recv() => self.forward(outgoing).await,
                message = messages.recv() => match message {
                    Some(Ok(message)) => self.take(message).await,
                    Some(Err(error)) => Err(broken(&error)),
                    None => Err(SocketEnd::Vanished),
                },
                () = time::sleep_until(self.deadline()) => Err(self.timeout()),
                _ = pings.tick() => self.ping().await,
            };
            if let Err(end) = step {
                break end;
            }
        };
        let (end_reason, joined) = (end.as_str(), matches!(self.state, SocketState::Inside { .. }));
        self.finish(end).await;
        tracing::info!(
            %booking,
            joined,
            reason = end_reason,
            duration_s = began.elapsed().as_secs(),
            "call socket closed"
        );
    }

    fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.opened.hub)
    }

    const fn deadline(&self) -> Instant {
        match self.state {
            SocketState::Outside(until) | SocketState::Inside { heard_until: until, .. } => until,
        }
    }

    const fn timeout(&self) -> SocketEnd {
        match self.state {
            SocketState::Outside(_) => SocketEnd::Broke(CloseCode::Policy, "no join in time"),
            SocketState::Inside { .. } => SocketEnd::Vanished,
        }
    }

    /// Handles a message of the browser. Every message counts as a sign of life, also the pongs
    /// that answer the server's pings.
    async fn take(&mut self, message: AggregatedMessage) -> Step {
        let now = Instant::now();
        if let SocketState::Inside { heard_until, .. } = &mut self.state {
            *heard_until = now + SILENCE_TIMEOUT;
        }
        if !self.messages.take(1.0, now) {
            return Err(SocketEnd::Broke(CloseCode::Policy, "too many messages"));
        }
        if !self.bytes.take(size(&message), now) {
            return Err(SocketEnd::Broke(CloseCode::Policy, "too many bytes"));
        }
        match message {
            AggregatedMessage::Text(text) => match serde_json::from_str(&text) {
                Ok(message) => self.handle_message(message).await,
                Err(_) => {
                    self.problem("bad_message", "The message is not one of the call's.").await
                }
            },
            AggregatedMessage::Binary(_) => {
                Err(SocketEnd::Broke(CloseCode::Unsupported, "text only"))
            }
            AggregatedMessage::Ping(bytes) => {
                self.with_timeout(|mut session| async move { session.pong(&bytes).await }).await
            }
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(SocketEnd::Vanished),
        }
    }

    async fn handle_message(&mut self, message: ClientMessage) -> Step {
        if matches!(
            message,
            ClientMessage::Join(_) | ClientMessage::SendCode | ClientMessage::Extend
        ) {
            // No further message of this browser is read while it waits.
            self.opened.session_socket.wait_for_turn().await;
        }
        match (message, self.state) {
            (ClientMessage::Join(join), SocketState::Outside(_)) => self.join(join).await,
            (ClientMessage::Join(_), SocketState::Inside { .. }) => {
                self.problem("already_joined", "This connection is in the call already.").await
            }
            (ClientMessage::Heartbeat, _) => Ok(()),
            (ClientMessage::Ping { id }, _) => {
                self.send(room::text(&ServerMessage::Pong { id })).await
            }
            (ClientMessage::SendCode, SocketState::Outside(_)) => self.send_code().await,
            (ClientMessage::Leave, SocketState::Outside(_)) => Err(SocketEnd::Left),
            (_, SocketState::Outside(_)) => self.problem("not_joined", "Say join first.").await,
            (ClientMessage::Signal { to, to_connection, signal }, _) => {
                self.hub().signal(
                    &self.opened.visitor,
                    self.opened.session_socket.id(),
                    ParticipantId(to),
                    to_connection,
                    signal,
                );
                Ok(())
            }
            (ClientMessage::Media(media), _) => {
                self.hub().media(&self.opened.visitor, self.opened.session_socket.id(), media);
                Ok(())
            }
            (ClientMessage::Extend, _) => self.extend().await,
            (ClientMessage::Leave, _) => Err(SocketEnd::Left),
            (ClientMessage::SendCode, _) => {
                self.problem("bad_message", "No code is asked for.").await
            }
        }
    }

    async fn join(&mut self, join: Join) -> Step {
        if join.version != CALL_VERSION {
            return self.send_left(&LeaveReason::version_unknown()).await;
        }
        if !(16..=64).contains(&join.device.chars().count()) {
            return self.problem("bad_message", "device: give 16 to 64 characters.").await;
        }
        let entered = match self.enter(&join).await {
            Ok(entered) => entered,
            Err(Error::NotFound) => return self.send_left(&LeaveReason::logged_out()).await,
            Err(
                error @ (Error::TooMany(_)
                | Error::CodesPaused(_)
                | Error::Busy
                | Error::UniqueViolation),
            ) => {
                let reason = LeaveReason::from(error);
                return self.problem(reason.code, &reason.detail).await;
            }
            Err(error) => return self.send_left(&error.into()).await,
        };
        match entered {
            EnterOutcome::Seated { connection, resumed, lease_ends_at, .. } => {
                self.register_member(Member::new(
                    self.opened.visitor,
                    connection,
                    resumed,
                    lease_ends_at,
                    self.out.clone(),
                ))
                .await;
                Ok(())
            }
            EnterOutcome::Waiting { connection, lease_ends_at, .. } => {
                self.register_member(Member::new(
                    self.opened.visitor,
                    connection,
                    false,
                    lease_ends_at,
                    self.out.clone(),
                ))
                .await;
                Ok(())
            }
            EnterOutcome::MoveHere => self.ask(&ServerMessage::MoveHere).await,
            EnterOutcome::CodeRequired { masked_email, sent, wrong } => {
                // A mail to the parent and the guest may have been queued.
                self.opened.wake.notify_one();
                self.ask(&ServerMessage::CodeRequired { masked_email, sent, wrong }).await
            }
            EnterOutcome::Refused(refusal) => self.send_left(&Error::from(refusal).into()).await,
        }
    }

    async fn enter(&mut self, join: &Join) -> Result<EnterOutcome, Error> {
        let device_hash = self.opened.keys.hash("call device", join.device.as_bytes());
        self.device_hash = Some(device_hash.clone());
        let (ctx, visitor) = (self.context(), self.opened.visitor);
        let code = match &join.code {
            Some(given) => {
                let (device_hash, now) = (device_hash.clone(), ctx.now);
                let asked = self
                    .opened
                    .hub
                    .store()
                    .read(move |db| calls::code_of(db, &visitor, &device_hash, now))
                    .await?;
                asked.map(|id| GivenCode {
                    id,
                    is_right: self.opened.keys.is_call_code(id.0, given),
                })
            }
            None => None,
        };
        let entry = JoinRequest {
            device_hash,
            client_hash: self.opened.client_hash.clone(),
            move_here: join.move_here,
            fresh: join.fresh,
            code,
        };
        self.opened.hub.store().write(move |db| calls::enter(db, &ctx, &visitor, &entry)).await
    }

    async fn register_member(&mut self, member: Member) {
        self.state = SocketState::Inside {
            connection: member.number,
            heard_until: Instant::now() + SILENCE_TIMEOUT,
        };
        self.opened.session_socket.enter();
        self.set_stage(Stage::InCall);
        self.hub().join(self.opened.session_socket.id(), member).await;
    }

    async fn send_code(&mut self) -> Step {
        let Some(device_hash) = self.device_hash.clone() else {
            return self.problem("not_joined", "Say join first.").await;
        };
        let (ctx, visitor) = (self.context(), self.opened.visitor);
        match self
            .opened
            .hub
            .store()
            .write(move |db| calls::send_code(db, &ctx, &visitor, &device_hash))
            .await
        {
            Ok(sent) => {
                self.opened.wake.notify_one();
                self.ask(&ServerMessage::CodeRequired {
                    masked_email: sent.masked_email,
                    sent: true,
                    wrong: false,
                })
                .await
            }
            Err(Error::NotFound) => self.problem("bad_message", "No code is asked for.").await,
            Err(error @ Error::Link(_)) => self.send_left(&error.into()).await,
            Err(error) => {
                let reason = LeaveReason::from(error);
                self.problem(reason.code, &reason.detail).await
            }
        }
    }

    async fn extend(&mut self) -> Step {
        let (ctx, visitor) = (self.context(), self.opened.visitor);
        match self.opened.hub.store().write(move |db| calls::extend(db, &ctx, &visitor)).await {
            Ok(()) => {
                self.hub().changed(self.opened.visitor.booking).await;
                Ok(())
            }
            Err(error) => {
                let reason = LeaveReason::from(error);
                self.problem(reason.code, &reason.detail).await
            }
        }
    }

    fn set_stage(&self, stage: Stage) {
        if let Some(connection) = &self.opened.connection {
            connection.enter(stage);
        }
    }

    fn context(&self) -> Context {
        self.opened.hub.context()
    }

    /// Sends a question that the person must answer with another `join`.
    async fn ask(&mut self, question: &ServerMessage) -> Step {
        self.state = SocketState::Outside(Instant::now() + ANSWER_TIMEOUT);
        self.send(room::text(question)).await
    }

    async fn problem(&mut self, code: &str, detail: &str) -> Step {
        let problem = ServerMessage::Problem { code: code.to_owned(), detail: detail.to_owned() };
        self.send(room::text(&problem)).await
    }

    async fn send_left(&mut self, reason: &LeaveReason) -> Step {
        self.send(room::left_message(reason)).await?;
        Err(SocketEnd::Told)
    }

    async fn forward(&mut self, outgoing: Outgoing) -> Step {
        match outgoing {
            Outgoing::Text(text) => self.send(text).await,
            Outgoing::Left(text) => {
                self.send(text).await?;
                Err(SocketEnd::Told)
            }
            Outgoing::Replaced => Err(SocketEnd::Told),
        }
    }

    async fn ping(&mut self) -> Step {
        self.with_timeout(|mut session| async move { session.ping(b"").await }).await
    }

    async fn send(&mut self, text: ByteString) -> Step {
        self.with_timeout(|mut session| async move { session.text(text).await }).await
    }

    /// Ends the socket when a browser accepts no data for [`SEND_TIMEOUT`].
    async fn with_timeout<F: Future<Output = Result<(), actix_ws::Closed>>>(
        &self,
        send: impl FnOnce(Session) -> F,
    ) -> Step {
        match time::timeout(SEND_TIMEOUT, send(self.opened.session.clone())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(SocketEnd::Vanished),
        }
    }

    /// Releases or disconnects the place in the call, then closes the socket.
    async fn finish(mut self, end: SocketEnd) {
        let member = self.hub().leave(self.opened.visitor.booking, self.opened.session_socket.id());
        if let (Some(member), SocketState::Inside { connection, .. }) = (member, self.state) {
            let (ctx, visitor, lease_ends_at) =
                (self.context(), self.opened.visitor, member.lease_ends_at);
            let left = matches!(end, SocketEnd::Left);
            let gone = self.opened.hub.store().write(move |db| {
                if left {
                    calls::leave(db, &ctx, &visitor, connection)
                } else {
                    calls::disconnect(db, &ctx, &visitor, connection, lease_ends_at)
                }
            });
            match gone.await {
                Ok(()) => self.hub().changed(self.opened.visitor.booking).await,
                // The place is freed when its lease runs out.
                Err(error) => {
                    tracing::warn!(
                        booking = %self.opened.visitor.booking,
                        %error,
                        "call place release failed"
                    )
                }
            }
        }
        let (code, description) = match end {
            SocketEnd::Left => {
                let _ = self.send(room::left_message(&LeaveReason::left())).await;
                (CloseCode::Normal, "")
            }
            SocketEnd::Told | SocketEnd::Vanished => (CloseCode::Normal, ""),
            SocketEnd::Broke(code, why) => (code, why),
            SocketEnd::Stopping => (CloseCode::Away, "the server stops"),
        };
        let reason = CloseReason {
            code,
            description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        };
        // The result is ignored, because the browser may be gone already.
        let _ = time::timeout(SEND_TIMEOUT, self.opened.session.close(Some(reason))).await;
    }
}

/// The size of a message, as counted against the limit, in bytes.
#[expect(clippy::cast_precision_loss, reason = "a message has at most 32 KiB")]
fn size(message: &AggregatedMessage) -> f64 {
    (match message {
        AggregatedMessage::Text(text) => text.len(),
        AggregatedMessage::Binary(bytes)
        | AggregatedMessage::Ping(bytes)
        | AggregatedMessage::Pong(bytes) => bytes.len(),
        AggregatedMessage::Close(_) => 0,
    }) as f64
}

fn broken(error: &ProtocolError) -> SocketEnd {
    match error {
        ProtocolError::Overflow => SocketEnd::Broke(CloseCode::Size, "too large"),
        // The aggregated stream reports an oversized message and invalid UTF-8 as I/O errors, like
        // a lost connection.
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            SocketEnd::Broke(CloseCode::Invalid, "not UTF-8")
        }
        ProtocolError::Io(error) if error.to_string().contains("continuation size") => {
            SocketEnd::Broke(CloseCode::Size, "too large")
        }
        ProtocolError::Io(_) => SocketEnd::Vanished,
        _ => SocketEnd::Broke(CloseCode::Protocol, "not a WebSocket message"),
    }
}
