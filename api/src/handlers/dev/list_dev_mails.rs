//! `GET /dev/mails`: the mailbox of a playground.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Query},
};
use parlour_wire::{DevMail, Page};

use crate::{
    app::App,
    auth::CurrentSchool,
    problem::{ApiError, ApiResult},
    request::{List, PageQuery, page},
    store::Error,
    views::moment,
};

/// Lists the mails, newest first.
///
/// # Errors
/// `not_found` outside a playground, `bad_cursor`, `invalid`.
pub async fn list_dev_mails(
    app: Data<App>,
    req: HttpRequest,
    CurrentSchool(school): CurrentSchool,
    pages: Query<PageQuery>,
) -> ApiResult<Json<Page<DevMail>>> {
    require_dev_tools(&app, &req)?;
    let (after, limit) = pages.read(List::DevMails)?;
    let mut mails = app.mailbox.as_ref().map(|mailbox| mailbox.mails()).unwrap_or_default();
    mails.reverse();
    if let Some(after) = after {
        let at = mails.iter().position(|sent| sent.id == after).ok_or(Error::BadCursor)?;
        mails.drain(..=at);
    }
    let view = |sent: crate::mail::SentMail| DevMail {
        id: sent.id,
        sent_at: moment(sent.sent_at, school.zone()),
        to: sent.mail.to,
        subject: sent.mail.subject,
        text: sent.mail.text,
        html: sent.mail.html,
    };
    mails.truncate(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1));
    Ok(Json(page(List::DevMails, mails, limit, |sent| sent.id, view)))
}

/// Requires a server in a playground mode, and a request from the same machine.
///
/// # Errors
/// `not_found` otherwise.
pub fn require_dev_tools(app: &App, req: &HttpRequest) -> ApiResult<()> {
    let here = req.peer_addr().is_none_or(|peer| peer.ip().is_loopback());
    if app.config.mode.has_dev_tools() && here { Ok(()) } else { Err(ApiError::not_found()) }
}
