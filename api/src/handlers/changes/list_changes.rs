//! `GET /changes`: the change feed of evenings, bookings, invites and attendance since a cursor,
//! for API clients and staff.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use parlour_domain::scope::Scope;
use parlour_wire::ChangePage;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    auth::Principal,
    precondition::with_etag,
    problem::{ApiError, ApiResult},
    request::{CursorPosition, List, PageQuery, split_page},
    store::changes::{self, ChangeKind, FeedPosition},
    views,
};

/// `?kinds=`: the kinds of changes, beside the page parameters.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct KindsQuery {
    kinds: Option<String>,
}

/// Lists the changes in the order of their sequence numbers.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_changes(
    req: HttpRequest,
    app: Data<App>,
    principal: Principal,
    query: Query<KindsQuery>,
    pages: Query<PageQuery>,
) -> ApiResult {
    let kinds = kinds(&principal, query.kinds.as_deref())?;
    let (school, zone, now) = (principal.school().id(), principal.school().zone(), app.clock.now());
    let (after, limit) = pages.read_signed(&app.keys, List::Changes, school.into())?;
    let place =
        after.map(|after| FeedPosition { feed: after.id, number: after.order }).unwrap_or_default();
    let (part, is_waiting) =
        changes::list_changes(&app.store, app.context(), school, kinds, place, limit).await?;
    let (found, more) = split_page(part.changes, limit);
    // On the last page the cursor also skips the changes of other kinds, so that they are not
    // scanned again.
    let reached =
        if more { found.last().map_or(part.begun, |change| change.place) } else { part.last };
    let next_cursor = CursorPosition { order: reached.number, id: reached.feed }.cursor(
        &app.keys,
        List::Changes,
        Uuid::from(school),
    );
    let with_names = principal.is_allowed(Scope::GuestsRead);
    let items = found
        .into_iter()
        .map(|change| views::exports::change(change, with_names, zone, now))
        .collect();
    with_etag(&req, &ChangePage { items, next_cursor, has_more: more || is_waiting })
}

/// The kinds that are requested; without the parameter, all that the principal may read.
fn kinds(principal: &Principal, asked: Option<&str>) -> ApiResult<BTreeSet<ChangeKind>> {
    let Some(asked) = asked else {
        let seen: BTreeSet<ChangeKind> = ChangeKind::ALL
            .into_iter()
            .filter(|kind| principal.require_office(kind.scope()).is_ok())
            .collect();
        return if seen.is_empty() {
            principal.require_office(ChangeKind::Booking.scope()).map(|()| seen)
        } else {
            Ok(seen)
        };
    };
    let read = |name: &str| {
        let kind = ChangeKind::parse(name.trim()).ok_or_else(|| {
            ApiError::field(
                "kinds",
                "unknown",
                "Give some of evening, booking, invite and attendance, with commas between, or \
                 leave kinds out.",
            )
        })?;
        principal.require_office(kind.scope()).map(|()| kind)
    };
    asked.split(',').map(read).collect()
}
