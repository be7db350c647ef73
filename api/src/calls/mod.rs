//! WebSocket handling for calls: the sockets of this node, the messages sent to them, and the ICE
//! servers that browsers need to reach each other. `store::calls` and `domain::call` decide who may
//! enter, who gets a seat and who waits in the queue; this module decides none of it.

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
