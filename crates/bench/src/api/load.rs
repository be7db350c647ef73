//! HTTP load over persistent connections, with the latency of each response.

use std::{cell::RefCell, collections::BTreeMap, net::SocketAddr, time::Instant};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use parlour::store::bookings::NewBooking;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::families::Cookie;
use crate::statistics::quantile;

/// The number of concurrent clients.
pub(super) const CONNECTIONS: usize = 64;

/// A request.
pub(super) struct Call {
    method: Method,
    path: String,
    cookie: Option<String>,
    key: Option<String>,
    body: Bytes,
}

impl Call {
    /// A GET request.
    pub(super) fn get(path: &str, cookie: Option<&Cookie>) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            cookie: cookie.map(|cookie| cookie.header.clone()),
            key: None,
            body: Bytes::new(),
        }
    }

    /// A request for one appointment, with an idempotency key.
    pub(super) fn book(path: &str, cookie: &Cookie, booking: &NewBooking) -> Self {
        let one = json!({
            "student_id": booking.student.0,
            "class_id": booking.class.0,
            "starts_at": booking.starts_at.to_rfc3339(),
        });
        let body = json!({ "bookings": [one] }).to_string().into();
        // The key contains the start because the same class is booked again in the next evening.
        let key =
            format!("{}-{}-{}", booking.class, booking.student, booking.starts_at.timestamp());
        Self { method: Method::POST, key: Some(key), body, ..Self::get(path, Some(cookie)) }
    }
}

/// A response.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// A persistent connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// Opens a connection.
///
/// # Errors
/// If the server does not listen.
pub(super) async fn connect(server: SocketAddr) -> Result<Connection> {
    let stream =
        TcpStream::connect(server).await.with_context(|| format!("nobody listens on {server}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The task ends with its sender, which also reports errors.
    tokio::spawn(connection);
    Ok(Connection { sender, host: server.to_string() })
}

impl Connection {
    /// Sends a request and reads the whole response.
    ///
    /// # Errors
    /// If the connection breaks.
    pub(super) async fn send(&mut self, call: Call) -> Result<Reply> {
        let mut request =
            Request::builder().method(call.method).uri(call.path).header(header::HOST, &self.host);
        if let Some(cookie) = call.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(key) = call.key {
            request = request
                .header(header::ORIGIN, format!("http://{}", self.host))
                .header(header::CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", key);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(Full::new(call.body))?).await?;
        let status = response.status().as_u16();
        Ok(Reply { status, body: response.into_body().collect().await?.to_bytes() })
    }
}

/// The results of a load.
#[derive(Default)]
pub(super) struct Outcome {
    /// The time from the first request to the last response.
    pub(super) seconds: f64,
    /// The latency of each response.
    millis: Vec<f64>,
    /// The number of responses by kind: a status, with the code of a refusal.
    pub(super) kinds: BTreeMap<String, usize>,
}

impl Outcome {
    /// Responses per second.
    pub(super) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand answers")]
        let count = self.millis.len() as f64;
        count / self.seconds
    }

    /// The 99th percentile of the latency.
    pub(super) fn p99_ms(&self) -> f64 {
        quantile(self.millis.iter().copied(), 0.99)
    }

    /// The number of responses of this kind.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// The number of all responses.
    pub(super) fn all(&self) -> usize {
        self.millis.len()
    }

    fn note(&mut self, reply: &Reply, began_at: Instant) {
        self.millis.push(began_at.elapsed().as_secs_f64() * 1000.0);
        let kind = if reply.status < 400 {
            reply.status.to_string()
        } else {
            let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            format!("{} {}", reply.status, problem["code"].as_str().unwrap_or("without a code"))
        };
        *self.kinds.entry(kind).or_default() += 1;
    }
}

/// Sends the requests that `next` returns for each client number; each client sends its next
/// request after its last response, until `next` returns none.
///
/// # Errors
/// If a connection breaks.
pub(super) async fn run(
    server: SocketAddr,
    clients: usize,
    next: impl FnMut(usize) -> Option<Call>,
) -> Result<Outcome> {
    let connections = try_join_all((0..clients).map(|_| connect(server))).await?;
    let shared = RefCell::new((next, Outcome::default()));
    let began_at = Instant::now();
    let client = async |(number, mut connection): (usize, Connection)| -> Result<()> {
        loop {
            let call = (shared.borrow_mut().0)(number);
            let Some(call) = call else { return Ok(()) };
            let sent_at = Instant::now();
            let reply = connection.send(call).await?;
            shared.borrow_mut().1.note(&reply, sent_at);
        }
    };
    try_join_all(connections.into_iter().enumerate().map(client)).await?;
    let mut outcome = shared.into_inner().1;
    outcome.seconds = began_at.elapsed().as_secs_f64();
    Ok(outcome)
}
