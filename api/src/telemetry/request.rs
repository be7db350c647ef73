//! The id, the span and the log line of a request.

use std::{
    cell::{Cell, OnceCell},
    fmt,
    future::Future,
    time::Instant,
};

use actix_web::{
    Error,
    body::BoxBody,
    dev::ServiceResponse,
    http::{Method, StatusCode, header::HeaderMap},
};
use parlour_domain::id::SchoolId;
use tracing::{Instrument, Span, field};
use uuid::Uuid;

use super::Metrics;

/// The id of a request, which stands in its response, in the log, and on the mails and webhooks
/// that it queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestId(pub Uuid);

/// The header that carries the id.
pub const HEADER: &str = "x-request-id";

impl RequestId {
    /// The id that a trusted proxy gave a request: one UUID, with or without hyphens.
    #[must_use]
    pub fn from_proxy(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(HEADER);
        let only = given.next().filter(|_| given.next().is_none())?;
        Uuid::try_parse(only.to_str().ok()?).ok().filter(|id| !id.is_nil()).map(Self)
    }

    /// The id of the request that this task serves; `None` in a background job.
    #[must_use]
    pub fn current() -> Option<Self> {
        SCOPE.try_with(|scope| scope.id).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The context of the request that a task serves; its fields are filled in on the way.
struct Scope {
    id: RequestId,
    operation: Cell<&'static str>,
    code: Cell<Option<&'static str>>,
    school: OnceCell<SchoolId>,
}

tokio::task_local! {
    static SCOPE: Scope;
}

/// The operation in logs and metrics for pages, files and unknown paths.
const NO_OPERATION: &str = "none";

/// Records which operation of openapi.yaml a request is for. Does nothing outside of a request.
pub fn record_operation(operation: &'static str) {
    let _ = SCOPE.try_with(|scope| {
        scope.operation.set(operation);
        Span::current().record("operation", operation);
    });
}

/// Records the `code` of the problem that answers a request. Does nothing outside of a request.
pub fn record_code(code: &'static str) {
    let _ = SCOPE.try_with(|scope| scope.code.set(Some(code)));
}

/// Records which school a request is for. Does nothing outside of a request.
pub fn record_school(school: SchoolId) {
    let _ = SCOPE.try_with(|scope| {
        if scope.school.set(school).is_ok() {
            Span::current().record("school", field::display(school.0));
        }
    });
}

/// Serves a request in its span, counts it and writes its log line.
///
/// # Errors
/// Those of `serve`.
pub async fn observe(
    id: RequestId,
    method: Method,
    metrics: &Metrics,
    serve: impl Future<Output = Result<ServiceResponse<BoxBody>, Error>>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        %method,
        operation = field::Empty,
        school = field::Empty,
        status = field::Empty
    );
    let scope = Scope {
        id,
        operation: Cell::new(NO_OPERATION),
        code: Cell::new(None),
        school: OnceCell::new(),
    };
    let served = async {
        let outcome = serve.await;
        let status = outcome
            .as_ref()
            .map_or_else(|error| error.as_response_error().status_code(), ServiceResponse::status);
        Span::current().record("status", status.as_u16());
        SCOPE.with(|scope| finish(scope, &method, status, began, metrics));
        outcome
    };
    SCOPE.scope(scope, served.instrument(span)).await
}

fn finish(scope: &Scope, method: &Method, status: StatusCode, began: Instant, metrics: &Metrics) {
    let (operation, elapsed) = (scope.operation.get(), began.elapsed());
    metrics.requests.observe(operation, status, elapsed);
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let school = scope.school.get().map(|school| field::display(school.0));
    // The line repeats the fields of the span and has no parent, so that it is complete in a log
    // without spans.
    tracing::info!(
        parent: None,
        request_id = %scope.id,
        %method,
        operation,
        school,
        status = status.as_u16(),
        code = scope.code.get(),
        duration_ms,
        "request served"
    );
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{HEADER, RequestId};

    fn from_proxy(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::from_static(HEADER),
                HeaderValue::from_str(value).expect("a header's value"),
            );
        }
        RequestId::from_proxy(&headers).map(|id| id.to_string())
    }

    #[test]
    fn request_id_from_proxy_must_be_a_single_uuid() {
        let id = "01a1f640-bc00-7105-b3b8-73d2fa5a365d";
        assert_eq!(from_proxy(&[id]).as_deref(), Some(id));
        assert_eq!(
            from_proxy(&["01a1f640bc007105b3b873d2fa5a365d"]).as_deref(),
            Some(id),
            "as nginx writes it"
        );
        for bad in [
            &[][..],
            &[""],
            &["rachel@example.org"],
            &[id, id],
            &["00000000-0000-0000-0000-000000000000"],
        ] {
            assert_eq!(from_proxy(bad), None, "{bad:?}");
        }
    }
}
