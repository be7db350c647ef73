//! Pages of a call, fetched when one is opened: the device check, the door, the room, and the view
//! after the call.

mod after;
mod bar;
mod call_icon;
mod choose;
mod devices;
mod door;
mod lobby;
mod media;
mod page;
mod room;
mod tiles;

pub(super) use devices::DevicesPage;
pub(super) use page::{CallPage, CallPageProps};
