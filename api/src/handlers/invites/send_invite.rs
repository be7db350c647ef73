//! `POST /evenings/{evening_id}/invites`: invites another parent or guardian.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use parlour_domain::{EmailAddress, PersonName, Refusal, id::PersonId, invite as rules};
use parlour_wire::{ConsentChannel, NewInvite};

use crate::{
    app::App,
    auth::{Caller, Visitor},
    problem::Answer,
    request::{Body, EveningPath, OnBehalf, checked, idempotency_key},
    store::{
        Db, evenings,
        idempotency::{Response, with_idempotency_key},
        invites::{self, Sent},
        outbox,
    },
    views,
};

/// The status that is kept when the school refuses: the refusal is committed, and a retry gets it
/// too.
const REFUSED: u16 = 403;

/// Stores the invite and queues its mail in one transaction; a retry with the same
/// `Idempotency-Key` gives the first answer.
///
/// # Errors
/// The refusals of the rules, by their codes.
pub async fn send_invite(
    app: Data<App>,
    req: HttpRequest,
    visitor: Visitor,
    EveningPath(evening): EveningPath,
    query: Query<OnBehalf>,
    body: Body<NewInvite>,
) -> Answer {
    checked(&body.value)?;
    let parent_id = query.parent();
    let asked =
        move |db: &mut Db, caller: &Caller| Ok((caller.clone(), caller.acting(db, parent_id)?.0));
    let (caller, acting) = visitor.read(&app, asked).await?;
    let key = idempotency_key(&req, caller.person.id(), &body.bytes)?;
    let parsed = parse(&body.value, acting.is_staff)?;
    let (ctx, school) = (app.context(), caller.school_id());
    let base = req.path().split("/evenings/").next().unwrap_or_default().to_owned();
    let sent = app
        .store
        .write(move |db| {
            let row = evenings::find_for(db, school, acting.whose(), evening)?;
            with_idempotency_key(db, &ctx, key.as_ref(), |db| {
                let mut new = parsed.clone();
                if new.students.is_empty() {
                    new.students = invites::only_choice(db, &row, acting.parent)?;
                }
                let Sent::Yes(id) = invites::send(db, &ctx, &row, &acting, &new)? else {
                    return Ok(Response::empty(REFUSED));
                };
                let stored = invites::find(db, school, Some(acting.parent), id)?;
                let one = invites::with_students(db, vec![stored])?
                    .pop()
                    .ok_or(crate::store::Error::NotFound)?;
                let fates = outbox::fates(db, &[id])?;
                let view = views::invite(&one, fates.get(&id), row.zone());
                Ok(Response::created(&view)?.at(format!("{base}/invites/{}", view.id)))
            })
        })
        .await?;
    // The refusal was committed, so that it is counted and staff are told; it gives no reason.
    if sent.status == REFUSED {
        return Err(Refusal::AskTheSchool.into());
    }
    Ok(sent.into())
}

/// Takes what was typed, one field after the other.
fn parse(body: &NewInvite, is_staff: bool) -> Answer<rules::NewInvite> {
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
