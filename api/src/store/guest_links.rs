//! Requests of guests who have lost their link. Known and unknown addresses take the same steps
//! here; the outbox worker looks the address up.

use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    id::{GuestLinkRequestId, SchoolId},
};

use super::{
    Db, Error, Result,
    outbox::{self, NewMail, Template},
    sql_types::{at, key},
    throttles::{LockedBucket, ThrottleKind},
};
use crate::{context::Context, schema::guest_link_requests, with_conn};

/// Stores the request and queues its mail. It uses the throttles of login mails, so that an address
/// gets no more mail by requests of both kinds.
///
/// # Errors
/// [`Error::TooMany`] while the address or the client's network must wait. The request is not
/// counted then.
pub fn request(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    email: &EmailAddress,
    client_hash: &str,
) -> Result<()> {
    let email_key = email.key();
    let of_client =
        LockedBucket::new(db, school, ThrottleKind::LoginMailClient, client_hash, ctx.now)?;
    let of_address =
        LockedBucket::new(db, school, ThrottleKind::LoginMailAddress, &email_key, ctx.now)?;
    if let Some(seconds) = of_client.wait().max(of_address.wait()) {
        return Err(Error::TooMany(seconds));
    }
    of_client.take(db)?;
    of_address.take(db)?;
    let id: GuestLinkRequestId = ctx.new_id();
    let row = (
        guest_link_requests::id.eq(key(id)),
        guest_link_requests::school_id.eq(key(school)),
        guest_link_requests::email_key.eq(&email_key),
        guest_link_requests::created_at.eq(at(ctx.now)),
    );
    with_conn!(db, conn =>
        diesel::insert_into(guest_link_requests::table).values(row).execute(conn)
    )?;
    outbox::enqueue(
        db,
        ctx,
        NewMail { guest_link_request: Some(id), ..NewMail::new(school, Template::GuestLinks) },
    )
}
