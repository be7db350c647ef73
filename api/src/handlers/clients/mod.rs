//! Operations on API clients, for staff.

mod change_client;
mod create_client;
mod create_client_secret;
mod get_client;
mod list_clients;
mod revoke_client;

use parlour_domain::{
    scope::Scopes,
    text::{self, Lines, MAX_WORDS},
};

pub use self::{
    change_client::change_client, create_client::create_client,
    create_client_secret::create_client_secret, get_client::get_client, list_clients::list_clients,
    revoke_client::revoke_client,
};
use crate::{
    app::App,
    keys::Purpose,
    problem::{ApiError, ApiResult},
    store::api_clients::IssuedApiClient,
    views,
};

/// Default rate limit of an API client, in requests per minute.
const REQUESTS_PER_MINUTE: u32 = 600;

/// Checks the name of an API client: one line.
fn name(name: &str) -> ApiResult<String> {
    text::check(name, Lines::One, MAX_WORDS).map_err(|_| {
        ApiError::field("name", "format", "Give a text without control characters.")
    })?;
    Ok(name.to_owned())
}

/// Parses the scopes of a request.
fn scopes(words: &[String]) -> ApiResult<Scopes> {
    words.iter().map(|word| word.parse()).collect::<Result<_, _>>().map_err(
        |unknown: parlour_domain::scope::UnknownScope| {
            ApiError::field("scopes", "scope_unknown", &unknown.to_string())
        },
    )
}

/// An API client with the secret that was made for it, if this request made one.
fn issued(
    app: &App,
    issued: &IssuedApiClient,
    zone: chrono_tz::Tz,
) -> parlour_wire::IssuedApiClient {
    let secret = issued.secret.map(|id| app.keys.link_token(Purpose::Client, id.0, 0));
    parlour_wire::IssuedApiClient {
        client: views::exports::api_client(&issued.client, zone),
        client_secret: secret,
    }
}
