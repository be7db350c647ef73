//! The classes of students with their teachers and provenance, for the office.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::{
    Db, Result,
    in_ids::in_ids,
    people::PersonRow,
    sources::{self, FieldSource, Provenance},
    sql_types::Key,
};
use crate::{
    schema::{classes, enrolments, people},
    with_conn,
};

/// A class of a student.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StudentClass {
    /// Its id in the roster.
    pub sourced_id: String,
    /// Its title.
    pub title: String,
    /// Its subject.
    pub subject: String,
    /// The source of each value of the class.
    pub sources: Vec<FieldSource>,
    /// The source of each value of the student's enrolment.
    pub place_sources: Vec<FieldSource>,
    /// Its teachers, primary ones first.
    pub teachers: Vec<ClassTeacher>,
}

/// A teacher of a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassTeacher {
    /// Their name.
    pub name: String,
    /// The source of each value of their enrolment.
    pub sources: Vec<FieldSource>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = classes)]
struct ClassRow {
    id: Key,
    sourced_id: String,
    title: String,
    subject: String,
    sources: Provenance,
}

/// Returns the classes of these students, by title.
///
/// # Errors
/// Errors of the database.
pub fn of(db: &mut Db, students: &[Key]) -> Result<BTreeMap<Key, Vec<StudentClass>>> {
    let rows: Vec<(Key, Provenance, ClassRow)> = with_conn!(db, conn => enrolments::table
        .inner_join(classes::table)
        .filter(
            in_ids(
                enrolments::person_id,
                students.iter().copied(),
            ).and(enrolments::role.eq("student"))
        )
        .filter(enrolments::removed_at.is_null().and(classes::removed_at.is_null()))
        .order((classes::title, classes::id))
        .select((enrolments::person_id, enrolments::sources, ClassRow::as_select()))
        .load(conn))?;
    let teachers = teachers(db, &rows.iter().map(|(.., class)| class.id).collect())?;
    let mut found: BTreeMap<Key, Vec<StudentClass>> = BTreeMap::new();
    for (student, place, ClassRow { id, sourced_id, title, subject, sources }) in rows {
        let teachers = teachers.get(&id).cloned().unwrap_or_default();
        let (sources, place_sources) = (sources::of_row(&sources), sources::of_row(&place));
        found.entry(student).or_default().push(StudentClass {
            sourced_id,
            title,
            subject,
            sources,
            place_sources,
            teachers,
        });
    }
    Ok(found)
}

fn teachers(db: &mut Db, of: &BTreeSet<Key>) -> Result<BTreeMap<Key, Vec<ClassTeacher>>> {
    let rows: Vec<(Key, Provenance, PersonRow)> = with_conn!(db, conn => enrolments::table
        .inner_join(people::table)
        .filter(
            in_ids(enrolments::class_id, of.iter().copied())
                .and(enrolments::role.eq("teacher")),
        )
        .filter(enrolments::removed_at.is_null().and(people::removed_at.is_null()))
        .order((enrolments::is_primary.desc(), people::family_name, people::id))
        .select((enrolments::class_id, enrolments::sources, PersonRow::as_select()))
        .load(conn))?;
    let mut teachers: BTreeMap<Key, Vec<ClassTeacher>> = BTreeMap::new();
    for (class, kept, teacher) in rows {
        teachers
            .entry(class)
            .or_default()
            .push(ClassTeacher { name: teacher.name(), sources: sources::of_row(&kept) });
    }
    Ok(teachers)
}
