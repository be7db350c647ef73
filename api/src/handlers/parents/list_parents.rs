//! `GET /parents`: search for parents, for staff.

use actix_web::web::{Data, Json, Query};
use parlour_domain::{
    id::PersonId,
    text::{self, Lines, MAX_WORDS},
};
use parlour_wire::{Page, Parent};
use serde::Deserialize;

use crate::{
    app::App,
    auth::Caller,
    problem::{ApiError, ApiResult},
    request::{List, PageQuery, page},
    store::parents,
    views,
};

/// `?q=`: words of the name or email address.
#[derive(Debug, Default, Deserialize)]
pub struct ParentSearchQuery {
    #[serde(default)]
    q: String,
}

/// Lists the parents found, by name.
///
/// # Errors
/// `wrong_role`, `bad_cursor`, `invalid`.
pub async fn list_parents(
    app: Data<App>,
    caller: Caller,
    search: Query<ParentSearchQuery>,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<Parent>>> {
    caller.require_staff()?;
    text::check(&search.q, Lines::One, MAX_WORDS).map_err(|_| {
        ApiError::field(
            "q",
            "format",
            &format!(
                "Give at most {MAX_WORDS} characters on one line, without control characters."
            ),
        )
    })?;
    let (after, limit) = pages.read(List::Parents)?;
    let (school, words) = (caller.school_id(), search.into_inner().q);
    let rows = app
        .store
        .read(move |db| parents::list(db, school, &words, after.map(PersonId), limit))
        .await?;
    Ok(Json(page(List::Parents, rows, limit, |row| row.person.id.0, |row| views::parent(&row))))
}
