//! Programs of other makers, on the staff's page.

use super::{Json, Read, Write, read_field, write_field};
use crate::{ApiClient, ApiClientChange, ApiClientSecret, IssuedApiClient, NewApiClient};

read! {
    ApiClient { id, name, scopes, requests_per_minute, created_by, created_at, used_at, secrets }
    ApiClientSecret { id, created_at, expires_at }
    IssuedApiClient { client, client_secret }
}

write_all! {
    ApiClientChange { name, scopes, requests_per_minute }
    NewApiClient { name, scopes, requests_per_minute }
}
