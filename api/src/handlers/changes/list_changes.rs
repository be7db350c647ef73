//! `GET /changes`: what became of the school's evenings, appointments, invites and attendance since a cursor, for programs and staff.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use parlour_domain::scope::Scope;
use parlour_wire::ChangePage;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    auth::Asker,
    precondition::tagged,
    problem::{Answer, ApiError},
    request::{List, limit},
    store::{
        Error as StoreError,
        changes::{self, Kind, Place},
    },
    views,
};

/// `?kinds=&cursor=&limit=`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ChangesQuery {
    kinds: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// A page of changes, in the order in which they came about.
///
/// # Errors
/// `wrong_role`, `scope_missing`, `bad_cursor`, `invalid`.
pub async fn list_changes(req: HttpRequest, app: Data<App>, asker: Asker, query: Query<ChangesQuery>) -> Answer {
    let kinds = kinds(&asker, query.kinds.as_deref())?;
    let (school, zone, now) = (asker.school().id(), asker.school().zone(), app.clock.now());
    let limit = limit(query.limit)?;
    let place = query.cursor.as_deref().map(place_of).transpose()?.unwrap_or_default();
    let mut is_waiting = app.store.read(move |db| changes::is_waiting(db, school)).await?;
    if is_waiting {
        let ctx = app.context();
        is_waiting = app.store.write(move |db| changes::give_places(db, &ctx, school)).await?;
    }
    let (begun, mut found) = app.store.read(move |db| changes::after(db, school, &kinds, place, limit)).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > most || is_waiting;
    found.truncate(most);
    let next_cursor = cursor(found.last().map_or(begun, |change| change.place));
    let with_names = asker.also(Scope::GuestsRead);
    let items = found.into_iter().map(|change| views::programs::change(change, with_names, zone, now)).collect();
    tagged(&req, &ChangePage { items, next_cursor, has_more })
}

/// Those that are asked for; without a word all that may be seen.
fn kinds(asker: &Asker, asked: Option<&str>) -> Answer<BTreeSet<Kind>> {
    let Some(asked) = asked else {
        let seen: BTreeSet<Kind> = Kind::ALL.into_iter().filter(|kind| asker.office(kind.scope()).is_ok()).collect();
        return if seen.is_empty() { asker.office(Kind::Booking.scope()).map(|()| seen) } else { Ok(seen) };
    };
    let read = |name: &str| {
        let kind = Kind::parse(name.trim()).ok_or_else(|| {
            ApiError::field("kinds", "unknown", "Give some of evening, booking, invite and attendance, with commas between, or leave kinds out.")
        })?;
        asker.office(kind.scope()).map(|()| kind)
    };
    asked.split(',').map(read).collect()
}

fn cursor(place: Place) -> String {
    let mut bytes = vec![List::Changes as u8];
    bytes.extend(place.feed.as_bytes());
    bytes.extend(place.number.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn place_of(cursor: &str) -> Answer<Place> {
    let bad = || ApiError::from(StoreError::BadCursor);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    let (start, number) = bytes.split_last_chunk::<8>().ok_or_else(bad)?;
    let (list, feed) = start.split_first().ok_or_else(bad)?;
    let (feed, number) = (Uuid::from_slice(feed).map_err(|_| bad())?, i64::from_be_bytes(*number));
    if *list == List::Changes as u8 && number >= 0 { Ok(Place { feed, number }) } else { Err(bad()) }
}
