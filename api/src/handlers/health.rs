//! `GET /health/live` and `/health/ready`: whether the process runs, and whether it can serve.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use crate::{
    app::App,
    problem::{ApiError, ApiResult},
};

/// The process runs.
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The database answers.
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
