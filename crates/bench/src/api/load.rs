//! Sends requests over connections that stay open, and takes the time of each answer.

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

/// How many clients ask at a time.
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
    /// A reading one.
    pub(super) fn get(path: &str, cookie: Option<&Cookie>) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            cookie: cookie.map(|cookie| cookie.header.clone()),
            key: None,
            body: Bytes::new(),
        }
    }

    /// One appointment, with a key by which a retry would be known.
    pub(super) fn book(path: &str, cookie: &Cookie, booking: &NewBooking) -> Self {
        let one = json!({
            "student_id": booking.student.0,
            "class_id": booking.class.0,
            "starts_at": booking.starts_at.to_rfc3339(),
        });
        let body = json!({ "bookings": [one] }).to_string().into();
        // Of one evening: a class is booked again on the next.
        let key =
            format!("{}-{}-{}", booking.class, booking.student, booking.starts_at.timestamp());
        Self { method: Method::POST, key: Some(key), body, ..Self::get(path, Some(cookie)) }
    }
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// A connection that stays open.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// Opens one.
///
/// # Errors
/// When nobody listens.
pub(super) async fn connect(server: SocketAddr) -> Result<Connection> {
    let stream =
        TcpStream::connect(server).await.with_context(|| format!("nobody listens on {server}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with its sender; what goes wrong, the sender tells.
    tokio::spawn(connection);
    Ok(Connection { sender, host: server.to_string() })
}

impl Connection {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks.
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

/// What came of a load.
#[derive(Default)]
pub(super) struct Outcome {
    /// From the first request to the last answer.
    pub(super) seconds: f64,
    /// Each answer's time.
    millis: Vec<f64>,
    /// How many answers were of which kind: a status, with the code of a refusal.
    pub(super) kinds: BTreeMap<String, usize>,
}

impl Outcome {
    /// Answers a second.
    pub(super) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand answers")]
        let count = self.millis.len() as f64;
        count / self.seconds
    }

    /// The time that 99 of 100 answers keep to.
    pub(super) fn p99_ms(&self) -> f64 {
        quantile(self.millis.iter().copied(), 0.99)
    }

    /// How many answers were of this kind.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// How many answers there were.
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

/// Sends what `next` gives to the client of this number, each its next request as soon as it has
/// its answer, until there is none.
///
/// # Errors
/// When a connection breaks.
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
