//! The call's pages, fetched when one is opened: the check of the devices, the door, the room, and
//! what comes after.

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
