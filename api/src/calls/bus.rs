//! The bus by which nodes share call events. Seats are in the database, so a node that receives
//! nothing still keeps every rule; it only learns of changes up to half a second later, and can't
//! pass signals to another node.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use parlour_domain::id::{BookingId, ParticipantId};
use parlour_wire::{Media, Signal};

/// A message about a call to the other nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BusMessage {
    /// The database rows of the call changed.
    Changed(BookingId),
    /// A node has its first connection of the call and asks the others for their media states.
    Hello(BookingId),
    /// The media that a connection sends changed.
    Media {
        /// The call.
        booking: BookingId,
        /// The sender.
        of: ParticipantId,
        /// The sender's connection.
        connection: u32,
        /// The new media state.
        media: Media,
    },
    /// A signal to one connection.
    Signal(AddressedSignal),
}

/// A signal with its sender and recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressedSignal {
    /// The call.
    pub booking: BookingId,
    /// The sender.
    pub from: ParticipantId,
    /// The sender's connection.
    pub from_connection: u32,
    /// The recipient.
    pub to: ParticipantId,
    /// The recipient's connection.
    pub to_connection: u32,
    /// The signal.
    pub signal: Signal,
}

/// A node that receives messages from the bus.
pub trait Node: Send + Sync {
    /// Handles a message of another node. Must not block.
    fn receive(&self, note: BusMessage);
}

/// Carries messages between nodes. May lose messages and may deliver them out of order.
pub trait Bus: Send + Sync {
    /// Subscribes a node to the messages of the others until the node is dropped.
    fn subscribe(&self, node: Weak<dyn Node>);

    /// Sends a message to all nodes except the sender.
    fn publish(&self, from: &Weak<dyn Node>, note: &BusMessage);
}

/// A bus for nodes in one process.
#[derive(Default)]
pub struct InProcess(RwLock<Vec<Weak<dyn Node>>>);

impl Bus for InProcess {
    fn subscribe(&self, node: Weak<dyn Node>) {
        let mut nodes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|known| known.strong_count() > 0);
        nodes.push(node);
    }

    fn publish(&self, from: &Weak<dyn Node>, note: &BusMessage) {
        let nodes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let others: Vec<Arc<dyn Node>> =
            nodes.iter().filter(|node| !node.ptr_eq(from)).filter_map(Weak::upgrade).collect();
        drop(nodes);
        for node in others {
            node.receive(note.clone());
        }
    }
}
