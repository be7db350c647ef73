//! An actor's WebSocket to a call. Every message must be of the wire type and have no further
//! field.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parlour_wire::{
    CALL_VERSION, CallPerson, ClientMessage, Join, Media, PresenceState, ServerMessage, Signal,
    SignalKind,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

use super::Actor;

/// Time limit for a message.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to a call.
pub struct CallSocket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// All messages received so far.
    pub received: Vec<ServerMessage>,
}

impl Actor {
    /// Opens the WebSocket of a call and sends nothing. A refusal has its status and code.
    pub async fn try_call_socket(
        &self,
        path: &str,
        origin: Option<&str>,
    ) -> Result<CallSocket, (u16, String)> {
        let mut request =
            self.url(path).replacen("http", "ws", 1).into_client_request().expect("a request");
        if let Some(cookies) = self.cookies(path) {
            request.headers_mut().insert("cookie", cookies);
        }
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", HeaderValue::from_str(origin).expect("an origin"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(CallSocket { socket, received: Vec::new() }),
            Err(Error::Http(response)) => {
                let body: Value = response
                    .body()
                    .as_ref()
                    .and_then(|body| serde_json::from_slice(body).ok())
                    .unwrap_or_default();
                Err((
                    response.status().as_u16(),
                    body["code"].as_str().unwrap_or_default().to_owned(),
                ))
            }
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// Opens the WebSocket of a call with the school's own origin.
    pub async fn call_socket(&self, door: &str) -> CallSocket {
        let opened = self.try_call_socket(&format!("{door}/socket"), Some(self.origin())).await;
        opened.unwrap_or_else(|refusal| panic!("{door}: {refusal:?}"))
    }

    /// Joins a call with a device.
    pub async fn join_call(&self, door: &str, device: &str) -> CallSocket {
        let mut line = self.call_socket(door).await;
        line.join(device).await;
        line
    }
}

/// The key of a device, padded to a valid length.
pub fn device(name: &str) -> String {
    format!("{name:-<16}")
}

impl CallSocket {
    /// Sends a message.
    pub async fn send_message(&mut self, message: ClientMessage) {
        self.send_text(&serde_json::to_string(&message).expect("JSON")).await;
    }

    /// Sends a text.
    pub async fn send_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends a frame; the server may already have closed the connection.
    pub async fn send(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Asks to join with a device.
    pub async fn join(&mut self, name: &str) {
        self.send_message(ClientMessage::Join(join_message(name))).await;
    }

    /// The next message, or `None` when the server has closed the connection.
    pub async fn next(&mut self) -> Option<ServerMessage> {
        self.next_before(Instant::now() + TIMEOUT).await
    }

    async fn next_before(&mut self, deadline: Instant) -> Option<ServerMessage> {
        loop {
            let came = timeout_at(deadline, self.socket.next()).await.unwrap_or_else(|_| {
                panic!("timed out waiting for a message after {:#?}", self.received)
            });
            match came? {
                Ok(Message::Text(text)) => {
                    let message: ServerMessage = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("{error}: {text}"));
                    let sent: Value = serde_json::from_str(&text).expect("JSON");
                    assert_eq!(json!(message), sent, "the message has a field that the type lacks");
                    self.received.push(message.clone());
                    return Some(message);
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    /// Waits for a message for which `what` returns a value.
    pub async fn receive_until<T>(&mut self, what: impl Fn(&ServerMessage) -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let Some(message) = self.next_before(deadline).await else {
                panic!("closed after {:#?}", self.received)
            };
            if let Some(found) = what(&message) {
                return found;
            }
        }
    }

    /// Waits for a seat: the connection's number, and whether it was resumed.
    pub async fn seated(&mut self) -> (u32, bool) {
        self.receive_until(|message| match message {
            ServerMessage::Seated { connection, resumed } => Some((*connection, *resumed)),
            _ => None,
        })
        .await
    }

    /// Waits for a place in the queue and returns it.
    pub async fn waiting(&mut self) -> u32 {
        self.receive_until(|message| match message {
            ServerMessage::Waiting { place } => Some(*place),
            _ => None,
        })
        .await
    }

    /// Waits until the list of people satisfies a condition.
    pub async fn people(&mut self, are: impl Fn(&[CallPerson]) -> bool) -> Vec<CallPerson> {
        self.receive_until(|message| match message {
            ServerMessage::People { people } if are(people) => Some(people.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until a person of this name has this state.
    pub async fn sees(&mut self, name: &str, state: PresenceState) -> CallPerson {
        let people = self
            .people(|people| people.iter().any(|one| one.name == name && one.state == state))
            .await;
        people.into_iter().find(|one| one.name == name).expect("they are there")
    }

    /// Waits for the eviction and then for the close: the code and the text.
    pub async fn evicted(&mut self) -> (String, String) {
        let out = self
            .receive_until(|message| match message {
                ServerMessage::Out { code, detail } => Some((code.clone(), detail.clone())),
                _ => None,
            })
            .await;
        assert_eq!(self.next().await, None, "the server closes after the eviction");
        out
    }

    /// Waits for a signal: sender, the sender's connection and the data.
    pub async fn signal(&mut self) -> (Uuid, u32, String) {
        self.receive_until(|message| match message {
            ServerMessage::Signal { from, from_connection, signal, .. } => {
                Some((*from, *from_connection, signal.data.clone()))
            }
            _ => None,
        })
        .await
    }

    /// Sends an invalid message and waits for its refusal. All earlier messages have been handled
    /// by then.
    pub async fn sync(&mut self) {
        self.send_text("{}").await;
        self.problem("bad_message").await;
    }

    /// Waits for a refusal with this code.
    pub async fn problem(&mut self, wanted: &str) {
        self.receive_until(|message| {
            matches!(message, ServerMessage::Problem { code, .. } if code == wanted).then_some(())
        })
        .await;
    }

    /// Waits until the server closes the connection, and returns its close code if there is one.
    pub async fn closed(&mut self) -> Option<u16> {
        let until = Instant::now() + TIMEOUT;
        loop {
            match timeout_at(until, self.socket.next())
                .await
                .unwrap_or_else(|_| panic!("not closed after {:#?}", self.received))
            {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Sends an offer.
    pub async fn offer(&mut self, to: Uuid, to_connection: u32, data: &str) {
        let signal = Signal {
            attempt: 1,
            kind: SignalKind::Offer,
            data: data.to_owned(),
            sdp_mid: None,
            sdp_m_line_index: None,
        };
        self.send_message(ClientMessage::Signal { to, to_connection, signal }).await;
    }

    /// Announces that the camera is on.
    pub async fn turn_camera_on(&mut self) {
        self.send_message(ClientMessage::Media(Media {
            audio: true,
            video: true,
            ..Media::default()
        }))
        .await;
    }
}

/// The message that asks to join with a device.
pub fn join_message(name: &str) -> Join {
    Join { version: CALL_VERSION, device: device(name), move_here: false, fresh: false, code: None }
}
