//! The result of a look at a queue.

/// What a look at a queue found.
#[derive(Debug)]
pub enum ClaimResult<T> {
    /// These jobs are the caller's to run now.
    Claimed(Vec<T>),
    /// Others were quicker; look again.
    Contended,
    /// Nothing is due.
    Nothing,
}
