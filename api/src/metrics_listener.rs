//! `GET /metrics` for Prometheus, on a separate listener (`PARLOUR_METRICS_LISTEN`), so that it is
//! not reachable at a school's address.

use std::net::TcpListener;

use actix_web::{
    App as ActixApp, HttpResponse, HttpServer,
    dev::Server,
    http::header,
    web::{self, Data},
};

use crate::app::App;

/// The media type of `OpenMetrics` 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the metrics on a listener. The server runs when it is awaited.
///
/// # Errors
/// The errors of the operating system.
pub fn start(app: &Data<App>, listener: TcpListener) -> std::io::Result<Server> {
    let app = app.clone();
    let server = HttpServer::new(move || {
        ActixApp::new().app_data(app.clone()).route("/metrics", web::get().to(get_metrics))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn get_metrics(app: Data<App>) -> HttpResponse {
    // If the database does not respond, the other metrics are still served.
    let (sockets, connections) = (app.calls.sockets(), app.connections.count());
    let update = app.metrics.update_gauges(&app.store, app.clock.now(), sockets, connections);
    if let Err(error) = update.await {
        tracing::warn!(%error, "reading the gauges failed");
    }
    match app.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type(OPEN_METRICS)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
