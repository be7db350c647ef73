//! The call around its rules: the WebSockets of this node, what they are told, and what browsers
//! need to reach each other. Who may enter, who sits and who waits is decided by `store::calls` and
//! `domain::call`; nothing here decides it.

pub mod bus;
pub mod check;
pub mod hub;
pub mod ice;
pub mod limits;
mod reason;
mod relay;
mod room;
pub mod sessions;
pub mod socket;

pub use self::{
    bus::{Bus, InProcess},
    hub::Hub,
    room::{Outgoing, SocketId, SocketSender},
    socket::{NewSocket, Socket},
};
