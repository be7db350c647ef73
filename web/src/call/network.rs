//! Network check for calls. It connects this browser to itself twice: directly, and through the
//! relay.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::prelude::*;
use parlour_wire::{ClientMessage, IceServers, TransportPolicy, minimal_json};
use wasm_bindgen::JsValue;

use super::{
    js_object::{JsObject, Listener, list, object},
    socket::socket_url,
    timer::{Timer, pause},
};

/// The result of one part of the check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CheckResult {
    Waiting,
    Good,
    /// This part does not work.
    Bad,
    /// The relay answers and refuses our credentials.
    Refused,
    /// The school does not use this part.
    None,
}

/// The results of the check, set as they arrive.
#[derive(Clone, Copy)]
pub(crate) struct Network {
    /// The WebSocket to the server, which every call needs.
    pub(crate) socket: RwSignal<CheckResult>,
    pub(crate) direct: RwSignal<CheckResult>,
    pub(crate) relay: RwSignal<CheckResult>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self {
            socket: RwSignal::new(CheckResult::Waiting),
            direct: RwSignal::new(CheckResult::Waiting),
            relay: RwSignal::new(CheckResult::Waiting),
        }
    }

    /// Checks the WebSocket to the server, the direct connection and the relay.
    pub(crate) fn check(self, servers: IceServers) {
        self.socket.set(CheckResult::Waiting);
        super::run(async move {
            let finding =
                if check_socket_stability().await { CheckResult::Good } else { CheckResult::Bad };
            self.socket.try_set(finding);
        });
        self.direct.set(CheckResult::Waiting);
        self.relay.set(CheckResult::Waiting);
        super::run(async move {
            let has_relay = servers
                .ice_servers
                .iter()
                .any(|server| server.urls.iter().any(|url| url.starts_with("turn")));
            if servers.transport_policy == TransportPolicy::Relay {
                self.direct.try_set(CheckResult::None);
            } else {
                // The relay is left out: through it this browser would reach itself on any network.
                let own = without_relay(&servers);
                self.direct.try_set(check_connection(&own, TransportPolicy::All).await);
            }
            let relay = if has_relay {
                check_connection(&servers, TransportPolicy::Relay).await
            } else {
                CheckResult::None
            };
            self.relay.try_set(relay);
        });
    }
}

/// Builds the configuration of `new RTCPeerConnection(…)`.
pub(crate) fn configuration(servers: &IceServers, policy: TransportPolicy) -> JsObject {
    let servers = servers.ice_servers.iter().map(|server| {
        let urls: Vec<JsValue> = server.urls.iter().map(|url| url.as_str().into()).collect();
        let made = object(&[("urls", list(&urls).into())]);
        if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
            made.set("username", username.as_str());
            made.set("credential", credential.as_str());
        }
        made.into()
    });
    let servers: Vec<JsValue> = servers.collect();
    let policy = if policy == TransportPolicy::Relay { "relay" } else { "all" };
    object(&[("iceServers", list(&servers).into()), ("iceTransportPolicy", policy.into())])
}

/// Returns whether a TURN server refused the credentials (RFC 8656: 401 Unauthorized, 403
/// Forbidden, 438 Stale Nonce).
pub(crate) fn is_refusal(error: &JsObject) -> bool {
    error.number_of("errorCode").is_some_and(|code| [401.0, 403.0, 438.0].contains(&code))
}

fn without_relay(servers: &IceServers) -> IceServers {
    let mut own = servers.clone();
    for server in &mut own.ice_servers {
        server.urls.retain(|url| !url.starts_with("turn"));
    }
    own.ice_servers.retain(|server| !server.urls.is_empty());
    own
}

/// The number of pongs that must arrive, one per second. Some networks open a WebSocket and then
/// cut it, or let no message through.
const REQUIRED_PONGS: u32 = 6;

/// Returns whether a WebSocket to the server opens, answers, and stays open for some seconds.
async fn check_socket_stability() -> bool {
    let Ok(socket) = JsObject::new("WebSocket", &[socket_url("check_socket").into()]) else {
        return false;
    };
    let (heard, is_over) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (hears, ends) = (Rc::clone(&heard), Rc::clone(&is_over));
    let _listeners = [
        socket.on("message", move |_| hears.set(hears.get() + 1)),
        socket.on("close", move |_| ends.set(true)),
    ];
    // The loop leaves some seconds more than the pongs take.
    for second in 0..REQUIRED_PONGS + 4 {
        if is_over.get() || heard.get() >= REQUIRED_PONGS {
            break;
        }
        // The call throws while the socket is not open yet; the next ping follows in a second.
        let _ = socket
            .call("send", &[minimal_json::to_string(&ClientMessage::Ping { id: second }).into()]);
        pause(Duration::from_secs(1)).await;
    }
    let _ = socket.call("close", &[]);
    heard.get() >= REQUIRED_PONGS && !is_over.get()
}

async fn check_connection(servers: &IceServers, policy: TransportPolicy) -> CheckResult {
    let refused = Rc::new(Cell::new(false));
    match connect_pair(servers, policy, &refused).await {
        Ok(true) => CheckResult::Good,
        _ if refused.get() => CheckResult::Refused,
        _ => CheckResult::Bad,
    }
}

/// Connects two peers within this browser and closes them. Returns true if they connected within
/// ten seconds.
async fn connect_pair(
    servers: &IceServers,
    policy: TransportPolicy,
    refused: &Rc<Cell<bool>>,
) -> Result<bool, JsObject> {
    let configuration = configuration(servers, policy);
    let near = JsObject::new("RTCPeerConnection", &[(&configuration).into()])?;
    let far = JsObject::new("RTCPeerConnection", &[configuration.into()])?;
    let _listeners = [
        forward_candidates(&near, &far),
        forward_candidates(&far, &near),
        on_relay_refusal(&near, refused),
        on_relay_refusal(&far, refused),
    ];
    let connected = handshake(&near, &far).await;
    if connected.is_ok() {
        let over = Rc::new(Cell::new(false));
        let late = Rc::clone(&over);
        let _limit = Timer::after(Duration::from_secs(10), move || late.set(true));
        while !over.get() && !refused.get() && near.text_of("connectionState") != "connected" {
            pause(Duration::from_millis(100)).await;
        }
    }
    let state = near.text_of("connectionState");
    for end in [near, far] {
        let _ = end.call("close", &[]);
    }
    connected.map(|()| state == "connected")
}

fn forward_candidates(from: &JsObject, to: &JsObject) -> Listener {
    let to = to.clone();
    from.on("icecandidate", move |event| {
        let candidate = event.get("candidate");
        if candidate.exists() {
            let _ = to.call("addIceCandidate", &[candidate.into()]);
        }
    })
}

fn on_relay_refusal(end: &JsObject, refused: &Rc<Cell<bool>>) -> Listener {
    let refused = Rc::clone(refused);
    end.on("icecandidateerror", move |event| {
        if is_refusal(&event) {
            refused.set(true);
        }
    })
}

async fn handshake(near: &JsObject, far: &JsObject) -> Result<(), JsObject> {
    near.call("createDataChannel", &["check".into()])?;
    near.call_async("setLocalDescription", &[]).await?;
    far.call_async("setRemoteDescription", &[near.get("localDescription").into()]).await?;
    far.call_async("setLocalDescription", &[]).await?;
    near.call_async("setRemoteDescription", &[far.get("localDescription").into()]).await?;
    Ok(())
}
