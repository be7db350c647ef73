//! Cursors that hold their place themselves, for lists whose rows can move or go: sealed with the
//! server's key, so that none is taken that was not given out.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use parlour_wire::Page;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{List, PageQuery, split_page};
use crate::{
    keys::Keys,
    problem::{ApiError, ApiResult},
    store::Error,
};

/// The length of what is sealed: the list, the place's order and an id.
const SIGNED_LEN: usize = 1 + 8 + 16;
/// The length of the seal, in letters of base64: 128 bits and a little.
const SIGNATURE_LEN: usize = 22;

/// A place in a list that is ordered by a number, or a time, and an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CursorPosition {
    /// What the last row seen is ordered by: its number, or its time in microseconds.
    pub order: i64,
    /// Its id.
    pub id: Uuid,
}

impl CursorPosition {
    /// The cursor that names it. `of` is whose list it is.
    #[must_use]
    pub fn cursor(self, keys: &Keys, list: List, of: Uuid) -> String {
        let mut bytes = vec![list as u8];
        bytes.extend(self.order.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        let seal = sign(keys, of, &bytes);
        bytes.extend(&seal);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(cursor: &str, keys: &Keys, list: List, of: Uuid) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (signed, found) = bytes.split_at_checked(SIGNED_LEN)?;
        if signed.first() != Some(&(list as u8))
            || !bool::from(found.ct_eq(&sign(keys, of, signed)))
        {
            return None;
        }
        Some(Self {
            order: i64::from_be_bytes(signed.get(1..9)?.try_into().ok()?),
            id: Uuid::from_slice(signed.get(9..)?).ok()?,
        })
    }
}

fn sign(keys: &Keys, of: Uuid, bytes: &[u8]) -> Vec<u8> {
    let mut all = of.as_bytes().to_vec();
    all.extend(bytes);
    keys.hash("cursor", &all).into_bytes().into_iter().take(SIGNATURE_LEN).collect()
}

impl PageQuery {
    /// As [`PageQuery::read`], for a list whose pages [`signed_page`] makes. `of` is whose list it
    /// is: the school's, or an endpoint's.
    ///
    /// # Errors
    /// `bad_cursor` for one that this list did not give out, `invalid` for a limit out of 1 to 100.
    pub fn read_signed(
        &self,
        keys: &Keys,
        list: List,
        of: Uuid,
    ) -> ApiResult<(Option<CursorPosition>, i64)> {
        let limit = self.limit()?;
        let read = |cursor: &str| {
            CursorPosition::read(cursor, keys, list, of)
                .ok_or_else(|| ApiError::from(Error::BadCursor))
        };
        Ok((self.cursor.as_deref().map(read).transpose()?, limit))
    }
}

/// A page of rows of which one more than `limit` was read.
pub fn signed_page<R, T>(
    keys: &Keys,
    list: List,
    of: Uuid,
    rows: Vec<R>,
    limit: i64,
    place: impl Fn(&R) -> CursorPosition,
    view: impl FnMut(R) -> T,
) -> Page<T> {
    let (rows, more) = split_page(rows, limit);
    let next_cursor =
        if more { rows.last().map(|row| place(row).cursor(keys, list, of)) } else { None };
    Page { items: rows.into_iter().map(view).collect(), next_cursor }
}
