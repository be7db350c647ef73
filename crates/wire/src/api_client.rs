//! API clients: what staff see of them, and what these get from the token endpoint.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Moment;

/// An API client that may read or write this school's data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiClient {
    /// Its `client_id`.
    pub id: Uuid,
    /// What staff call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// How much it may ask.
    pub requests_per_minute: u32,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Moment,
    /// When it last asked for a token; absent until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Moment>,
    /// Its secrets, the newest first.
    pub secrets: Vec<ApiClientSecret>,
}

/// A secret of an API client, without the secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiClientSecret {
    /// The secret's id.
    pub id: Uuid,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it works; absent while no newer one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

/// `POST /clients` and `POST /clients/{client_id}/secrets`: an API client, and the secret that was
/// made for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedApiClient {
    /// The API client.
    pub client: ApiClient,
    /// Its secret: told this once, and not when the request is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// `POST /clients`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct NewApiClient {
    /// What staff call it.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: String,
    /// What it may do.
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 20)))]
    pub scopes: Vec<String>,
    /// How much it may ask; 600 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(range(min = 1, max = 6000)))]
    pub requests_per_minute: Option<u32>,
}

/// `PATCH /clients/{client_id}`: what is left out stays.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "validate", derive(validator::Validate))]
pub struct ApiClientChange {
    /// What staff call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 100)))]
    pub name: Option<String>,
    /// What it may do, from its next token on; a scope that is taken away is gone at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(length(min = 1, max = 20)))]
    pub scopes: Option<Vec<String>>,
    /// How much it may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "validate", validate(range(min = 1, max = 6000)))]
    pub requests_per_minute: Option<u32>,
}

/// The answer of the token endpoint (RFC 6749, 5.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// For how many seconds it is good.
    pub expires_in: u32,
    /// What it allows, parted by spaces.
    pub scope: String,
}

/// A refusal of the token endpoint (RFC 6749, 5.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenRefusal {
    /// The code.
    pub error: String,
    /// What to do.
    pub error_description: String,
}

/// The public keys of the tokens' signatures (RFC 7517).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JsonWebKeys {
    /// Last month's, this month's and next month's.
    pub keys: Vec<JsonWebKey>,
}

/// A public key of Ed25519 (RFC 8037).
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
    /// Which key.
    pub kid: String,
    /// The key, in base64url.
    pub x: String,
}
