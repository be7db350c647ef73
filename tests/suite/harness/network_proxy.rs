//! The network between one browser and the server, as bad as a test wants it: a TCP proxy that the
//! browser takes for the server.

use std::{collections::HashMap, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// What it does with whatever comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetworkCondition {
    /// All passes.
    Good,
    /// Requests arrive; instead of the answer the connection breaks.
    ResponsesLost,
    /// Nothing passes in either direction, and nothing breaks.
    Stalled,
    /// Whoever connects is turned away, and what was connected breaks.
    Refused,
    /// A WebSocket is answered by 400; all else passes.
    SocketsRefused,
    /// A WebSocket opens, and then nothing comes in either direction; all else passes.
    SocketsSilent,
}

/// A network; it ends with its owner.
pub struct NetworkProxy {
    condition: watch::Sender<NetworkCondition>,
    flag: String,
    task: AbortHandle,
}

impl NetworkProxy {
    /// A good one before this server.
    pub async fn start(origin: &str) -> Self {
        let server: SocketAddr =
            origin.trim_start_matches("http://").parse().expect("host and port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address");
        let (condition, state) = watch::channel(NetworkCondition::Good);
        let task = tokio::spawn(serve(listener, server, state)).abort_handle();
        Self { condition, flag: format!("--host-resolver-rules=MAP {server} {own}"), task }
    }

    /// Has Chromium take this way to the server, whose address stays the same to it.
    pub fn flag(&self) -> &str {
        &self.flag
    }

    /// From now on it is so, for connections that are there, too.
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
    // They end with it.
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

/// Carries one connection until either end closes, or the line breaks it.
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

/// Whether a request asks for a WebSocket: Chromium opens a connection of its own for each, and its
/// head is small.
fn opens_socket(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let head: HashMap<&str, &str> =
        text.split("\r\n").filter_map(|condition| condition.split_once(": ")).collect();
    text.starts_with("get ") && head.get("upgrade") == Some(&"websocket")
}
