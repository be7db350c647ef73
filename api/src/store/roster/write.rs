//! Upserts of an import's rows, many with one statement.

use diesel::{prelude::*, upsert::excluded};

use super::rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, SchoolRow};
use crate::{
    schema::{classes, enrolments, guardianships, people, schools},
    store::Db,
    with_conn,
};

pub(super) fn school(db: &mut Db, row: &SchoolRow) -> QueryResult<usize> {
    with_conn!(db, conn =>
        diesel::insert_into(schools::table)
            .values(row)
            .on_conflict(schools::id)
            .do_update()
            .set(schools::name.eq(excluded(schools::name)))
            .execute(conn)
    )
}

pub(super) fn people(db: &mut Db, rows: &[PersonRow]) -> QueryResult<usize> {
    with_conn!(db, conn => diesel::insert_into(people::table)
        .values(rows)
        .on_conflict(people::id)
        .do_update()
        .set((
            people::honorific.eq(excluded(people::honorific)),
            people::given_name.eq(excluded(people::given_name)),
            people::family_name.eq(excluded(people::family_name)),
            people::email.eq(excluded(people::email)),
            people::email_key.eq(excluded(people::email_key)),
            people::bar_key.eq(excluded(people::bar_key)),
            people::source_role.eq(excluded(people::source_role)),
            people::is_parent.eq(excluded(people::is_parent)),
            people::is_student.eq(excluded(people::is_student)),
            people::is_teacher.eq(excluded(people::is_teacher)),
            people::is_staff.eq(excluded(people::is_staff)),
            people::removed_at.eq(excluded(people::removed_at)),
            people::sources.eq(excluded(people::sources)),
        ))
        .execute(conn))
}

pub(super) fn guardianships(db: &mut Db, rows: &[GuardianshipRow]) -> QueryResult<usize> {
    with_conn!(db, conn => diesel::insert_into(guardianships::table)
        .values(rows)
        .on_conflict(guardianships::id)
        .do_update()
        .set((
            guardianships::relationship.eq(excluded(guardianships::relationship)),
            guardianships::priority.eq(excluded(guardianships::priority)),
            guardianships::lives_with.eq(excluded(guardianships::lives_with)),
            guardianships::contact_allowed.eq(excluded(guardianships::contact_allowed)),
            guardianships::court_order.eq(excluded(guardianships::court_order)),
            guardianships::removed_at.eq(excluded(guardianships::removed_at)),
            guardianships::contact_barred.eq(excluded(guardianships::contact_barred)),
            guardianships::sources.eq(excluded(guardianships::sources)),
        ))
        .execute(conn))
}

pub(super) fn classes(db: &mut Db, rows: &[ClassRow]) -> QueryResult<usize> {
    with_conn!(db, conn => diesel::insert_into(classes::table)
        .values(rows)
        .on_conflict(classes::id)
        .do_update()
        .set((
            classes::title.eq(excluded(classes::title)),
            classes::subject.eq(excluded(classes::subject)),
            classes::code.eq(excluded(classes::code)),
            classes::removed_at.eq(excluded(classes::removed_at)),
            classes::sources.eq(excluded(classes::sources)),
        ))
        .execute(conn))
}

pub(super) fn enrolments(db: &mut Db, rows: &[EnrolmentRow]) -> QueryResult<usize> {
    with_conn!(db, conn => diesel::insert_into(enrolments::table)
        .values(rows)
        .on_conflict(enrolments::id)
        .do_update()
        .set((
            enrolments::is_primary.eq(excluded(enrolments::is_primary)),
            enrolments::begins_on.eq(excluded(enrolments::begins_on)),
            enrolments::ends_on.eq(excluded(enrolments::ends_on)),
            enrolments::removed_at.eq(excluded(enrolments::removed_at)),
            enrolments::sources.eq(excluded(enrolments::sources)),
        ))
        .execute(conn))
}
