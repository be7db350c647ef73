//! Call client: the devices, the WebSocket to the server and the connections to the other
//! participants. It knows no page and is fetched only with the pages of calls.

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

/// Spawns a future.
fn run(work: impl Future<Output = ()> + 'static) {
    spawn(Box::pin(work));
}
