//! `POST /roster/imports/{import_id}/restore`: restores what an import ended.

use actix_web::web::{Data, Json};
use parlour_wire::{RosterRestore, RosterRestored};

use crate::{
    app::App,
    auth::Caller,
    problem::ApiResult,
    request::{Body, ImportPath},
    store::{events::Actor, roster},
    views,
};

/// Restores everything that can be restored, or with `dry_run` only reports it. Parents and guests
/// concerned are told by mail.
///
/// # Errors
/// `wrong_role`, `not_found`, `import_too_old`, `invalid`, `busy`.
pub async fn restore_roster_import(
    app: Data<App>,
    caller: Caller,
    ImportPath(import): ImportPath,
    body: Body<RosterRestore>,
) -> ApiResult<Json<RosterRestored>> {
    caller.require_staff()?;
    let (ctx, school, dry_run) = (app.context(), caller.school_id(), body.value.dry_run);
    let actor = Actor {
        person: Some(caller.person.id()),
        name: format!("{} (school)", caller.person.name()),
    };
    let restored = app
        .store
        .write(move |db| roster::restore(db, &ctx, school, import, &actor, dry_run))
        .await?;
    Ok(Json(views::roster::restored(&restored)))
}
