//! Signed cursors, for lists whose rows can move or be deleted. The cursor contains the position
//! itself, and an HMAC with the server's key, so that a client can't make one up.

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

/// Length of the signed bytes: the list, the order and the id.
const SIGNED_LEN: usize = 1 + 8 + 16;
/// Length of the signature in base64 characters: 132 bits.
const SIGNATURE_LEN: usize = 22;

/// A position in a list that is ordered by a number or time and then by id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CursorPosition {
    /// The sort value of the last row seen: its number, or its time in microseconds.
    pub order: i64,
    /// The id of that row.
    pub id: Uuid,
}

impl CursorPosition {
    /// The cursor of this position. `of` is the id of the list's owner.
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
    /// Like [`PageQuery::read`], for a list whose pages [`signed_page`] makes. `of` is the id of
    /// the list's owner: a school, or a webhook endpoint.
    ///
    /// # Errors
    /// `bad_cursor` for a cursor that was not issued for this list, `invalid` for a limit out of 1
    /// to 100.
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

/// Makes a page from rows of which one more than `limit` was read.
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
