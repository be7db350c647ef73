//! `GET /changes`: what became of the school's evenings, appointments, invites and attendance since
//! a cursor, for programs and staff.

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
    auth::Asker,
    precondition::tagged,
    problem::{Answer, ApiError},
    request::{List, PageQuery, Place as Sealed, cut},
    store::changes::{self, Kind, Place},
    views,
};

/// `?kinds=`, beside the page.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct KindsQuery {
    kinds: Option<String>,
}

/// A page of changes, in the order in which they came about.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_changes(
    req: HttpRequest,
    app: Data<App>,
    asker: Asker,
    query: Query<KindsQuery>,
    pages: Query<PageQuery>,
) -> Answer {
    let kinds = kinds(&asker, query.kinds.as_deref())?;
    let (school, zone, now) = (asker.school().id(), asker.school().zone(), app.clock.now());
    let (after, limit) = pages.read_sealed(&app.keys, List::Changes, school.into())?;
    let place =
        after.map(|after| Place { feed: after.id, number: after.order }).unwrap_or_default();
    let (part, is_waiting) =
        changes::list_changes(&app.store, app.context(), school, kinds, place, limit).await?;
    let (found, more) = cut(part.changes, limit);
    // Whoever has seen all of their kinds need not pass by the others again.
    let reached =
        if more { found.last().map_or(part.begun, |change| change.place) } else { part.last };
    let next_cursor = Sealed { order: reached.number, id: reached.feed }.cursor(
        &app.keys,
        List::Changes,
        Uuid::from(school),
    );
    let with_names = asker.also(Scope::GuestsRead);
    let items = found
        .into_iter()
        .map(|change| views::programs::change(change, with_names, zone, now))
        .collect();
    tagged(&req, &ChangePage { items, next_cursor, has_more: more || is_waiting })
}

/// Those that are asked for; without a word all that may be seen.
fn kinds(asker: &Asker, asked: Option<&str>) -> Answer<BTreeSet<Kind>> {
    let Some(asked) = asked else {
        let seen: BTreeSet<Kind> =
            Kind::ALL.into_iter().filter(|kind| asker.office(kind.scope()).is_ok()).collect();
        return if seen.is_empty() {
            asker.office(Kind::Booking.scope()).map(|()| seen)
        } else {
            Ok(seen)
        };
    };
    let read = |name: &str| {
        let kind = Kind::parse(name.trim()).ok_or_else(|| {
            ApiError::field(
                "kinds",
                "unknown",
                "Give some of evening, booking, invite and attendance, with commas between, or \
                 leave kinds out.",
            )
        })?;
        asker.office(kind.scope()).map(|()| kind)
    };
    asked.split(',').map(read).collect()
}
