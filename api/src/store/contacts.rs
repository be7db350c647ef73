//! Contact between a parent and a student: the roster's permission, and the permission that staff
//! give by hand, which no import takes back. Bars set by hand are in `bars`.

use diesel::{dsl::auto_type, prelude::*};
use parlour_domain::{
    Refusal,
    contact::Contact,
    id::{PersonId, SchoolId},
};

use super::{
    Db, Error, Result, access,
    events::{self, Actor, NewEvent},
    locks::{LockRank, lock_row},
    parents::{self, LinkedStudent},
    people,
    sql_types::{At, at, key},
};
use crate::{context::Context, schema::guardianships};

/// The part of [`Contact::may_act`] that the columns of the link decide. Queries use
/// [`access::may_act()`], which checks bars set by hand as well.
#[auto_type]
pub(super) fn is_allowed() -> _ {
    let by_whom =
        guardianships::contact_allowed.eq(true).or(guardianships::allowed_at.is_not_null());
    guardianships::removed_at.is_null().and(is_not_kept_away()).and(by_whom)
}

/// A link whose contact is barred or not allowed, even if the link has been removed since.
#[auto_type]
pub(crate) fn is_barred() -> _ {
    let by_nobody =
        guardianships::contact_allowed.eq(false).and(guardianships::allowed_at.is_null());
    is_kept_away().or(by_nobody)
}

/// A link with a court order or a bar of the roster.
#[auto_type]
pub(super) fn is_kept_away() -> _ {
    guardianships::court_order.eq(true).or(guardianships::contact_barred.eq(true))
}

/// The opposite of [`is_kept_away()`].
#[auto_type]
fn is_not_kept_away() -> _ {
    guardianships::court_order.eq(false).and(guardianships::contact_barred.eq(false))
}

/// The columns of a link that decide whether contact is allowed.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = guardianships)]
pub(crate) struct ContactRow {
    contact_allowed: bool,
    court_order: bool,
    contact_barred: bool,
    allowed_at: Option<At>,
}

impl ContactRow {
    /// The contact of a link that is in the roster, as the domain's rules take it.
    pub(crate) const fn of_link(&self, is_barred_by_staff: bool) -> Contact {
        Contact {
            is_linked: true,
            is_allowed: self.contact_allowed,
            is_allowed_by_staff: self.allowed_at.is_some(),
            has_court_order: self.court_order,
            is_barred: self.contact_barred,
            is_barred_by_staff,
        }
    }
}

/// Allows a parent contact with a student by hand, permanently. Contact that is already allowed
/// stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the two are not linked at the school; [`Refusal::ContactBarred`] while
/// a court order, the roster or a bar set by hand forbids the contact.
pub fn allow(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    parent: PersonId,
    student: PersonId,
) -> Result<()> {
    let parent_row = people::find_parent(db, school, parent)?;
    let student_row = people::find(db, school, student)?;
    let staff_row = people::find(db, school, staff)?;
    // A transaction that sets a bar locks the same row.
    lock_row(db, LockRank::Person, parent)?;
    let link = guardianships::table
        .filter(
            guardianships::parent_id
                .eq(key(parent))
                .and(guardianships::student_id.eq(key(student))),
        )
        .filter(guardianships::school_id.eq(key(school)).and(guardianships::removed_at.is_null()));
    let contact: ContactRow = link.select(ContactRow::as_select()).first(db)?;
    let contact = contact
        .of_link(!access::students_barred_for_parent(db, parent, &[key(student)])?.is_empty());
    if contact.has_court_order || contact.is_barred || contact.is_barred_by_staff {
        return Err(Refusal::ContactBarred.into());
    }
    if !contact.staff_may_allow() {
        return Ok(());
    }
    let untouched = guardianships::table
        .filter(
            guardianships::parent_id
                .eq(key(parent))
                .and(guardianships::student_id.eq(key(student))),
        )
        .filter(guardianships::allowed_at.is_null().and(guardianships::removed_at.is_null()))
        .filter(is_not_kept_away());
    let by_hand = (
        guardianships::allowed_at.eq(Some(at(ctx.now))),
        guardianships::allowed_by.eq(Some(key(staff))),
    );
    if diesel::update(untouched).set(by_hand).execute(db)? != 1 {
        return Err(Error::UniqueViolation);
    }
    let actor = Actor { person: Some(staff), name: staff_row.name() };
    let summary = format!("Allowed {} contact with {}.", parent_row.name(), student_row.name());
    events::record(
        db,
        ctx,
        &NewEvent {
            school,
            evening: None,
            parent: Some(parent),
            student: Some(student),
            action: "contact_allowed",
            summary,
            actor: &actor,
        },
    )
}

/// Allows contact ([`allow`]) and returns the link between parent and student.
///
/// # Errors
/// The errors of [`allow`].
pub fn allow_contact(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    parent: PersonId,
    student: PersonId,
) -> Result<LinkedStudent> {
    allow(db, ctx, school, staff, parent, student)?;
    let linked = parents::find(db, school, parent)?.students;
    linked.into_iter().find(|linked| linked.student.id() == student).ok_or(Error::NotFound)
}
