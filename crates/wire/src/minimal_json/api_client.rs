//! JSON of API clients, for the staff's page.

use super::{FromJson, JsonValue, ToJson, read_field, write_field};
use crate::{ApiClient, ApiClientChange, ApiClientSecret, IssuedApiClient, NewApiClient};

impl_from_json! {
    ApiClient { id, name, scopes, requests_per_minute, created_by, created_at, used_at, secrets }
    ApiClientSecret { id, created_at, expires_at }
    IssuedApiClient { client, client_secret }
}

impl_to_json! {
    ApiClientChange { name, scopes, requests_per_minute }
    NewApiClient { name, scopes, requests_per_minute }
}
