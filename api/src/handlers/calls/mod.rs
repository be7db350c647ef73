//! The call: its door, its WebSocket, and the servers that help browsers find each other.

mod get_ice_servers;

pub use get_ice_servers::get_ice_servers;
