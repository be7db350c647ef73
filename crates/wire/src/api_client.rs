//! API clients: the staff's view of them, and the responses of the token endpoint.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// An API client that may read or write this school's data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiClient {
    /// Its `client_id`.
    pub id: Uuid,
    /// Its name for staff.
    pub name: String,
    /// Its OAuth scopes.
    pub scopes: Vec<String>,
    /// Its rate limit.
    pub requests_per_minute: u32,
    /// The member of staff who created it.
    pub created_by: String,
    /// The time of its creation.
    pub created_at: Moment,
    /// The last time that it requested a token; absent if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Moment>,
    /// Its secrets, the newest first.
    pub secrets: Vec<ApiClientSecret>,
}

/// Metadata of an API client's secret, without the secret itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiClientSecret {
    /// The secret's id.
    pub id: Uuid,
    /// The time of its creation.
    pub created_at: Moment,
    /// Its expiry; absent unless a newer secret exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// The response to `POST /clients` and `POST /clients/{client_id}/secrets`: an API client and its
/// new secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedApiClient {
    /// The API client.
    pub client: ApiClient,
    /// The new secret. Only the first response contains it, not the response to a repeated
    /// request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// The request of `POST /clients`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewApiClient {
    /// Its name for staff.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: String,
    /// Its OAuth scopes.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 20)))]
    pub scopes: Vec<String>,
    /// Its rate limit; 600 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(range(min = 1, max = 6000)))]
    pub requests_per_minute: Option<u32>,
}

/// The request of `PATCH /clients/{client_id}`; absent fields stay unchanged.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct ApiClientChange {
    /// Its name for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: Option<String>,
    /// Its OAuth scopes. An added scope applies from its next token on, a removed scope ends at
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 20)))]
    pub scopes: Option<Vec<String>>,
    /// Its rate limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(range(min = 1, max = 6000)))]
    pub requests_per_minute: Option<u32>,
}

/// The response of the token endpoint (RFC 6749, 5.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// The lifetime of the token, in seconds.
    pub expires_in: u32,
    /// The granted scopes, separated by spaces.
    pub scope: String,
}

/// An error response of the token endpoint (RFC 6749, 5.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenRefusal {
    /// The error code.
    pub error: String,
    /// A description of the remedy.
    pub error_description: String,
}

/// The public keys that verify the tokens' signatures (RFC 7517).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JsonWebKeys {
    /// The keys of last month, this month and next month.
    pub keys: Vec<JsonWebKey>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JsonWebKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `EdDSA`.
    pub alg: String,
    /// The id of the key.
    pub kid: String,
    /// The public key, in base64url.
    pub x: String,
}
