//! `GET /health/live` and `/health/ready`: the liveness and readiness probes.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use crate::{
    app::App,
    problem::{ApiError, ApiResult},
};

/// Liveness: responds as long as the process runs.
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Readiness: checks that the database responds.
///
/// # Errors
/// `not_ready`.
pub async fn get_readiness(app: Data<App>) -> ApiResult {
    match app.store.ping().await {
        Ok(()) => Ok(HttpResponse::Ok().json(json!({ "status": "ok" }))),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            Err(ApiError::not_ready())
        }
    }
}
