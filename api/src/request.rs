//! Extractors and helpers for requests, apart from authentication: ids in the path, JSON bodies,
//! pages of lists, and idempotency keys.

mod body;
mod idempotency;
pub mod json;
mod signed_cursor;

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use parlour_domain::id::{
    BarId, BookingId, ClientId, DeliveryId, EveningId, InviteId, PersonId, WebhookId,
};
use parlour_wire::{FieldError, Page};
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;
use validator::{Validate, ValidationErrors};

pub use self::{
    body::{Form, MaxBody, check_encoding},
    idempotency::idempotency_key,
    signed_cursor::{CursorPosition, signed_page},
};
use crate::{
    problem::{ApiError, ApiResult},
    store::export::ExportFilter,
};

macro_rules! path_ids {
    ($($(#[$doc:meta])* $name:ident($id:ty) = $segment:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub $id);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = std::future::Ready<Result<Self, ApiError>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                let id = req.match_info().get($segment).and_then(|text| text.parse().ok());
                std::future::ready(id.map(Self).ok_or_else(ApiError::not_found))
            }
        }
    )+};
}

path_ids! {
    /// `{evening_id}`. As with all of these, a malformed id is `not_found`.
    EveningPath(EveningId) = "evening_id";
    /// `{booking_id}`.
    BookingPath(BookingId) = "booking_id";
    /// `{invite_id}`.
    InvitePath(InviteId) = "invite_id";
    /// `{parent_id}`.
    ParentPath(PersonId) = "parent_id";
    /// `{student_id}`.
    StudentPath(PersonId) = "student_id";
    /// `{client_id}`.
    ClientPath(ClientId) = "client_id";
    /// `{bar_id}`.
    BarPath(BarId) = "bar_id";
    /// `{import_id}`.
    ImportPath(Uuid) = "import_id";
}

path_ids! {
    /// `{webhook_id}`.
    WebhookPath(WebhookId) = "webhook_id";
    /// `{delivery_id}`.
    DeliveryPath(DeliveryId) = "delivery_id";
}

/// A JSON body, parsed strictly (see [`json`]), with its raw bytes.
#[derive(Debug)]
pub struct Body<T> {
    /// The value.
    pub value: T,
    /// The bytes.
    pub bytes: web::Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = body::is_of(req, "application/json");
        let reading = body::read(req, payload);
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    "Send the body as application/json.",
                ));
            }
            let bytes = reading.await?;
            let read: serde_json::Value =
                serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
            let value = json::read(&read, json::Nulls::Absent)
                .map_err(|wrong| ApiError::field(&wrong.field, &wrong.code, &wrong.detail))?;
            Ok(Self { value, bytes })
        })
    }
}

/// Validates a value against the limits of its wire type.
///
/// # Errors
/// `invalid`, with an error for each field.
pub fn checked<T: Validate>(value: &T) -> ApiResult<()> {
    value.validate().map_err(|errors| {
        ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "Some fields are wrong. See errors for each.",
        )
        .with_errors(field_errors(&errors))
    })
}

fn field_errors(errors: &ValidationErrors) -> Vec<FieldError> {
    let fields = errors.field_errors();
    let mut found: Vec<FieldError> = fields
        .into_iter()
        .flat_map(|(field, errors)| {
            let describe = move |error: &validator::ValidationError| {
                let bound = |name: &str| error.params.get(name).map(ToString::to_string);
                let detail = match (bound("min"), bound("max")) {
                    (Some(min), Some(max)) => {
                        format!("Must have from {min} to {max} entries or characters.")
                    }
                    (None, Some(max)) => format!("Must have at most {max} entries or characters."),
                    _ => "Is wrong.".to_owned(),
                };
                FieldError { field: field.to_string(), code: error.code.to_string(), detail }
            };
            errors.iter().map(describe)
        })
        .collect();
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        format!("The body is not JSON: {error}."),
    )
}

/// `?parent_id=`: the parent on whose behalf staff act.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ParentQuery {
    /// The parent.
    parent_id: Option<Uuid>,
}

impl ParentQuery {
    /// The parent.
    #[must_use]
    pub fn parent(self) -> Option<PersonId> {
        self.parent_id.map(PersonId)
    }
}

/// `?booking_id=`: the booking whose call the request is about.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct CallQuery {
    /// The booking.
    booking_id: Option<Uuid>,
}

impl CallQuery {
    /// The booking.
    #[must_use]
    pub fn booking(self) -> Option<BookingId> {
        self.booking_id.map(BookingId)
    }
}

/// `?cursor=&limit=`: the parameters of a page.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `?id=&evening_id=&updated_since=&cursor=&limit=`: the filters and page of an export. For
/// bookings also `stranded=true`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ExportQuery {
    id: Option<Uuid>,
    evening_id: Option<Uuid>,
    updated_since: Option<String>,
    #[serde(default)]
    stranded: bool,
    #[serde(flatten)]
    page: ExportPageQuery,
}

/// The fields of [`PageQuery`], with the limit as text: `#[serde(flatten)]` passes every value on
/// as text.
#[derive(Clone, Debug, Default, Deserialize)]
struct ExportPageQuery {
    cursor: Option<String>,
    limit: Option<String>,
}

impl ExportQuery {
    /// Parses the filters of the export.
    ///
    /// # Errors
    /// `bad_cursor`; `invalid` for a time that can't be parsed and for a limit out of 1 to 100;
    /// `bad_request` for a limit that is not a number.
    pub fn read(&self, list: List) -> ApiResult<ExportFilter> {
        let limit = self.page.limit.as_deref().map(str::parse).transpose();
        let limit =
            limit.map_err(|_| ApiError::bad_request("limit: give a number from 1 to 100."))?;
        let (after, limit) = PageQuery { cursor: self.page.cursor.clone(), limit }.read(list)?;
        // A plus sign that the client did not escape arrives as a blank.
        let since = self
            .updated_since
            .as_deref()
            .map(|text| text.replace(' ', "+").parse::<DateTime<Utc>>())
            .transpose();
        let since = since.map_err(|_| {
            ApiError::field("updated_since", "format", "Give a time like 2026-11-26T16:05:00Z.")
        })?;
        Ok(ExportFilter {
            only: self.id,
            evening: self.evening_id.map(EveningId),
            since,
            only_stranded: self.stranded,
            after,
            limit,
        })
    }
}

/// The lists. A cursor contains the number of its list, so that it is refused by every other one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum List {
    Evenings = 1,
    History,
    Parents,
    Bars,
    DevMails,
    Clients,
    BookingExport,
    InviteExport,
    Attendance,
    Deliveries,
    Changes,
    RosterImports,
}

impl PageQuery {
    /// The id of the row after which the page begins, and the limit.
    ///
    /// # Errors
    /// `bad_cursor` for a malformed cursor or one of another list, `invalid` for a limit out of 1
    /// to 100.
    pub fn read(&self, list: List) -> ApiResult<(Option<Uuid>, i64)> {
        let limit = self.limit()?;
        let bad = || ApiError::from(crate::store::Error::BadCursor);
        let read = |cursor: &str| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
            let (tag, id) = bytes.split_first().ok_or_else(bad)?;
            if *tag == list as u8 { Uuid::from_slice(id).map_err(|_| bad()) } else { Err(bad()) }
        };
        Ok((self.cursor.as_deref().map(read).transpose()?, limit))
    }

    fn limit(&self) -> ApiResult<i64> {
        let limit = self.limit.unwrap_or(50);
        if (1..=100).contains(&limit) {
            Ok(limit)
        } else {
            Err(ApiError::field("limit", "range", "Give a number from 1 to 100."))
        }
    }
}

/// Makes a page from rows of which one more than `limit` was read.
pub fn page<R, T>(
    list: List,
    rows: Vec<R>,
    limit: i64,
    id: impl Fn(&R) -> Uuid,
    view: impl FnMut(R) -> T,
) -> Page<T> {
    let (rows, more) = split_page(rows, limit);
    let cursor = |row: &R| {
        let mut bytes = vec![list as u8];
        bytes.extend(id(row).as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    };
    let next_cursor = if more { rows.last().map(cursor) } else { None };
    Page { items: rows.into_iter().map(view).collect(), next_cursor }
}

/// Cuts the rows to the page, and returns whether there are more.
pub fn split_page<R>(mut rows: Vec<R>, limit: i64) -> (Vec<R>, bool) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}
