//! The lookup of the school at an address, with a cache of one second, because every request needs
//! it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use actix_web::http::StatusCode;

use crate::{
    problem::{ApiError, ApiResult},
    store::{
        Error, Store,
        schools::{self, SchoolAddress, SchoolRow},
    },
    telemetry::request::record_school,
};

/// The most addresses in the cache: a client can make up any number of them.
const MAX_ADDRESSES: usize = 1024;

/// Time for which a cached school is used.
const SCHOOL_CACHE_TTL: Duration = Duration::from_secs(1);

type Known = HashMap<SchoolAddress, (SchoolRow, Instant)>;

/// Finds schools by their addresses, with a cache.
pub struct SchoolLookup {
    store: Store,
    known: Mutex<Known>,
}

impl SchoolLookup {
    /// A lookup with an empty cache.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// The school at an address.
    ///
    /// # Errors
    /// `unknown_school`.
    pub async fn find(&self, address: SchoolAddress) -> ApiResult<SchoolRow> {
        let school = match self.fresh(&address) {
            Some(school) => school,
            None => self.load(address).await?,
        };
        record_school(school.id());
        Ok(school)
    }

    /// Clears the cache after a school has changed.
    pub fn forget(&self) {
        self.known().clear();
    }

    fn fresh(&self, address: &SchoolAddress) -> Option<SchoolRow> {
        let known = self.known();
        let (school, at) = known.get(address)?;
        (at.elapsed() < SCHOOL_CACHE_TTL).then(|| school.clone())
    }

    async fn load(&self, address: SchoolAddress) -> ApiResult<SchoolRow> {
        if !address.is_text() {
            return Err(unknown_school());
        }
        let wanted = address.clone();
        let school = match self.store.read(move |db| schools::find(db, &wanted)).await {
            Err(Error::NotFound) => return Err(unknown_school()),
            found => found?,
        };
        let mut known = self.known();
        if known.len() >= MAX_ADDRESSES {
            known.clear();
        }
        known.insert(address, (school.clone(), Instant::now()));
        Ok(school)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown_school() -> ApiError {
    let detail = "There is no school at this address. Check the address in the invitation or mail.";
    ApiError::new(StatusCode::NOT_FOUND, "unknown_school", detail)
}
