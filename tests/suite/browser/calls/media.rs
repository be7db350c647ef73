//! Checks of incoming media: video frames that advance, and sound.

use serde_json::{Value, json};

use crate::browser::driver::Browser;

const WATCH: &str = include_str!("watch.js");
const MEDIA: &str = include_str!("media.js");
/// Number of video frames that must arrive: at 10 a second they take more than a second.
const FRAMES: u32 = 15;

/// Records the connections and sockets of every page that is loaded after this call.
pub async fn watch(browser: &Browser) {
    browser.run_before_each_page(WATCH).await;
}

/// Waits until video and sound of this many other participants arrive.
pub async fn sees_and_hears(browser: &Browser, others: usize) {
    let seen = browser.run_async_with(MEDIA, vec![json!(others), json!(FRAMES)]).await;
    let of = |name: &str| seen[name].as_array().map(Vec::len);
    assert_eq!(
        (of("decoded"), of("frames_shown"), of("audible")),
        (Some(others), Some(others), Some(others)),
        "{seen}"
    );
}

/// The page's own numbers for the ends of the live peer connections. They stay the same as long as
/// no connection is rebuilt.
pub async fn connections(browser: &Browser) -> Value {
    browser
        .run(
            "return globalThis.__connections.map((one, place) => [one, place]).filter(([one]) => \
             one.connectionState === 'connected').map(([, place]) => place)",
        )
        .await
}

/// Closes the page's WebSocket, as a lost network would.
pub async fn cut_socket(browser: &Browser) {
    browser.run("globalThis.__sockets.at(-1).close(4000)").await;
}

/// Waits until the page has opened its socket for the given number of times and is connected.
pub async fn has_sockets(browser: &Browser, times: usize) {
    browser
        .wait_for_js(&format!(
            "globalThis.__sockets.length >= {times} && globalThis.__sockets.at(-1).readyState === \
             WebSocket.OPEN"
        ))
        .await;
}
