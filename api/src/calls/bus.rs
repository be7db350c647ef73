//! How nodes share what is said in a call. Seats are in the database, so a node that hears nothing
//! still keeps every rule; it only learns of changes half a second later, and can't pass signals on
//! to another node.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use parlour_domain::id::{BookingId, ParticipantId};
use parlour_wire::{Media, Signal};

/// Something that other nodes are to know of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BusMessage {
    /// Its rows changed.
    Changed(BookingId),
    /// A node has its first connection of it, and wants to know what the others send.
    Hello(BookingId),
    /// What somebody sends.
    Media {
        /// In which call.
        booking: BookingId,
        /// Who.
        of: ParticipantId,
        /// By which connection of theirs.
        connection: u32,
        /// What.
        media: Media,
    },
    /// Something for one connection.
    Signal(AddressedSignal),
}

/// A signal on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressedSignal {
    /// In which call.
    pub booking: BookingId,
    /// From whom.
    pub from: ParticipantId,
    /// From which connection of theirs.
    pub from_connection: u32,
    /// To whom.
    pub to: ParticipantId,
    /// To which connection of theirs.
    pub to_connection: u32,
    /// What.
    pub signal: Signal,
}

/// A node, as the bus knows it.
pub trait Node: Send + Sync {
    /// Takes a note of another node. Must not wait.
    fn receive(&self, note: BusMessage);
}

/// Carries notes between nodes. May lose some, and may bring them in another order than they were
/// sent.
pub trait Bus: Send + Sync {
    /// Lets a node hear the others from now on, for as long as it is there.
    fn subscribe(&self, node: Weak<dyn Node>);

    /// Brings a note to all nodes but the one that sends it.
    fn publish(&self, from: &Weak<dyn Node>, note: &BusMessage);
}

/// The bus of nodes in one process.
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
