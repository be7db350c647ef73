//! Can this network carry a call? Two connections of this browser to itself: directly, and through the relay.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::prelude::*;
use parlour_wire::{IceServers, TransportPolicy};
use wasm_bindgen::JsValue;

use super::{
    object::{Listener, Object, list, object},
    timer::{Timer, pause},
};

/// How one part of the check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Finding {
    Waiting,
    Good,
    /// It does not work.
    Bad,
    /// The relay is there and refuses us.
    Refused,
    /// The school has no such thing.
    None,
}

/// The findings, as they come.
#[derive(Clone, Copy)]
pub(crate) struct Network {
    pub(crate) direct: RwSignal<Finding>,
    pub(crate) relay: RwSignal<Finding>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self { direct: RwSignal::new(Finding::Waiting), relay: RwSignal::new(Finding::Waiting) }
    }

    /// Tries both ways.
    pub(crate) fn check(self, servers: IceServers) {
        self.direct.set(Finding::Waiting);
        self.relay.set(Finding::Waiting);
        super::run(async move {
            let has_relay = servers.ice_servers.iter().any(|server| server.urls.iter().any(|url| url.starts_with("turn")));
            if servers.transport_policy == TransportPolicy::Relay {
                self.direct.try_set(Finding::None);
            } else {
                self.direct.try_set(connects(&servers, TransportPolicy::All).await);
            }
            let relay = if has_relay { connects(&servers, TransportPolicy::Relay).await } else { Finding::None };
            self.relay.try_set(relay);
        });
    }
}

/// What `new RTCPeerConnection(…)` takes.
pub(crate) fn configuration(servers: &IceServers, policy: TransportPolicy) -> Object {
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

/// The two numbers of a refusal by a TURN server (RFC 8656: 401 Unauthorized, 403 Forbidden; 437, 438 of a credential that ran out).
pub(crate) fn is_refusal(error: &Object) -> bool {
    error.number_of("errorCode").is_some_and(|code| [401.0, 403.0, 438.0].contains(&code))
}

async fn connects(servers: &IceServers, policy: TransportPolicy) -> Finding {
    let refused = Rc::new(Cell::new(false));
    match pair(servers, policy, &refused).await {
        Ok(true) => Finding::Good,
        _ if refused.get() => Finding::Refused,
        _ => Finding::Bad,
    }
}

/// Connects two ends in this browser and closes them; true when they found each other within ten seconds.
async fn pair(servers: &IceServers, policy: TransportPolicy, refused: &Rc<Cell<bool>>) -> Result<bool, Object> {
    let wish = configuration(servers, policy);
    let near = Object::new("RTCPeerConnection", &[(&wish).into()])?;
    let far = Object::new("RTCPeerConnection", &[wish.into()])?;
    let _listeners = [pass_on(&near, &far), pass_on(&far, &near), hear_refusal(&near, refused), hear_refusal(&far, refused)];
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

fn pass_on(from: &Object, to: &Object) -> Listener {
    let to = to.clone();
    from.on("icecandidate", move |event| {
        let candidate = event.get("candidate");
        if candidate.is_there() {
            let _ = to.call("addIceCandidate", &[candidate.into()]);
        }
    })
}

fn hear_refusal(end: &Object, refused: &Rc<Cell<bool>>) -> Listener {
    let refused = Rc::clone(refused);
    end.on("icecandidateerror", move |event| {
        if is_refusal(&event) {
            refused.set(true);
        }
    })
}

async fn handshake(near: &Object, far: &Object) -> Result<(), Object> {
    near.call("createDataChannel", &["check".into()])?;
    near.wait("setLocalDescription", &[]).await?;
    far.wait("setRemoteDescription", &[near.get("localDescription").into()]).await?;
    far.wait("setLocalDescription", &[]).await?;
    near.wait("setRemoteDescription", &[far.get("localDescription").into()]).await?;
    Ok(())
}
