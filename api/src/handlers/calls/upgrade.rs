//! The upgrade of a request to a WebSocket (RFC 6455, section 4.2), shared by the socket
//! operations.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web,
};

use parlour_domain::{call::CallTimes, id::SessionId};
use tracing::{Instrument, field};

use crate::{
    auth::{self, client_hash, origin},
    calls::{
        NewSocket, Socket, check,
        limits::{MAX_CHECK_MESSAGE, MAX_MESSAGE},
    },
    connections::{Connection, Stage},
    problem::{ApiError, ApiResult},
    store::calls::Visitor,
    telemetry::RequestId,
};

/// `Retry-After` for a session with too many sockets, in seconds.
const RETRY_AFTER_SECONDS: u32 = 10;

/// Checks that the request asks for a WebSocket and comes from the school's own pages. Browsers let
/// any site open a WebSocket and send our cookies with it.
///
/// # Errors
/// `upgrade_required`, `bad_origin`.
pub(super) async fn check(req: &HttpRequest) -> ApiResult<()> {
    let is_upgrade = req
        .headers()
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    if !is_upgrade {
        return Err(upgrade_required());
    }
    origin::require_own_origin(&*auth::app(req)?, req).await
}

/// Opens the WebSocket of a call for a visitor, if the call's times allow it.
///
/// # Errors
/// `too_many_requests` when the session already has four sockets and all of them are in calls;
/// `call_early`, `call_over`; `upgrade_required` for an invalid handshake.
pub(super) fn open(
    req: &HttpRequest,
    body: web::Payload,
    visitor: Visitor,
    times: &CallTimes,
) -> ApiResult {
    let app = auth::app(req)?;
    times.check(app.clock.now())?;
    let session_socket = app
        .calls
        .new_socket(visitor.session)
        .ok_or_else(|| ApiError::too_many(RETRY_AFTER_SECONDS))?;
    let (response, session, messages) =
        actix_ws::handle(req, body).map_err(|_| upgrade_required())?;
    let client_hash = client_hash(&app, visitor.school, req);
    let connection = req.conn_data::<Connection>().map(Connection::handle);
    let (socket, from_hub) = Socket::new(NewSocket {
        hub: Arc::clone(&app.calls),
        keys: app.keys.clone(),
        wake: Arc::clone(&app.wake),
        visitor,
        client_hash,
        session_socket,
        connection,
        session,
    });
    let messages = messages
        .max_frame_size(MAX_MESSAGE)
        .aggregate_continuations()
        .max_continuation_size(MAX_MESSAGE);
    let span = tracing::info_span!(
        "call_socket",
        booking = %visitor.booking,
        request_id = RequestId::current().map(field::display)
    );
    actix_web::rt::spawn(socket.run(messages, from_hub).instrument(span));
    Ok(response)
}

/// Opens a socket that only answers pings. It counts towards the socket limit of the session.
///
/// # Errors
/// `too_many_requests` when the session already has four sockets and all of them are in calls;
/// `upgrade_required` for an invalid handshake.
pub(super) fn open_check(req: &HttpRequest, body: web::Payload, asking: SessionId) -> ApiResult {
    let session_socket = auth::app(req)?
        .calls
        .new_socket(asking)
        .ok_or_else(|| ApiError::too_many(RETRY_AFTER_SECONDS))?;
    let (response, session, messages) =
        actix_ws::handle(req, body).map_err(|_| upgrade_required())?;
    if let Some(connection) = req.conn_data::<Connection>() {
        connection.enter(Stage::Upgraded);
    }
    let messages = messages
        .max_frame_size(MAX_CHECK_MESSAGE)
        .aggregate_continuations()
        .max_continuation_size(MAX_CHECK_MESSAGE);
    actix_web::rt::spawn(check::serve(session, messages, session_socket));
    Ok(response)
}

fn upgrade_required() -> ApiError {
    ApiError::new(
        StatusCode::UPGRADE_REQUIRED,
        "upgrade_required",
        "This address is for WebSockets. Connect to it with one.",
    )
}
