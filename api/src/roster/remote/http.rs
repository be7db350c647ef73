//! HTTP client for providers, with time-outs, retries with backoff, and a limit on the size of
//! responses. Follows no redirect.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::{
    Certificate, Client, RequestBuilder, StatusCode,
    header::{DATE, HeaderMap, LOCATION, RETRY_AFTER},
    redirect::Policy,
};

use super::tls::certificate_error;
use crate::context::Random;

/// Limits of a sync: time-outs, retries and sizes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time-out of one request, its response included.
    pub request: Duration,
    /// Maximum number of tries of a request.
    pub tries: u32,
    /// The pause after the first failed try; it doubles with each try.
    pub first_pause: Duration,
    /// The longest pause, also for pauses that the provider asks for.
    pub longest_pause: Duration,
    /// Maximum size of a response, in bytes.
    pub answer_bytes: usize,
    /// Number of objects to ask for per page.
    pub page: usize,
    /// Time-out of the whole fetch.
    pub all: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(60),
            tries: 6,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            answer_bytes: 16 * 1024 * 1024,
            page: 1_000,
            all: Duration::from_secs(2 * 60 * 60),
        }
    }
}

/// A response, read completely.
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// HTTP client with limits.
pub(super) struct Http {
    client: Client,
    random: Random,
    limits: Limits,
}

/// The failure of one try.
enum RequestFailure {
    /// A retry may succeed.
    Transient(anyhow::Error),
    /// A retry can't succeed.
    Permanent(anyhow::Error),
}

impl Http {
    /// Trusts the authorities of the system (or of `SSL_CERT_FILE`), and `authorities`.
    pub(super) fn new(
        random: Random,
        limits: Limits,
        authorities: &[Certificate],
    ) -> anyhow::Result<Self> {
        let connect = limits.request.min(Duration::from_secs(10));
        // A redirect would carry the token, or the client's secret, to an address that is not
        // configured.
        let client = Client::builder()
            .redirect(Policy::none())
            .tls_certs_merge(authorities.iter().cloned())
            .connect_timeout(connect)
            .timeout(limits.request)
            .user_agent(concat!("Parlour/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client can't be made")?;
        Ok(Self { client, random, limits })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sends a request and reads its response completely. Retries failed connections and the
    /// statuses of [`is_later`]. `what` names the request in errors.
    pub(super) async fn send(
        &self,
        what: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> anyhow::Result<Reply> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (reason, asked) = match self.send_once(request()).await {
                Ok(reply) if is_later(reply.status) => (
                    anyhow::anyhow!("it answers {}", reply.status),
                    pause_asked_for(&reply.headers),
                ),
                Ok(reply) if reply.status.is_redirection() => {
                    let to = reply
                        .headers
                        .get(LOCATION)
                        .and_then(|to| to.to_str().ok())
                        .unwrap_or("nowhere");
                    bail!(
                        "{what}: it answers with a redirect to {to}, which is not followed; give \
                         that address if it is right"
                    );
                }
                Ok(reply) => return Ok(reply),
                Err(RequestFailure::Transient(reason)) => (reason, None),
                Err(RequestFailure::Permanent(reason)) => {
                    return Err(reason.context(what.to_owned()));
                }
            };
            if tries >= self.limits.tries {
                return Err(reason.context(format!("{what}: given up after {tries} tries")));
            }
            let pause = self.pause(tries, asked);
            ensure!(
                pause <= self.limits.longest_pause,
                "{what}: the provider asks to come back in {} s; try again later",
                pause.as_secs()
            );
            tracing::info!(
                what,
                tries,
                pause_ms = pause.as_millis(),
                reason = %format!("{reason:#}"),
                "a provider did not answer as it should; trying again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    async fn send_once(&self, request: RequestBuilder) -> Result<Reply, RequestFailure> {
        let cut_off = |error: reqwest::Error| {
            // A certificate does not change between two tries.
            let certificate_error = certificate_error(&error);
            let for_good = error.is_builder() || certificate_error.is_some();
            let error = certificate_error
                .map_or_else(|| anyhow::Error::from(error.without_url()), anyhow::Error::msg);
            if for_good {
                RequestFailure::Permanent(error)
            } else {
                RequestFailure::Transient(error)
            }
        };
        let mut response = request.send().await.map_err(cut_off)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(cut_off)? {
            if body.len() + chunk.len() > self.limits.answer_bytes {
                return Err(RequestFailure::Permanent(anyhow::anyhow!(
                    "an answer of over {} bytes is not taken",
                    self.limits.answer_bytes
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }

    /// The pause that the provider asks for, or else a pause that doubles with each try. Random
    /// jitter of up to half the doubled pause is added, so that many clients don't come back at
    /// once.
    fn pause(&self, tries: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .limits
            .first_pause
            .saturating_mul(1 << (tries - 1).min(16))
            .min(self.limits.longest_pause / 2);
        let by_chance = f64::from(u16::from_le_bytes(self.random.bytes())) / f64::from(u16::MAX);
        asked.unwrap_or(doubled) + doubled.mul_f64(by_chance / 2.0)
    }
}

fn is_later(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// Parses `Retry-After`, in seconds or as a date; a date is compared with the response's own `Date`
/// (RFC 9110, 10.2.3).
fn pause_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let wanted = text(RETRY_AFTER)?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (then, now) =
        (httpdate::parse_http_date(wanted).ok()?, httpdate::parse_http_date(text(DATE)?).ok()?);
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_retry_after_seconds_and_date() {
        let check = |retry: &str, date: Option<&str>, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(pause_asked_for(&headers), expected.map(Duration::from_secs), "{retry}");
        };
        check("7", None, Some(7));
        check("Tue, 24 Nov 2026 16:00:30 GMT", Some("Tue, 24 Nov 2026 16:00:00 GMT"), Some(30));
        check("Tue, 24 Nov 2026 16:00:00 GMT", Some("Tue, 24 Nov 2026 16:00:30 GMT"), Some(0));
        check("Tue, 24 Nov 2026 16:00:30 GMT", None, None);
        check("soon", None, None);
    }
}
