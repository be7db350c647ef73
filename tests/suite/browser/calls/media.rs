//! What comes in from the others: pictures that go on, and sound.

use serde_json::{Value, json};

use crate::browser::driver::Browser;

const WATCH: &str = include_str!("watch.js");
const MEDIA: &str = include_str!("media.js");
/// So many frames must come: at 10 a second more than a second of them.
const FRAMES: u32 = 15;

/// From the next page on the connections and sockets of the page can be looked at.
pub async fn watch(browser: &Browser) {
    browser.run_before_each_page(WATCH).await;
}

/// Waits until so many others are seen and heard.
pub async fn sees_and_hears(browser: &Browser, others: usize) {
    let seen = browser.run_async_with(MEDIA, vec![json!(others), json!(FRAMES)]).await;
    let of = |name: &str| seen[name].as_array().map(Vec::len);
    assert_eq!(
        (of("decoded"), of("frames_shown"), of("audible")),
        (Some(others), Some(others), Some(others)),
        "{seen}"
    );
}

/// The ends of the living connections as the page has numbered them: they stay the same while
/// nothing is built anew.
pub async fn connections(browser: &Browser) -> Value {
    browser
        .run(
            "return globalThis.__connections.map((one, place) => [one, place]).filter(([one]) => \
             one.connectionState === 'connected').map(([, place]) => place)",
        )
        .await
}

/// Cuts the page's WebSocket, as a network does that goes away.
pub async fn cut_socket(browser: &Browser) {
    browser.run("globalThis.__sockets.at(-1).close(4000)").await;
}

/// Waits until the page has opened its socket for this time, and is connected.
pub async fn has_sockets(browser: &Browser, times: usize) {
    browser
        .wait_for_js(&format!(
            "globalThis.__sockets.length >= {times} && globalThis.__sockets.at(-1).readyState === \
             WebSocket.OPEN"
        ))
        .await;
}
