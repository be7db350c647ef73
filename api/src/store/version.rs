//! The expected version of a resource: a change is made only if the resource is still as the client
//! has read it.

use super::{
    Db, Error, Result,
    locks::{LockRank, lock_row},
    sql_types::Key,
};

/// True if the current state is the one that the client knows.
type Comparison<T> = Box<dyn Fn(&T) -> bool + Send>;

/// The version of a resource that a change depends on (`If-Match`, RFC 9110, 13.1.1), or any
/// version.
pub struct ExpectedVersion<T>(Option<Comparison<T>>);

impl<T> ExpectedVersion<T> {
    /// Any version: the change depends on none.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// A version that this comparison accepts.
    #[must_use]
    pub fn when(is_expected: impl Fn(&T) -> bool + Send + 'static) -> Self {
        Self(Some(Box::new(is_expected)))
    }

    /// Locks the row and compares its current state. If any version is accepted, it does neither.
    ///
    /// # Errors
    /// [`Error::Changed`] when the current state is another version; [`Error::NotFound`].
    pub fn check(
        &self,
        db: &mut Db,
        rank: LockRank,
        id: impl Into<Key>,
        current: impl Fn(&mut Db) -> Result<T>,
    ) -> Result<()> {
        let Some(is_expected) = &self.0 else { return Ok(()) };
        // A resource that has ended can't be read any more, so its version has changed.
        let changed_if_ended =
            |error| if matches!(error, Error::Link(_)) { Error::Changed } else { error };
        // A row that this person may not see must not be locked, so it is read first.
        current(db).map_err(changed_if_ended)?;
        lock_row(db, rank, id)?;
        let now = current(db).map_err(changed_if_ended)?;
        if is_expected(&now) { Ok(()) } else { Err(Error::Changed) }
    }
}
