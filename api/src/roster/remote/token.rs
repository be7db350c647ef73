//! Access tokens by client credentials (RFC 6749, 4.4; RFC 6750), requested once and kept until
//! shortly before they expire.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use super::{http::Http, provider::Provider};

/// The assumed lifetime of a token whose response gives none.
const LIFE: Duration = Duration::from_secs(300);
/// A token is no longer used for up to this long before it expires, since a page may be slow.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// The token in use.
#[derive(Default)]
pub(super) struct Tokens {
    held: Option<(SecretString, Instant)>,
}

/// The response of the token endpoint (RFC 6749, 5.1).
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<f64>,
}

impl Tokens {
    /// The current token, or a new one.
    pub(super) async fn get(
        &mut self,
        http: &Http,
        provider: &Provider,
    ) -> anyhow::Result<SecretString> {
        if let Some((token, until)) = &self.held
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let asked = Instant::now();
        let granted = request_token(http, provider).await?;
        let life = granted
            .expires_in
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(LIFE);
        let until =
            asked.checked_add(life.saturating_sub(EXPIRY_MARGIN.min(life / 5))).unwrap_or(asked);
        let token = SecretString::from(granted.access_token);
        self.held = Some((token.clone(), until));
        Ok(token)
    }

    /// Drops a token that was refused.
    pub(super) fn discard(&mut self) {
        self.held = None;
    }
}

async fn request_token(http: &Http, provider: &Provider) -> anyhow::Result<TokenResponse> {
    // The id and the secret are form-encoded before they go into the header (RFC 6749, 2.3.1).
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (id, secret) = (encoded(&provider.client_id), encoded(provider.secret.expose_secret()));
    let mut form = vec![("grant_type", "client_credentials")];
    if !provider.scope.trim().is_empty() {
        form.push(("scope", &provider.scope));
    }
    let reply = http
        .send("the token", || {
            http.client()
                .post(provider.token_url.clone())
                .basic_auth(&id, Some(&secret))
                .form(&form)
        })
        .await?;
    match reply.status {
        StatusCode::OK | StatusCode::CREATED => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            bail!(
                "the token: the provider refuses the client ({}, {}); check its id, secret and \
                 scope",
                reply.status,
                refusal(&reply.body)
            )
        }
        other => bail!("the token: the provider answers {other}"),
    }
    let granted: TokenResponse = serde_json::from_slice(&reply.body)
        .context("the token: the answer is not the JSON of RFC 6749")?;
    let kind = granted.token_type.as_deref().unwrap_or("bearer");
    ensure!(
        kind.eq_ignore_ascii_case("bearer"),
        "the token: it is of the kind {kind:?}, not bearer"
    );
    Ok(granted)
}

/// The `error` of a refusal, which is one of a few codes (RFC 6749, 5.2).
fn refusal(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ErrorResponse {
        error: String,
    }
    const LONGEST: usize = 40;
    serde_json::from_slice::<ErrorResponse>(body).map_or_else(
        |_| "without a reason".to_owned(),
        |refusal| refusal.error.chars().take(LONGEST).collect(),
    )
}
