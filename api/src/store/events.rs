//! The audit log: events of a school, which parents and the office also read as history.

use diesel::prelude::*;
use parlour_domain::id::{EveningId, PersonId, SchoolId};
use uuid::Uuid;

use super::{
    Db, Error, Result, access,
    bookings::OnBehalfOf,
    evenings::{self, EveningRow},
    people,
    sql_types::{At, Key, at, key},
};
use crate::{context::Context, schema::events, with_conn};

/// The person or system that caused an event.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The person; `None` for the school's systems.
    pub person: Option<PersonId>,
    /// The name that the history shows.
    pub name: String,
}

impl Actor {
    /// The school's systems.
    #[must_use]
    pub fn school() -> Self {
        Self { person: None, name: "The school".to_owned() }
    }
}

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// The school.
    pub school: SchoolId,
    /// The evening that it belongs to.
    pub evening: Option<EveningId>,
    /// The parent whose history shows it.
    pub parent: Option<PersonId>,
    /// The student that it is about, if any.
    pub student: Option<PersonId>,
    /// A code of the action, for programs.
    pub action: &'static str,
    /// The action in one sentence.
    pub summary: String,
    /// The person or system that caused it.
    pub actor: &'a Actor,
}

/// An event as the history shows it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
#[expect(missing_docs, reason = "the migration documents the columns")]
pub struct EventRow {
    pub id: Key,
    pub at: At,
    pub action: String,
    pub summary: String,
    pub actor: String,
}

#[derive(Insertable)]
#[diesel(table_name = events)]
struct NewRow<'a> {
    id: Key,
    school_id: Key,
    evening_id: Option<Key>,
    parent_id: Option<Key>,
    actor_id: Option<Key>,
    actor: &'a str,
    action: &'a str,
    summary: &'a str,
    at: At,
    student_id: Option<Key>,
}

/// Records an event.
///
/// # Errors
/// Errors of the database.
pub fn record(db: &mut Db, ctx: &Context, event: &NewEvent<'_>) -> Result<()> {
    let row = NewRow {
        id: ctx.new_id::<Uuid>().into(),
        school_id: key(event.school),
        evening_id: event.evening.map(Into::into),
        parent_id: event.parent.map(Into::into),
        actor_id: event.actor.person.map(Into::into),
        actor: &event.actor.name,
        action: event.action,
        summary: &event.summary,
        at: at(ctx.now),
        student_id: event.student.map(Into::into),
    };
    with_conn!(db, conn => diesel::insert_into(events::table).values(&row).execute(conn))?;
    Ok(())
}

/// Records an event that concerns a school as a whole: no evening, parent or student.
///
/// # Errors
/// Errors of the database.
pub fn record_for_school(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    actor: &Actor,
    action: &'static str,
    summary: String,
) -> Result<()> {
    let event =
        NewEvent { school, evening: None, parent: None, student: None, action, summary, actor };
    record(db, ctx, &event)
}

/// Records an event of a school ([`record_for_school`]) that a member of its staff caused.
///
/// # Errors
/// Errors of the database; [`Error::NotFound`] for somebody of another school.
pub fn record_by_staff(
    db: &mut Db,
    ctx: &Context,
    school: SchoolId,
    staff: PersonId,
    action: &'static str,
    summary: String,
) -> Result<()> {
    let actor = Actor { person: Some(staff), name: people::find(db, school, staff)?.name() };
    record_for_school(db, ctx, school, &actor, action, summary)
}

/// Returns a parent's history of an evening, newest first, after the event `before` if given. It
/// reads one more than `limit`: an extra row shows that there is a next page. Staff see all events;
/// the parent sees none about a student for whom they may not act.
///
/// # Errors
/// [`Error::BadCursor`] when `before` is no event of this parent.
pub fn history(
    db: &mut Db,
    acting: &OnBehalfOf,
    evening: EveningId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EventRow>> {
    let parent = acting.parent;
    let mut query = events::table
        .filter(
            events::parent_id
                .eq(key(parent))
                .and(events::evening_id.eq(key(evening)))
                .and(events::action.ne("invite_refused")),
        )
        .select(EventRow::as_select())
        .into_boxed();
    if !acting.is_staff {
        let students: Vec<Option<Key>> =
            access::students_of(db, parent)?.into_iter().map(|student| Some(student.id)).collect();
        query = query.filter(events::student_id.is_null().or(events::student_id.eq_any(students)));
    }
    if let Some(before) = before {
        let known: Option<At> = events::table
            .filter(events::id.eq(Key(before)).and(events::parent_id.eq(key(parent))))
            .select(events::at)
            .first(db)
            .optional()?;
        let time = known.ok_or(Error::BadCursor)?;
        query = query
            .filter(events::at.lt(time).or(events::at.eq(time).and(events::id.lt(Key(before)))));
    }
    Ok(query.order((events::at.desc(), events::id.desc())).limit(limit + 1).load(db)?)
}

/// Returns an evening and a page of a parent's history of it ([`history`]).
///
/// # Errors
/// The errors of [`history`]; [`Error::NotFound`] for an evening that the parent may not see.
pub fn get_history(
    db: &mut Db,
    school: SchoolId,
    acting: &OnBehalfOf,
    evening: EveningId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<(EveningRow, Vec<EventRow>)> {
    let row = evenings::find_for(db, school, acting.evening_visibility(), evening)?;
    Ok((row, history(db, acting, evening, before, limit)?))
}
