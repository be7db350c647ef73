//! `PUT /me/identity`: chooses an identity where an address has several.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use parlour_domain::id::PersonId;
use parlour_wire::ChosenIdentity;

use crate::{
    app::App,
    auth::{LoggedIn, login_cookies::session_cookies, person_tag},
    problem::ApiResult,
    request::Body,
    store::sessions::{self, Role},
    views,
};

/// Sets the person and role of this session.
///
/// # Errors
/// `not_found` when the address does not have this identity, `code_required` when the session is
/// bound to another.
pub async fn choose_identity(
    app: Data<App>,
    req: HttpRequest,
    caller: LoggedIn,
    body: Body<ChosenIdentity>,
) -> ApiResult {
    let role = match body.value.role {
        parlour_wire::Role::Parent => Role::Parent,
        parlour_wire::Role::Teacher => Role::Teacher,
        parlour_wire::Role::Staff => Role::Staff,
    };
    let (session, person) = (caller.session, PersonId(body.value.person_id));
    let (session, identities) =
        app.store.write(move |db| sessions::choose_identity(db, &session, person, role)).await?;
    let mut response = HttpResponse::Ok();
    for cookie in session_cookies(&app, &req, &session)? {
        response.cookie(cookie);
    }
    if let Some(mark) = person_tag::of(&app.keys, &session) {
        response.insert_header((person_tag::HEADER, mark));
    }
    Ok(response.json(views::me(
        &caller.school,
        &session,
        &identities,
        app.config.mode.has_dev_tools(),
    )))
}
