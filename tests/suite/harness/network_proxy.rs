//! A TCP proxy between one browser and the server that simulates a bad network.

use std::{collections::HashMap, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// Behaviour of the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetworkCondition {
    /// Everything passes.
    Good,
    /// Requests arrive, and the connection breaks instead of the response.
    ResponsesLost,
    /// Nothing passes in either direction, and no connection breaks.
    Stalled,
    /// New connections are refused, and open ones break.
    Refused,
    /// WebSockets are refused with status 400; everything else passes.
    SocketsRefused,
    /// WebSockets open and then stall in both directions; everything else passes.
    SocketsSilent,
}

/// A running proxy, which ends when this is dropped.
pub struct NetworkProxy {
    condition: watch::Sender<NetworkCondition>,
    flag: String,
    task: AbortHandle,
}

impl NetworkProxy {
    /// Starts a proxy before this server, in good condition.
    pub async fn start(origin: &str) -> Self {
        let server: SocketAddr =
            origin.trim_start_matches("http://").parse().expect("host and port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address");
        let (condition, state) = watch::channel(NetworkCondition::Good);
        let task = tokio::spawn(serve(listener, server, state)).abort_handle();
        Self { condition, flag: format!("--host-resolver-rules=MAP {server} {own}"), task }
    }

    /// The flag that makes Chromium use the proxy; the server's address stays the same.
    pub fn flag(&self) -> &str {
        &self.flag
    }

    /// Changes the condition, for open connections as well.
    pub fn set_condition(&self, condition: NetworkCondition) {
        self.condition.send_replace(condition);
    }
}

impl Drop for NetworkProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    server: SocketAddr,
    condition: watch::Receiver<NetworkCondition>,
) {
    // The connections end together with the proxy.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((browser, _)) = accepted {
                connections.spawn(forward(browser, server, condition.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards one connection until either end closes it or the condition breaks it.
async fn forward(
    mut browser: TcpStream,
    server: SocketAddr,
    mut condition: watch::Receiver<NetworkCondition>,
) {
    if *condition.borrow() == NetworkCondition::Refused {
        return;
    }
    let Ok(mut upstream) = TcpStream::connect(server).await else { return };
    let mut is_socket = false;
    let mut answered = false;
    let (mut asked, mut told) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let now = *condition.borrow_and_update();
        let is_silent = now == NetworkCondition::Stalled
            || (now == NetworkCondition::SocketsSilent && is_socket && answered);
        if now == NetworkCondition::Refused {
            return;
        }
        tokio::select! {
            changed = condition.changed() => if changed.is_err() { return },
            read = browser.read(&mut asked), if !is_silent => {
                let Ok(length @ 1..) = read else { return };
                is_socket = is_socket || opens_socket(&asked[..length]);
                if is_socket && now == NetworkCondition::SocketsRefused {
                    let _ = browser.write_all(
                        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\
                          connection: close\r\n\r\n"
                    ).await;
                    return;
                }
                if upstream.write_all(&asked[..length]).await.is_err() { return }
            }
            read = upstream.read(&mut told), if !is_silent => {
                let Ok(length @ 1..) = read else { return };
                if now == NetworkCondition::ResponsesLost && !is_socket { return }
                answered = true;
                if browser.write_all(&told[..length]).await.is_err() { return }
            }
        }
    }
}

/// Returns whether a request opens a WebSocket. Chromium uses a connection of its own for each, and
/// the head of the request is small.
fn opens_socket(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let head: HashMap<&str, &str> =
        text.split("\r\n").filter_map(|condition| condition.split_once(": ")).collect();
    text.starts_with("get ") && head.get("upgrade") == Some(&"websocket")
}
