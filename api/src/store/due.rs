//! The result of claiming due jobs from a queue.

/// The result of an attempt to claim due jobs.
#[derive(Debug)]
pub enum ClaimResult<T> {
    /// The caller has claimed these jobs and runs them now.
    Claimed(Vec<T>),
    /// Other workers claimed the due jobs first; try again.
    Contended,
    /// Nothing is due.
    Nothing,
}
