//! The connection check: a WebSocket that answers pings, by which a browser tests at any time
//! whether its network lets WebSockets through.

use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use parlour_wire::{ClientMessage, ServerMessage};
use tokio::time;

use super::{
    limits::{CHECK_MESSAGES, CHECK_TIMEOUT, SEND_TIMEOUT},
    room::text,
    sessions::SessionSocket,
};

/// Answers each `ping` until a limit is reached or the session has opened too many other sockets.
pub async fn serve(
    mut session: Session,
    messages: AggregatedMessageStream,
    session_socket: SessionSocket,
) {
    let code = tokio::select! {
        answered = time::timeout(
            CHECK_TIMEOUT,
            answer(&mut session, messages),
        ) => answered.unwrap_or(CloseCode::Normal),
        () = session_socket.closed() => CloseCode::Policy,
    };
    let _ =
        time::timeout(SEND_TIMEOUT, session.close(Some(CloseReason { code, description: None })))
            .await;
}

async fn answer(session: &mut Session, mut messages: AggregatedMessageStream) -> CloseCode {
    for _ in 0..CHECK_MESSAGES {
        let sent = match messages.recv().await {
            Some(Ok(AggregatedMessage::Text(said))) => {
                let answer = match serde_json::from_str(&said) {
                    Ok(ClientMessage::Ping { id }) => ServerMessage::Pong { id },
                    _ => ServerMessage::Problem {
                        code: "bad_message".to_owned(),
                        detail: "This address takes ping alone.".to_owned(),
                    },
                };
                session.text(text(&answer)).await
            }
            Some(Ok(AggregatedMessage::Ping(bytes))) => session.pong(&bytes).await,
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Binary(_))) => return CloseCode::Unsupported,
            Some(Ok(AggregatedMessage::Close(_)) | Err(_)) | None => return CloseCode::Normal,
        };
        if sent.is_err() {
            return CloseCode::Normal;
        }
    }
    CloseCode::Policy
}
