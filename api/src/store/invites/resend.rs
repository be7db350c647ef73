//! Mailing an invite again, with the same link or with a new one that replaces it.

use chrono::TimeDelta;
use diesel::prelude::*;
use parlour_domain::{Refusal, invite};

use super::{InviteRow, link_ends_at, record};
use crate::{
    context::Context,
    schema::{invites, outbox as outbox_table},
    store::{
        Db, Error, Result,
        bookings::OnBehalfOf,
        evenings::EveningRow,
        outbox::{self, NewMail, Template},
        sessions,
        sql_types::at,
    },
};

/// Mails an invite again, with the same link.
///
/// # Errors
/// [`crate::store::LinkError`] when the invite has ended; the refusals of
/// [`invite::decide_resend`].
pub fn resend(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    invite: &InviteRow,
) -> Result<()> {
    mail(db, ctx, evening, invite, invite.generation)?;
    record(
        db,
        ctx,
        evening,
        acting,
        "invite_resent",
        format!("Sent {}’s invite again.", invite.name),
    )
}

/// Mails a new link. The old link stops working at once; guests who came in by it are logged out
/// and evicted from the call.
///
/// # Errors
/// Those of [`resend`]; both share their limits.
pub fn renew(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    acting: &OnBehalfOf,
    invite: &InviteRow,
) -> Result<()> {
    mail(db, ctx, evening, invite, invite.generation + 1)?;
    sessions::end_of_invite(db, ctx, invite.id.into())?;
    record(
        db,
        ctx,
        evening,
        acting,
        "link_renewed",
        format!("Sent {} a new link. The one before no longer works.", invite.name),
    )
}

fn mail(
    db: &mut Db,
    ctx: &Context,
    evening: &EveningRow,
    invite: &InviteRow,
    generation: i32,
) -> Result<()> {
    if let Some(dead) = invite.dead() {
        return Err(Error::Link(dead));
    }
    let since = at(ctx.now - TimeDelta::days(1));
    let resent_today: i64 = outbox_table::table
        .filter(
            outbox_table::invite_id
                .eq(Some(invite.id))
                .and(outbox_table::template.eq(Template::Invite.as_str())),
        )
        .filter(
            outbox_table::created_at.gt(since).and(outbox_table::created_at.gt(invite.created_at)),
        )
        .count()
        .get_result(db)?;
    let ends_at = link_ends_at(db, invite, evening, ctx.now)?;
    invite::decide_resend(*invite.mailed_at, resent_today, ends_at, ctx.now)?;
    let unmoved =
        invites::table.filter(invites::id.eq(invite.id).and(invites::ended_at.is_null())).filter(
            invites::mailed_at.eq(invite.mailed_at).and(invites::generation.eq(invite.generation)),
        );
    if diesel::update(unmoved)
        .set((invites::mailed_at.eq(at(ctx.now)), invites::generation.eq(generation)))
        .execute(db)?
        != 1
    {
        return Err(Refusal::ResendTooSoon.into());
    }
    outbox::enqueue(
        db,
        ctx,
        NewMail {
            invite: Some(invite.id.into()),
            evening: Some(evening.id()),
            ..NewMail::new(evening.school(), Template::Invite)
        },
    )
}
