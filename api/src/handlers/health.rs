//! `GET /health/live` and `/health/ready`: whether the process runs, and whether it can serve.

use actix_web::{HttpResponse, web::Data};
use diesel::RunQueryDsl;
use serde_json::json;

use crate::{
    app::App,
    problem::{Answer, ApiError},
    store::Error,
};

/// The process runs.
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The database answers.
///
/// # Errors
/// `not_ready`.
pub async fn get_readiness(app: Data<App>) -> Answer {
    let answers = app.store.read(|db| diesel::sql_query("select 1").execute(db).map_err(Error::from)).await;
    match answers {
        Ok(_) => Ok(HttpResponse::Ok().json(json!({ "status": "ok" }))),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            Err(ApiError::not_ready())
        }
    }
}
