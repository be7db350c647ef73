//! Bars that staff set by hand: a person or an address, per student. Setting a bar takes effect at
//! once (I13); an import never lifts it.

use diesel::prelude::*;
use parlour_domain::{
    EmailAddress,
    id::{BarId, PersonId, SchoolId},
};
use serde::Serialize;

use super::{
    Db, Error, Result, access,
    events::{self, Actor},
    idempotency::{RequestKey, Response, with_idempotency_key},
    locks::{LockRank, lock_rows},
    people::{self, PersonRow},
    revocation::Revocation,
    sql_types::{At, Key, at, key},
};
use crate::{
    context::Context,
    schema::{bars, guardianships, people as people_table},
};

/// A bar.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = bars)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct BarRow {
    pub id: Key,
    pub student_id: Key,
    pub person_id: Option<Key>,
    pub email: Option<String>,
    pub note: String,
    pub set_by: Key,
    pub created_at: At,
}

/// A bar with the names of the people concerned.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The bar.
    pub row: BarRow,
    /// The student whom the bar protects.
    pub student: PersonRow,
    /// The barred person, if the bar names a person.
    pub person: Option<PersonRow>,
    /// The name of the member of staff who set it.
    pub set_by: String,
}

/// The target of a bar.
#[derive(Clone, Debug)]
pub enum Barred {
    /// A person of the roster.
    Person(PersonId),
    /// An address, whoever uses it.
    Address(EmailAddress),
}

#[derive(Insertable)]
#[diesel(table_name = bars)]
struct NewRow<'a> {
    id: Key,
    school_id: Key,
    student_id: Key,
    person_id: Option<Key>,
    email: Option<&'a str>,
    bar_key: Option<String>,
    note: &'a str,
    set_by: Key,
    created_at: At,
}

/// A bar to be set.
#[derive(Clone, Debug)]
pub struct NewBar {
    /// The student whom the bar protects.
    pub student: PersonId,
    /// The target of the bar.
    pub barred: Barred,
    /// The reason, for staff to read.
    pub note: String,
}

/// Sets a bar ([`set`]). The response that `view` builds is kept for retries of `request`.
///
/// # Errors
/// The errors of [`set`]; [`Error::KeyReused`].
pub fn create_bar<T: Serialize>(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    new: &NewBar,
    request: Option<&RequestKey>,
    view: impl Fn(&Bar) -> T,
) -> Result<Response> {
    with_idempotency_key(db, ctx, request, |db| {
        let id = set(db, ctx, school, staff, new.student, &new.barred, &new.note)?;
        Response::created(&view(&find(db, school, id)?))
    })
}

/// Sets a bar and revokes the access that it forbids.
///
/// # Errors
/// [`Error::NotFound`] when the student or the person is not the school's.
pub fn set(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    student: PersonId,
    barred: &Barred,
    note: &str,
) -> Result<BarId> {
    let student_row = people::find(db, school, student)
        .and_then(|row| if row.is_student { Ok(row) } else { Err(Error::NotFound) })?;
    let staff_row = people::find(db, school, staff)?;
    let (person_id, email, bar_key) = match barred {
        Barred::Person(person) => (Some(people::find(db, school, *person)?.id), None, None),
        Barred::Address(email) => (None, Some(email.as_str()), Some(email.bar_key())),
    };
    lock_contacts(db, student)?;
    let id: BarId = ctx.new_id();
    let row = NewRow {
        id: key(id),
        school_id: key(school),
        student_id: key(student),
        person_id,
        email,
        bar_key,
        note,
        set_by: key(staff),
        created_at: at(ctx.now),
    };
    diesel::insert_into(bars::table).values(&row).execute(db)?;
    let actor = Actor { person: Some(staff), name: staff_row.name() };
    let summary = format!("Barred a contact from {}.", student_row.name());
    events::record_for_school(db, ctx, school, &actor, "bar_set", summary)?;
    let mut revocation = Revocation::default();
    revocation.sweep(db, ctx, school, &actor)?;
    let contacts = contacts_barred(db, student, barred)?;
    revocation.log_out(db, ctx, &contacts)?;
    revocation.finish(db, ctx)?;
    Ok(id)
}

/// Returns the people who lose a student by a bar: the person it names, or the student's contacts
/// who have the address.
fn contacts_barred(db: &mut Db, student: PersonId, barred: &Barred) -> Result<Vec<PersonId>> {
    let email = match barred {
        Barred::Person(person) => return Ok(vec![*person]),
        Barred::Address(email) => email,
    };
    let contacts: Vec<Key> = guardianships::table
        .inner_join(people_table::table.on(people_table::id.eq(guardianships::parent_id)))
        .filter(
            guardianships::student_id
                .eq(key(student))
                .and(people_table::bar_key.eq(Some(email.bar_key()))),
        )
        .select(guardianships::parent_id)
        .load(db)?;
    Ok(contacts.into_iter().map(Into::into).collect())
}

/// Lifts a bar. Lifting it again changes nothing. Bookings, invites and sessions that the bar ended
/// are not restored.
///
/// # Errors
/// [`Error::NotFound`] when the bar is not the school's.
pub fn lift(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    bar: BarId,
) -> Result<()> {
    let of_school = bars::table.filter(bars::id.eq(key(bar)).and(bars::school_id.eq(key(school))));
    let student: Key = of_school.select(bars::student_id).first(db)?;
    let lifted = diesel::update(of_school.filter(access::in_force()))
        .set(bars::lifted_at.eq(Some(at(ctx.now))))
        .execute(db)?;
    if lifted == 1 {
        let (staff_row, student_row): (PersonRow, PersonRow) = (
            people::find(db, school, staff)?,
            people_table::table.find(student).select(PersonRow::as_select()).first(db)?,
        );
        let actor = Actor { person: Some(staff), name: staff_row.name() };
        let summary = format!("Lifted a bar from {}.", student_row.name());
        events::record_for_school(db, ctx, school, &actor, "bar_lifted", summary)?;
    }
    Ok(())
}

/// Returns the bars in force, newest first, after the bar `after` if given. It reads one more than
/// `limit`: an extra row shows that there is a next page.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no bar of the school.
pub fn list(
    db: &mut Db,
    school: SchoolId,
    student: Option<PersonId>,
    after: Option<BarId>,
    limit: i64,
) -> Result<Vec<Bar>> {
    let mut query = bars::table
        .filter(bars::school_id.eq(key(school)).and(access::in_force()))
        .select(BarRow::as_select())
        .into_boxed();
    if let Some(student) = student {
        query = query.filter(bars::student_id.eq(key(student)));
    }
    if let Some(after) = after {
        let time: Option<At> = bars::table
            .filter(bars::id.eq(key(after)).and(bars::school_id.eq(key(school))))
            .select(bars::created_at)
            .first(db)
            .optional()?;
        let time = time.ok_or(Error::BadCursor)?;
        query = query.filter(
            bars::created_at.lt(time).or(bars::created_at.eq(time).and(bars::id.lt(key(after)))),
        );
    }
    let rows: Vec<BarRow> =
        query.order((bars::created_at.desc(), bars::id.desc())).limit(limit + 1).load(db)?;
    rows.into_iter().map(|row| with_names(db, row)).collect()
}

/// Returns one bar of the school.
///
/// # Errors
/// [`Error::NotFound`] when the bar is not the school's.
pub fn find(db: &mut Db, school: SchoolId, bar: BarId) -> Result<Bar> {
    let row: BarRow = bars::table
        .filter(bars::id.eq(key(bar)).and(bars::school_id.eq(key(school))))
        .select(BarRow::as_select())
        .first(db)?;
    with_names(db, row)
}

fn with_names(db: &mut Db, row: BarRow) -> Result<Bar> {
    let person = |db: &mut Db, id: Key| {
        people_table::table.find(id).select(PersonRow::as_select()).first::<PersonRow>(db)
    };
    let student = person(db, row.student_id)?;
    let set_by = person(db, row.set_by)?.name();
    let barred = row.person_id.map(|id| person(db, id)).transpose()?;
    Ok(Bar { row, student, person: barred, set_by })
}

/// Locks the rows of the student's contacts, so that a concurrent booking or invite is decided
/// either before or after the bar.
fn lock_contacts(db: &mut Db, student: PersonId) -> Result<()> {
    let contacts: Vec<Key> = guardianships::table
        .filter(guardianships::student_id.eq(key(student)))
        .select(guardianships::parent_id)
        .load(db)?;
    lock_rows(db, LockRank::Person, contacts)
}
