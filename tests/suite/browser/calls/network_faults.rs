//! Tests of networks that cut, filter or stall a call's connection, and of devices that hang or
//! fall silent.

use chrono::TimeDelta;
use parlour_browser::MEDIA;
use serde_json::json;

use super::{
    evening::{
        BROWSER_CLOCK_ADVANCE, Evening, advance_browser_clock, camera_runs, join, press_join,
    },
    media::{connections, cut_socket, has_sockets, sees_and_hears, watch},
};
use crate::{
    browser::{driver::Browser, pages::check_page},
    harness::{NetworkCondition, NetworkProxy},
};

/// Starts a browser that is logged in as one of the demo's actors and has a network proxy of its
/// own.
async fn browser_behind_proxy(
    evening: &Evening,
    network: &NetworkProxy,
    width: u32,
    who: &str,
) -> Browser {
    let flags: Vec<&str> = MEDIA.into_iter().chain([network.flag()]).collect();
    let browser = Browser::start_with(width, &flags).await;
    watch(&browser).await;
    browser.open(&evening.page(&format!("dev/login/{who}"))).await;
    browser
}

/// Waits until the page no longer contains a text.
async fn wait_until_gone(browser: &Browser, text: &str) {
    browser.wait_for_js(&format!("!document.body.innerText.includes({})", json!(text))).await;
}

async fn check_blocked_sockets(condition: NetworkCondition) {
    let evening = Evening::start().await;
    let network = NetworkProxy::start(&evening.school.origin).await;
    let parent = browser_behind_proxy(&evening, &network, 375, "parent").await;
    network.set_condition(condition);
    parent.open(&evening.page("devices")).await;
    parent.sees("This network lets pages through, but not the line that calls need").await;
    check_page(&parent, "a network without WebSockets").await;
    press_join(&parent, &evening.call()).await;
    parent.heading("This network does not let you in").await;
    parent.sees("Back to the appointments").await;
    check_page(&parent, "a call that one can't get into").await;
    parent.press("Try again").await;
    parent.has_button("Try again").await;
    network.set_condition(NetworkCondition::Good);
    // The page may join by itself before the press, and the button is then gone. A script finds and
    // presses the button in one step.
    parent
        .run(
            "const again = document.querySelector('.lobby .buttons button'); if (again) \
             again.click()",
        )
        .await;
    parent.labelled_element("Call controls").await;
    wait_until_gone(&parent, "This network does not let you in").await;
    parent.open(&evening.page("devices")).await;
    parent.sees("This network can carry your call.").await;
}

#[actix_web::test]
async fn refused_socket_shows_help() {
    check_blocked_sockets(NetworkCondition::SocketsRefused).await;
}

#[actix_web::test]
async fn silent_socket_shows_help() {
    check_blocked_sockets(NetworkCondition::SocketsSilent).await;
}

#[actix_web::test]
async fn lost_connection_is_shown_and_seat_is_kept() {
    let evening = Evening::start().await;
    let network = NetworkProxy::start(&evening.school.origin).await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = browser_behind_proxy(&evening, &network, 1280, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    let (seats, before) = (evening.seats().await, connections(&parent).await);
    network.set_condition(NetworkCondition::Stalled);
    parent.sees("The connection to the school is lost.").await;
    teacher.sees("Reconnecting…").await;
    network.set_condition(NetworkCondition::Good);
    wait_until_gone(&parent, "The connection to the school is lost.").await;
    wait_until_gone(&teacher, "Reconnecting…").await;
    // When the server is unreachable for a while, the error disappears once it is back.
    network.set_condition(NetworkCondition::Refused);
    parent.sees("The school’s server can’t be reached.").await;
    network.set_condition(NetworkCondition::Good);
    wait_until_gone(&parent, "can’t be reached").await;
    wait_until_gone(&parent, "We can’t reach the school’s server").await;
    wait_until_gone(&teacher, "Reconnecting…").await;
    assert_eq!(
        (evening.seats().await, connections(&parent).await),
        (seats, before),
        "the seat and the peer connections are the same"
    );
}

#[actix_web::test]
async fn online_event_reconnects_at_once() {
    let evening = Evening::start().await;
    let parent = evening.as_actor(1280, "parent").await;
    // From here on timers of 200 ms and more never start, so only the `online` event can restore
    // the connection.
    let script = "const later = setTimeout; globalThis.setTimeout = (work, time, ...more) => \
                  globalThis.__still && time >= 200 ? 0 : later(work, time, ...more)";
    parent.run_before_each_page(script).await;
    join(&parent, &evening.call()).await;
    parent.run("globalThis.__still = true").await;
    cut_socket(&parent).await;
    parent.sees("The connection to the school is lost.").await;
    parent.run("window.dispatchEvent(new Event('online'))").await;
    has_sockets(&parent, 2).await;
}

#[actix_web::test]
async fn failed_peer_connection_is_shown_to_both() {
    let evening = Evening::start().await;
    let none = "const Pair = RTCPeerConnection; globalThis.RTCPeerConnection = class extends Pair \
                {
        constructor(wish) { super({ ...wish, iceServers: [], iceTransportPolicy: 'relay' }) } }";
    let teacher = evening.as_actor(1280, "teacher").await;
    teacher.run_before_each_page(none).await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(375, "parent").await;
    parent.run_before_each_page(none).await;
    join(&parent, &evening.call()).await;
    for browser in [&teacher, &parent] {
        browser.sees("No way was found to everybody who is here").await;
    }
    check_page(&parent, "a call without a way to the others").await;
    parent.press("Leave").await;
    wait_until_gone(&teacher, "No way was found").await;
    teacher.sees("Left: Rachel Aaron").await;
}

#[actix_web::test]
async fn direct_network_check_uses_no_relay() {
    let evening = Evening::start_open().await;
    let parent = evening.as_actor(1280, "parent").await;
    let script = "const Pair = RTCPeerConnection; globalThis.__wishes = []; \
                  globalThis.RTCPeerConnection = class extends Pair {
        constructor(wish) { super(wish); globalThis.__wishes.push(wish) } }";
    parent.run_before_each_page(script).await;
    parent.open(&evening.page("devices")).await;
    parent.wait_for_js("globalThis.__wishes.length >= 4").await;
    let has_relay = "return globalThis.__wishes.map((wish) => [wish.iceTransportPolicy, \
                     JSON.stringify(wish.iceServers).includes('turn:')])";
    let tried = parent.run(has_relay).await;
    assert_eq!(tried, json!([["all", false], ["all", false], ["relay", true], ["relay", true]]));
}

#[actix_web::test]
async fn hanging_camera_falls_back_to_audio() {
    let evening = Evening::start().await;
    let parent = evening.as_actor(1280, "parent").await;
    let script = "const ask = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = function (wish) { return wish.video ? new Promise(() \
                  => {}) : ask.call(this, wish) };
        Permissions.prototype.query = () => Promise.resolve({ state: 'granted' });";
    parent.run_before_each_page(script).await;
    parent.open(&evening.call()).await;
    parent.sees("The camera does not answer.").await;
    parent.press("Join the call").await;
    parent.labelled_element("Call controls").await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    teacher.labelled_element("Rachel Aaron, parent").await;
    let marks =
        "document.querySelector('[aria-label=\"Rachel Aaron, parent\"] figcaption').textContent";
    teacher
        .wait_for_js(&format!("{marks}.includes('camera off') && !{marks}.includes('muted')"))
        .await;
}

#[actix_web::test]
async fn muted_device_and_paused_audio_are_shown() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(1280, "parent").await;
    let script = "globalThis.__tracks = []; const ask = MediaDevices.prototype.getUserMedia;
        MediaDevices.prototype.getUserMedia = async function (wish) {
            const stream = await ask.call(this, wish); \
                  globalThis.__tracks.push(...stream.getTracks()); return stream };";
    parent.run_before_each_page(script).await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    let tell = async |event: &str, kind: &str| {
        let script = format!(
            "globalThis.__tracks.filter((one) => one.kind === '{kind}').at(-1).dispatchEvent(new \
             Event('{event}'))"
        );
        parent.run(&script).await;
    };
    let marks =
        "document.querySelector('[aria-label=\"Rachel Aaron, parent\"] figcaption').textContent";
    tell("mute", "audio").await;
    parent.sees("Your device has muted the microphone").await;
    teacher.wait_for_js(&format!("{marks}.includes('muted')")).await;
    tell("unmute", "audio").await;
    wait_until_gone(&parent, "Your device has muted the microphone").await;
    teacher.wait_for_js(&format!("!{marks}.includes('muted')")).await;
    tell("mute", "video").await;
    parent.sees("Your device has stopped the camera").await;
    teacher.wait_for_js(&format!("{marks}.includes('camera off')")).await;
    tell("unmute", "video").await;

    // Paused sound resumes by itself. When the browser forbids that, it resumes on a press.
    parent.run("document.querySelector('audio').pause()").await;
    parent.wait_for_js("!document.querySelector('audio').paused").await;
    let stuck = "globalThis.__play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no', \
                 'NotAllowedError'));
        document.querySelector('audio').pause()";
    parent.run(stuck).await;
    parent.sees("Tap to hear the others").await;
    teacher.sees("does not hear you at the moment").await;
    parent.run("HTMLMediaElement.prototype.play = globalThis.__play").await;
    parent.press("Tap to hear the others").await;
    parent.wait_for_js("!document.querySelector('audio').paused").await;
    wait_until_gone(&teacher, "does not hear you").await;
}

#[actix_web::test]
async fn denied_media_permissions_are_explained() {
    let evening = Evening::start().await;
    let parent = evening.as_actor(1280, "parent").await;
    parent
        .run_before_each_page(
            "MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('no', \
             'NotAllowedError'))",
        )
        .await;
    parent.open(&evening.call()).await;
    parent.sees("Your browser may not use the microphone.").await;
    parent.press("Join the call").await;
    parent.labelled_element("Call controls").await;
    parent.press("Unmute").await;
    parent.heading("Devices").await;
    let said = parent
        .run("return [...document.querySelectorAll('[role=status]')].map((one) => one.textContent)")
        .await;
    assert!(!said.to_string().contains("You can be heard."), "{said}");

    let guest = evening.as_actor(375, "guest").await;
    guest
        .run_before_each_page(
            "Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined })",
        )
        .await;
    guest.open(&evening.page("guest/devices")).await;
    guest.sees("This browser gives no camera and no microphone").await;
}

#[actix_web::test]
async fn countdown_is_correct_after_rejoining() {
    let evening = Evening::start().await;
    evening.school.clock.advance(TimeDelta::seconds(-125));
    let parent = evening.as_actor(375, "parent").await;
    press_join(&parent, &evening.call()).await;
    parent.heading("You’re in").await;
    // Advance the browser's clock by a minute and a half.
    parent.run("const now = Date.now; Date.now = () => now() + 90000").await;
    parent.press("Leave").await;
    parent.press("Join again").await;
    parent.sees("Begins in 0:").await;
    // The remaining time is also right on the page that asks to move from another device.
    let other = evening.as_actor(375, "parent").await;
    press_join(&other, &evening.call()).await;
    parent.press("Join the call").await;
    parent.heading("Move here?").await;
    let left = "document.querySelector('.countdown').textContent";
    parent.wait_for_js(&format!("{left}.startsWith('0:')")).await;
}

#[actix_web::test]
async fn evicted_participant_can_rejoin() {
    let evening = Evening::start().await;
    evening.school.clock.advance(TimeDelta::seconds(-300));
    let parent = evening.as_actor(375, "parent").await;
    press_join(&parent, &evening.call()).await;
    parent.heading("You’re in").await;
    // The server frees the seat, because it has not heard from the browser.
    advance_browser_clock(&parent).await;
    evening.school.execute("delete from call_seats").await;
    evening.school.execute("update calls set version = version + 1").await;
    parent.sees("The connection was lost for too long. Enter again.").await;
    check_page(&parent, "after the place ran out").await;
    rejoin(&parent, &evening).await;
    parent.heading("You’re in").await;

    // Another device takes the seat over.
    let other = evening.as_actor(375, "parent").await;
    press_join(&other, &evening.call()).await;
    other.press("Move here").await;
    parent.heading("You moved to another device or tab").await;
    rejoin(&parent, &evening).await;
    parent.heading("Move here?").await;

    // A stranger uses the guest's link.
    let guest = evening.as_actor(375, "guest").await;
    press_join(&guest, &evening.guests_call()).await;
    guest.heading("You’re in").await;
    let stranger = evening.as_actor(375, "guest").await;
    press_join(&stranger, &evening.guests_call()).await;
    stranger.press("Move here").await;
    guest.heading("Your link was opened in another browser").await;
    advance_browser_clock(&guest).await;
    rejoin(&guest, &evening).await;
    guest.heading("Move here?").await;
}

/// Presses *Join again* and joins by the door, whose countdown is right.
async fn rejoin(browser: &Browser, evening: &Evening) {
    browser.press("Join again").await;
    browser.sees("Begins in").await;
    evening.shows_remaining_time(browser, ".door [role=timer]", BROWSER_CLOCK_ADVANCE).await;
    camera_runs(browser).await;
    browser.press("Join the call").await;
}

#[actix_web::test]
async fn another_login_does_not_interrupt_a_running_call() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(1280, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    let before = connections(&parent).await;
    let call = parent.new_tab().await;
    parent.open(&evening.page("dev/login/staff")).await;
    parent.heading("Find a parent").await;
    parent.to_tab(&call).await;
    sees_and_hears(&parent, 1).await;
    sees_and_hears(&teacher, 1).await;
    assert_eq!(connections(&parent).await, before, "the call goes on");
    parent.press("Leave").await;
    parent.sees("Another person has logged in in this browser").await;
    parent.heading("Find a parent").await;
}
