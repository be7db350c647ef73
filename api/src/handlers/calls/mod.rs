//! Operations on calls: the door, the WebSockets, and the ICE servers.

mod get_call;
mod get_guest_call;
mod get_ice_servers;
mod open_call_socket;
mod open_check_socket;
mod open_guest_call_socket;
mod upgrade;

pub use self::{
    get_call::get_call, get_guest_call::get_guest_call, get_ice_servers::get_ice_servers,
    open_call_socket::open_call_socket, open_check_socket::open_check_socket,
    open_guest_call_socket::open_guest_call_socket,
};
