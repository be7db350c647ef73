//! `GET /changes`: what became of the school's evenings, appointments, invites and attendance since a cursor, for programs and staff.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use parlour_domain::id::SchoolId;
use parlour_wire::ChangePage;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    auth::Asker,
    problem::{Answer, ApiError},
    request::{List, limit, tagged},
    store::{
        Error as StoreError,
        changes::{self, Kind},
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
    let place = query.cursor.as_deref().map(|cursor| place_of(school, cursor)).transpose()?.unwrap_or(0);
    let mut is_waiting = app.store.read(move |db| changes::is_waiting(db, school)).await?;
    if is_waiting {
        is_waiting = app.store.write(move |db| changes::give_places(db, school)).await?;
    }
    let mut found = app.store.read(move |db| changes::after(db, school, &kinds, place, limit)).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > most || is_waiting;
    found.truncate(most);
    let next_cursor = cursor(school, found.last().map_or(place, |change| change.place));
    let with_names = asker.also(parlour_domain::scope::Scope::GuestsRead);
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

/// Names a place in the feed of a school.
fn cursor(school: SchoolId, place: i64) -> String {
    let mut bytes = vec![List::Changes as u8];
    bytes.extend(Uuid::from(school).as_bytes());
    bytes.extend(place.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn place_of(school: SchoolId, cursor: &str) -> Answer<i64> {
    let bad = || ApiError::from(StoreError::BadCursor);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    let (start, place) = bytes.split_last_chunk::<8>().ok_or_else(bad)?;
    let place = i64::from_be_bytes(*place);
    let is_ours = start.split_first().is_some_and(|(list, of)| *list == List::Changes as u8 && of == Uuid::from(school).as_bytes());
    if is_ours && place >= 0 { Ok(place) } else { Err(bad()) }
}
