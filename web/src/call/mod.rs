//! The call: devices, the WebSocket to the server and the connections to the others. Knows no page;
//! only who opens a call fetches it.

pub(crate) mod devices;
pub(crate) mod js_object;
pub(crate) mod network;
pub(crate) mod peer;
pub(crate) mod quality;
pub(crate) mod room;
mod socket;
pub(crate) mod sound;
pub(crate) mod timer;
pub(crate) mod wake_lock;

use crate::task::spawn;

/// Starts something that runs by itself.
fn run(work: impl Future<Output = ()> + 'static) {
    spawn(Box::pin(work));
}
