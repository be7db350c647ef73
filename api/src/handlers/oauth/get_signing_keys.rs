//! `GET /oauth/jwks`: the public keys that verify access tokens.

use actix_web::{HttpResponse, http::header, web::Data};

use crate::{app::App, auth::CurrentSchool, problem::ApiResult, tokens};

/// Returns the keys. Clients may cache them for a day.
///
/// # Errors
/// `unknown_school`.
pub async fn get_signing_keys(app: Data<App>, _: CurrentSchool) -> ApiResult {
    let keys = tokens::public_keys(&app.keys, app.clock.real());
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .json(keys))
}
