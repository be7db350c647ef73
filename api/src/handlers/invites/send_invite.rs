//! `POST /evenings/{evening_id}/invites`: invites another parent or guardian.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use parlour_domain::{EmailAddress, PersonName, Refusal, id::PersonId, invite as rules};
use parlour_wire::{ConsentChannel, NewInvite};

use crate::{
    app::App,
    auth::UnresolvedSession,
    problem::ApiResult,
    request::{Body, EveningPath, ParentQuery, checked, idempotency_key},
    store::invites::{self, InviteForEvening},
    views::invite_details as view,
};

/// Stores the invite and queues its mail in one transaction (I5). A retry with the same
/// `Idempotency-Key` gets the first response.
///
/// # Errors
/// The refusals of the invite rules, each with its own code.
pub async fn send_invite(
    app: Data<App>,
    req: HttpRequest,
    visitor: UnresolvedSession,
    EveningPath(evening): EveningPath,
    query: Query<ParentQuery>,
    body: Body<NewInvite>,
) -> ApiResult {
    checked(&body.value)?;
    let asked = visitor.on_behalf_of(&app, query.parent()).await?;
    let key = idempotency_key(&req, asked.caller.person.id(), &body.bytes)?;
    let (ctx, school, acting) = (app.context(), asked.school_id(), asked.acting);
    let wanted = InviteForEvening { evening, invite: parse(&body.value, acting.is_staff)? };
    let base = req.path().split("/evenings/").next().unwrap_or_default();
    let path = format!("{base}/invites");
    let sent = app
        .store
        .write(move |db| {
            invites::send_invite(db, &ctx, school, &acting, &wanted, key.as_ref(), &path, view)
        })
        .await?;
    // The store commits this refusal so that it is counted and staff are alerted. The response
    // gives no reason (I10).
    if sent.status == invites::REFUSED {
        return Err(Refusal::AskTheSchool.into());
    }
    Ok(sent.into())
}

/// Parses the request; the first wrong field is reported.
fn parse(body: &NewInvite, is_staff: bool) -> ApiResult<rules::NewInvite> {
    let name = PersonName::parse(&body.name)?;
    let email = EmailAddress::parse(&body.email)?;
    if !body.consent {
        return Err(Refusal::ConsentMissing.into());
    }
    let consent = match (is_staff, body.consent_record) {
        (false, _) => rules::Consent::Ticked,
        (true, Some(channel)) => rules::Consent::Recorded(match channel {
            ConsentChannel::InPerson => rules::ConsentChannel::InPerson,
            ConsentChannel::Phone => rules::ConsentChannel::Phone,
            ConsentChannel::Email => rules::ConsentChannel::Email,
            ConsentChannel::Letter => rules::ConsentChannel::Letter,
        }),
        (true, None) => return Err(Refusal::ConsentRecordMissing.into()),
    };
    Ok(rules::NewInvite {
        name,
        email,
        students: body.student_ids.iter().copied().map(PersonId).collect(),
        consent,
    })
}
