//! A school's own system as the receiver of webhooks: it records requests and answers as a test
//! says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Bytes, Data},
};
use serde_json::Value;

/// A received request.
#[derive(Clone, Debug)]
pub struct Received {
    /// Path of the request.
    pub path: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// `content-type`.
    pub content_type: String,
    /// The body as it came.
    pub text: String,
    /// The body as JSON.
    pub body: Value,
}

impl Received {
    /// The kind of the event.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// The signature that the specification's own library makes with a secret.
    pub fn signed_with(&self, secret: &str) -> String {
        standardwebhooks::Webhook::new(secret)
            .unwrap()
            .sign(&self.id, self.timestamp, self.text.as_bytes())
            .unwrap()
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    answers: VecDeque<(u16, Option<(&'static str, String)>)>,
}

type Shared = Arc<Mutex<State>>;

/// A running receiver, which ends when this is dropped.
pub struct Receiver {
    /// Port on the loopback interface.
    pub port: u16,
    state: Shared,
    handle: ServerHandle,
}

impl Receiver {
    /// Starts a receiver that accepts every request.
    pub async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Shared::default();
        let (send, receive) = tokio::sync::oneshot::channel();
        let data = Data::new(Arc::clone(&state));
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new().app_data(data.clone()).default_service(web::route().to(take))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
                send.send(server.handle()).ok().unwrap();
                server.await.unwrap();
            });
        });
        Self { port, state, handle: receive.await.unwrap() }
    }

    /// The URL for an endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    /// Answers the next requests with these statuses in order, and accepts later ones.
    pub fn answer(&self, statuses: &[u16]) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .extend(statuses.iter().map(|status| (*status, None)));
    }

    /// Answers the next request with this status and header.
    pub fn answer_with(&self, status: u16, header: &'static str, value: String) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .push_back((status, Some((header, value))));
    }

    /// The requests received since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).received)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The stop command is sent when the future is created; nobody has to await it.
        drop(self.handle.stop(false));
    }
}

async fn take(request: HttpRequest, body: Bytes, state: Data<Shared>) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.received.push(Received {
        path: request.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
        signature: header("webhook-signature"),
        content_type: header("content-type"),
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    });
    let (status, header) = state.answers.pop_front().unwrap_or((204, None));
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
    if let Some((name, value)) = header {
        answer.insert_header((name, value));
    }
    answer.finish()
}
