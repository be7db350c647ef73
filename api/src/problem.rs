//! The error responses: `application/problem+json` (RFC 9457) with a stable `code`. The routes log
//! the cause of an error once; it is never sent.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use parlour_domain::{
    Refusal,
    booking::{Lost, LostBookings},
};
use parlour_wire::{FieldError, LostBooking, Problem, RestingBooking};
use uuid::Uuid;

use crate::{
    store::{Error as StoreError, LinkError, evening_setup::Resting},
    telemetry::{RequestId, request::record_code},
};

/// The error of a handler.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    /// The other fields, boxed to keep `Result`s small: most responses are no errors.
    extensions: Box<Extensions>,
}

#[derive(Debug, Default)]
struct Extensions {
    detail: String,
    errors: Vec<FieldError>,
    lost: Vec<LostBooking>,
    bookings: Vec<RestingBooking>,
    bookings_total: Option<u32>,
    retry_after: Option<u32>,
    allow: Option<String>,
    challenge: Option<String>,
    /// True if the response has an `Accept-Encoding` header (RFC 9110, 12.5.3).
    accept_encoding: bool,
    cause: Option<StoreError>,
}

/// The most bookings that a response lists as standing against a change.
const NAMED: usize = 100;

/// The result of a handler.
pub type ApiResult<T = HttpResponse> = Result<T, ApiError>;

impl ApiError {
    /// An error with a code and a sentence that tells the caller what to do.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            extensions: Box::new(Extensions { detail: detail.into(), ..Extensions::default() }),
        }
    }

    /// The resource does not exist, or the caller may not see it.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here, or it is not yours to see.",
        )
    }

    /// Nobody is logged in.
    #[must_use]
    pub fn not_logged_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_logged_in", "Log in first.")
    }

    /// An API client called an operation for people.
    #[must_use]
    pub fn people_only() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_logged_in",
            "This operation is for people who log in; no access token opens it.",
        )
    }

    /// The caller is logged in, but in another role.
    #[must_use]
    pub fn wrong_role() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "wrong_role",
            "Your role at the school does not allow this.",
        )
    }

    /// One wrong field of a request.
    #[must_use]
    pub fn field(field: &str, code: &str, detail: &str) -> Self {
        let error = FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
        };
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "Some fields are wrong. See errors for each.",
        )
        .with_errors(vec![error])
    }

    /// A malformed query, header or body.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// Too many requests; the client may retry after so many seconds.
    #[must_use]
    pub fn too_many(seconds: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "That was asked for too often. Wait a while and try again.",
        )
        .retry_after(seconds)
    }

    /// The body came too slowly. The connection is closed without reading the rest.
    #[must_use]
    pub fn request_timeout() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "The body came too slowly. Send it again.",
        )
    }

    /// The body has a `Content-Encoding`.
    #[must_use]
    pub fn unsupported_encoding() -> Self {
        let mut error = Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the body as it is, without a Content-Encoding.",
        );
        error.extensions.accept_encoding = true;
        error
    }

    /// An internal error whose cause is logged elsewhere.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on the server. Nothing was changed; try again, and tell the \
             school if it goes on.",
        )
    }

    /// The server can't serve requests at the moment.
    #[must_use]
    pub fn not_ready() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "The server is not ready. Try again in a moment.",
        )
        .retry_after(5)
    }

    /// The resource does not have this method.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let mut error = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This resource does not have that method. See the Allow header.",
        );
        error.extensions.allow = Some(allow);
        error
    }

    /// Sets the `WWW-Authenticate` challenge (RFC 9110, 11.6.1).
    #[must_use]
    pub fn challenge(mut self, challenge: String) -> Self {
        self.extensions.challenge = Some(challenge);
        self
    }

    /// Sets the errors of several fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.extensions.errors = errors;
        self
    }

    /// Sets `Retry-After`, in seconds.
    fn retry_after(mut self, seconds: u32) -> Self {
        self.extensions.retry_after = Some(seconds.max(1));
        self
    }

    /// The refusal of the first booking that could not be made, with all bookings that failed.
    fn bookings_lost(lost: &LostBookings, zone: Tz) -> Self {
        let view = |one: &Lost| LostBooking {
            student_id: one.booking.student.into(),
            class_id: one.booking.class.into(),
            starts_at: local(one.booking.starts_at, zone),
            code: one.refusal.code().to_owned(),
        };
        let mut error = Self::from(lost.refusal());
        error.extensions.lost = lost.iter().map(view).collect();
        error
    }

    /// The number of bookings that rest on the settings to be changed, and the first [`NAMED`] of
    /// them. Only ids are included, because a caller who may change an evening need not be allowed
    /// to see people.
    fn bookings_rest(bookings: &[Resting], zone: Tz) -> Self {
        let view = |one: &Resting| RestingBooking {
            id: one.booking.into(),
            starts_at: local(one.starts_at, zone),
            student_id: one.student_id.into(),
            parent_id: one.parent_id.into(),
            class_id: one.class.into(),
            reason: one.why.code().to_owned(),
        };
        let mut error = Self::from(Refusal::BookingsRestOnIt);
        error.extensions.bookings_total = u32::try_from(bookings.len()).ok();
        error.extensions.bookings = bookings.iter().take(NAMED).map(view).collect();
        error
    }

    /// The same error without the list of bookings, for callers who may not see them. The number
    /// stays.
    #[must_use]
    pub fn without_bookings(mut self) -> Self {
        self.extensions.bookings.clear();
        self
    }

    /// The code, for logs and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence that tells the caller what to do.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.extensions.detail
    }

    /// Logs the cause, if there is one. Only [`crate::routes`] may call it, so that each cause is
    /// logged once.
    pub fn log(&self, request_id: RequestId) {
        if let Some(cause) = &self.extensions.cause {
            tracing::error!(%request_id, code = self.code, cause = %chain(cause), "request failed");
        }
    }

    /// Renders the error as a response.
    #[must_use]
    pub fn respond(&self, request_id: RequestId) -> HttpResponse {
        record_code(self.code);
        let problem = Problem {
            kind: format!("/api/docs#{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.extensions.detail.clone(),
            code: self.code.to_owned(),
            request_id: request_id.to_string(),
            errors: self.extensions.errors.clone(),
            lost: self.extensions.lost.clone(),
            bookings: self.extensions.bookings.clone(),
            bookings_total: self.extensions.bookings_total,
        };
        let mut response = HttpResponse::build(self.status);
        response
            .content_type("application/problem+json")
            .insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.extensions.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.extensions.accept_encoding {
            response.insert_header((header::ACCEPT_ENCODING, "identity"));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            response.force_close();
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            response.insert_header((header::UPGRADE, "websocket"));
        }
        if let Some(challenge) = &self.extensions.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge.clone()));
        }
        if let Some(allow) = &self.extensions.allow {
            response.insert_header((header::ALLOW, allow.clone()));
        }
        let body = serde_json::to_string(&problem).unwrap_or_default();
        response.body(body)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.extensions.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(RequestId::current().unwrap_or(RequestId(Uuid::nil())))
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::EmailInvalid
            | Refusal::NameInvalid
            | Refusal::ConsentMissing
            | Refusal::ConsentRecordMissing
            | Refusal::NoStudentChosen
            | Refusal::StudentNotInvolved
            | Refusal::OwnAddress
            | Refusal::NotASlot
            | Refusal::ClassNotOffered
            | Refusal::NothingChosen
            | Refusal::WebhookUrlRefused => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::InviteLimit | Refusal::ResendTooSoon | Refusal::ResendLimit => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Refusal::AskTheSchool => StatusCode::FORBIDDEN,
            Refusal::AccessEnded => StatusCode::GONE,
            Refusal::InviteExists
            | Refusal::NoVideoAppointment
            | Refusal::NoAppointment
            | Refusal::AddressSuppressed
            | Refusal::EveningOver
            | Refusal::BookingNotOpen
            | Refusal::BookingClosed
            | Refusal::SlotTaken
            | Refusal::PersonBusy
            | Refusal::AlreadyBooked
            | Refusal::BookingBegan
            | Refusal::BookingCancelled
            | Refusal::NotAVideoCall
            | Refusal::CallEarly
            | Refusal::CallOver
            | Refusal::CannotExtend
            | Refusal::ContactBarred
            | Refusal::WebhookLimit
            | Refusal::WebhookOff
            | Refusal::EveningNameTaken
            | Refusal::EveningNotPublished
            | Refusal::EveningPublished
            | Refusal::NoClassTakesPart
            | Refusal::BookingsRestOnIt
            | Refusal::ImportTooOld => StatusCode::CONFLICT,
        };
        let errors = refusal.field().map(|field| FieldError {
            field: field.to_owned(),
            code: refusal.code().to_owned(),
            detail: refusal.to_string(),
        });
        let retry_after = match refusal {
            Refusal::ResendTooSoon => Some(600),
            Refusal::InviteLimit | Refusal::ResendLimit => Some(86_400),
            _ => None,
        };
        let mut error = Self::new(status, refusal.code(), refusal.to_string())
            .with_errors(errors.into_iter().collect());
        error.extensions.retry_after = retry_after;
        error
    }
}

impl From<LinkError> for ApiError {
    fn from(dead: LinkError) -> Self {
        let (status, code, detail) = match dead {
            LinkError::Link => (
                StatusCode::GONE,
                "link_dead",
                "This link has been used or has expired. Ask for a new one.",
            ),
            LinkError::Renewed => (
                StatusCode::GONE,
                "link_renewed",
                "This link was replaced by a new one. Open the newest mail: the link in it works.",
            ),
            LinkError::InviteRemoved => (
                StatusCode::GONE,
                "invite_removed",
                "This invite was removed. If you think that is a mistake, ask the person who \
                 invited you.",
            ),
            LinkError::Access => return Refusal::AccessEnded.into(),
            LinkError::Code => (
                StatusCode::GONE,
                "code_dead",
                "This code can't be used any more. The link in the mail still works, or ask for a \
                 new code.",
            ),
            LinkError::CodeWrong => (
                StatusCode::FORBIDDEN,
                "code_wrong",
                "This is not the code in the mail. Check the 6 digits and try again.",
            ),
            LinkError::OtherBrowser => (
                StatusCode::FORBIDDEN,
                "wrong_browser",
                "The code works only in the browser that asked for it. Use the link in the mail, \
                 or ask for a new code here.",
            ),
            LinkError::CodeRequired => (
                StatusCode::FORBIDDEN,
                "code_required",
                "The link of a confirmation mail alone does not do for this. Ask for a code, \
                 which is mailed to you, and log in with it.",
            ),
            LinkError::OwnInvite => (
                StatusCode::CONFLICT,
                "own_invite",
                "This is the link of the person you invited. Your own appointments are under My \
                 Bookings.",
            ),
        };
        Self::new(status, code, detail)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Link(dead) => dead.into(),
            StoreError::KeyReused => Self::new(
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "This Idempotency-Key came with another request before. Use a new one.",
            ),
            StoreError::Changed => {
                let detail = "This was changed meanwhile, so nothing was done. Read it again, and \
                              repeat the change with its new ETag if it still makes sense.";
                Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
            }
            StoreError::TooMany(seconds) => Self::too_many(seconds),
            StoreError::CodesPaused(seconds) => {
                let detail = "Codes pause for now. The link in the mail still works.";
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                    .retry_after(seconds)
            }
            StoreError::BadCursor => Self::new(
                StatusCode::BAD_REQUEST,
                "bad_cursor",
                "The cursor is not one of this list. Start again without one.",
            ),
            StoreError::BookingsLost { lost, zone } => Self::bookings_lost(&lost, zone),
            StoreError::BookingsRest { bookings, zone } => Self::bookings_rest(&bookings, zone),
            StoreError::Field(wrong) => Self::field(&wrong.field, wrong.code, &wrong.detail),
            StoreError::Busy | StoreError::UniqueViolation => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The server is busy. Nothing was changed; try again in a moment.",
            )
            .retry_after(2),
            StoreError::Database(_) | StoreError::Internal => {
                let mut answer = Self::internal();
                answer.extensions.cause = Some(error);
                answer
            }
        }
    }
}

/// A time with the offset of a zone.
fn local(at: DateTime<Utc>, zone: Tz) -> DateTime<FixedOffset> {
    at.with_timezone(&zone).fixed_offset()
}

/// An error and its chain of causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
