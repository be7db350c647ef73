//! The version of a thing that a change rests on: what reading it must still show.

use super::{
    Db, Error, Result,
    locks::{LockRank, lock_row},
    sql_types::Key,
};

/// Whether what reading shows is what the client knows; none where the client does not say.
type Comparison<T> = Box<dyn Fn(&T) -> bool + Send>;

/// The version of a thing that a change rests on (`If-Match`, RFC 9110, 13.1.1), or any version.
pub struct ExpectedVersion<T>(Option<Comparison<T>>);

impl<T> ExpectedVersion<T> {
    /// Any version: the change rests on none.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// A version that this comparison accepts.
    #[must_use]
    pub fn when(is_expected: impl Fn(&T) -> bool + Send + 'static) -> Self {
        Self(Some(Box::new(is_expected)))
    }

    /// Locks the row and compares what reading it shows now. Where any version will do, it does
    /// neither.
    ///
    /// # Errors
    /// [`Error::Changed`] when it is another version; [`Error::NotFound`].
    pub fn check(
        &self,
        db: &mut Db,
        rank: LockRank,
        id: impl Into<Key>,
        current: impl Fn(&mut Db) -> Result<T>,
    ) -> Result<()> {
        let Some(is_expected) = &self.0 else { return Ok(()) };
        // What has ended shows itself no more, so it is another version.
        let changed_if_ended =
            |error| if matches!(error, Error::Link(_)) { Error::Changed } else { error };
        // What this person may not see is not locked, either.
        current(db).map_err(changed_if_ended)?;
        lock_row(db, rank, id)?;
        let now = current(db).map_err(changed_if_ended)?;
        if is_expected(&now) { Ok(()) } else { Err(Error::Changed) }
    }
}
