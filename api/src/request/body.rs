//! The reader of request bodies. It does not decompress, and limits the size and the time of a
//! body; the time limit grows with the bytes received.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::{Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::{
    connections::{Connection, Stage},
    problem::{ApiError, ApiResult},
};

/// Size limit of a body in bytes, unless a resource sets its own with [`MaxBody`].
const MAX_BODY: usize = 64 * 1024;
/// The time that every body has.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Each of these many bytes received adds a second to the time limit.
const MIN_BYTES_PER_SECOND: usize = 8 * 1024;

/// Size limit of a resource that takes larger bodies, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct MaxBody(pub usize);

/// The bytes of a form (`application/x-www-form-urlencoded`); `None` for another media type.
#[derive(Debug)]
pub struct Form(pub Option<Bytes>);

impl FromRequest for Form {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = is_of(req, "application/x-www-form-urlencoded");
        let reading = read(req, payload);
        Box::pin(async move { Ok(Self(if is_form { Some(reading.await?) } else { None })) })
    }
}

/// Returns whether the `Content-Type` is a media type, whatever its parameters.
pub(super) fn is_of(req: &HttpRequest, kind: &str) -> bool {
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| {
        given.split(';').next().is_some_and(|found| found.trim().eq_ignore_ascii_case(kind))
    })
}

/// Refuses bodies with a `Content-Encoding`: decompressing a few bytes could exhaust the memory.
///
/// # Errors
/// `unsupported_media_type`.
pub fn check_encoding(headers: &HeaderMap) -> ApiResult<()> {
    let is_plain = |value: &header::HeaderValue| {
        value.to_str().is_ok_and(|codings| {
            codings
                .split(',')
                .map(str::trim)
                .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
        })
    };
    if headers.get_all(header::CONTENT_ENCODING).all(is_plain) {
        Ok(())
    } else {
        Err(ApiError::unsupported_encoding())
    }
}

/// Reads the body of a request.
///
/// # Errors
/// `unsupported_media_type`, `too_large`, `request_timeout`; `bad_request` when the body ends
/// early.
pub(super) fn read(
    req: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = ApiResult<Bytes>> + use<> {
    let most = req.app_data::<MaxBody>().map_or(MAX_BODY, |most| most.0);
    let length = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let encoding = check_encoding(req.headers());
    let chunks = payload.take();
    let connection = req.conn_data::<Connection>().map(Connection::handle);
    let enter = move |stage| connection.iter().for_each(|connection| connection.enter(stage));
    async move {
        encoding?;
        enter(Stage::Receiving);
        let body = collect(chunks, length, most).await;
        enter(Stage::Working);
        body
    }
}

async fn collect(
    mut chunks: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    length: Option<usize>,
    most: usize,
) -> ApiResult<Bytes> {
    let start = Instant::now();
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let mut body = BytesMut::new();
    loop {
        let chunk = match timeout_at(start + allowed(body.len()), chunks.next()).await {
            Ok(Some(chunk)) => chunk.map_err(|error| broken(&error, most))?,
            Ok(None) => return Ok(body.freeze()),
            Err(_) => return Err(ApiError::request_timeout()),
        };
        if body.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The time limit of a body after so many received bytes.
fn allowed(received: usize) -> Duration {
    let earned = u64::try_from(received * 1_000 / MIN_BYTES_PER_SECOND).unwrap_or(u64::MAX);
    BODY_TIMEOUT.saturating_add(Duration::from_millis(earned))
}

fn broken(error: &PayloadError, most: usize) -> ApiError {
    match error {
        PayloadError::Overflow => too_large(most),
        _ => ApiError::bad_request("The body ended before it was whole. Send it again."),
    }
}

fn too_large(most: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("The body is too large. Send at most {} KiB.", most / 1024),
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use futures_util::stream;

    use super::*;

    fn chunks(sizes: &[usize]) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + use<> {
        stream::iter(
            sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect::<Vec<_>>(),
        )
    }

    #[tokio::test]
    async fn body_is_limited_in_size() {
        let read = async |sizes: &[usize], length| {
            collect(chunks(sizes), length, 100)
                .await
                .map(|body| body.len())
                .map_err(|error| error.code())
        };
        assert_eq!(read(&[], None).await, Ok(0));
        assert_eq!(read(&[60, 40], Some(100)).await, Ok(100));
        assert_eq!(read(&[60, 41], None).await, Err("too_large"));
        assert_eq!(
            read(&[], Some(101)).await,
            Err("too_large"),
            "a Content-Length over the limit is refused at once"
        );
        let cut = stream::iter([Ok(Bytes::from_static(b"x")), Err(PayloadError::Incomplete(None))]);
        assert_eq!(
            collect(cut, Some(2), 100).await.map_err(|error| error.code()).err(),
            Some("bad_request")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_body_times_out() {
        let stuck = stream::iter([Ok(Bytes::from_static(b"x"))]).chain(stream::pending());
        assert_eq!(
            collect(stuck, Some(2), 100).await.map_err(|error| error.code()).err(),
            Some("request_timeout")
        );
    }

    #[test]
    fn body_timeout_grows_with_received_bytes() {
        let seconds = |received| allowed(received).as_secs();
        assert_eq!([0, 1_000, 8 * 1024, 64 * 1024, 512 * 1024].map(seconds), [10, 10, 11, 18, 74]);
    }

    #[test]
    fn encoded_bodies_are_refused() {
        let check = |values: &[&str]| {
            let request = values.iter().fold(TestRequest::post(), |request, value| {
                request.append_header((header::CONTENT_ENCODING, *value))
            });
            check_encoding(request.to_http_request().headers()).is_ok()
        };
        assert!(check(&[]) && check(&["identity"]) && check(&["Identity"]) && check(&[""]));
        for bad in ["br", "gzip", "x-gzip", "deflate", "zstd", "BR", "identity, br", "anything"] {
            assert!(!check(&[bad]), "{bad}");
        }
        assert!(!check(&["identity", "gzip"]), "each line of the header counts");
    }
}
