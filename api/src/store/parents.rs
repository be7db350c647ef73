//! Queries by which staff find parents.

use diesel::prelude::*;
use parlour_domain::id::{PersonId, SchoolId};

use super::{
    Db, Error, Result, access,
    contacts::ContactRow,
    people::{self, PersonRow},
    sources::{self, FieldSource, Origin, Provenance, SourceKind},
    sql_types::{At, Key, key},
    student_classes::{self, StudentClass},
};
use crate::schema::{guardianships, people as people_table};

/// A parent with all linked students.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The parent.
    pub person: PersonRow,
    /// The students.
    pub students: Vec<LinkedStudent>,
    /// The source of each of the parent's values; only filled by [`find`].
    pub sources: Vec<FieldSource>,
}

/// A student of a parent.
#[derive(Clone, Debug)]
pub struct LinkedStudent {
    /// The student.
    pub student: PersonRow,
    /// The relationship in the roster.
    pub relationship: String,
    /// True if the parent may act for the student.
    pub allowed: bool,
    /// True if staff may allow contact: it is not allowed yet, and no bar or court order forbids
    /// it.
    pub can_allow: bool,
    /// The source of each value of the link; only filled by [`find`].
    pub sources: Vec<FieldSource>,
    /// The student's classes; only filled by [`find`].
    pub classes: Vec<StudentClass>,
}

/// Returns parents by name, after the parent `after` if given. Each of `words` must occur in a name
/// or the address of the parent, or of one of their students. It reads one more than `limit`: an
/// extra row shows that there is a next page.
///
/// # Errors
/// [`Error::BadCursor`] when `after` is no parent of the school.
pub fn list(
    db: &mut Db,
    school: SchoolId,
    words: &str,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Parent>> {
    let mut query = people_table::table
        .filter(
            people_table::school_id
                .eq(key(school))
                .and(people_table::is_parent.eq(true))
                .and(people_table::removed_at.is_null()),
        )
        .select(PersonRow::as_select())
        .into_boxed();
    for word in words.split_whitespace().take(5) {
        query = query.filter(people_table::id.eq_any(matching(db, school, word)?));
    }
    if let Some(after) = after {
        let row = people::find_parent(db, school, after).map_err(|_| Error::BadCursor)?;
        let (family, given) = (row.family_name, row.given_name);
        query = query.filter(
            people_table::family_name
                .gt(family.clone())
                .or(people_table::family_name
                    .eq(family.clone())
                    .and(people_table::given_name.gt(given.clone())))
                .or(people_table::family_name
                    .eq(family)
                    .and(people_table::given_name.eq(given))
                    .and(people_table::id.gt(key(after)))),
        );
    }
    let rows: Vec<PersonRow> = query
        .order((people_table::family_name, people_table::given_name, people_table::id))
        .limit(limit + 1)
        .load(db)?;
    rows.into_iter().map(|person| with_students(db, person)).collect()
}

/// Returns a parent of the school.
///
/// # Errors
/// [`Error::NotFound`] for anyone else.
pub fn find(db: &mut Db, school: SchoolId, parent: PersonId) -> Result<Parent> {
    let person = people::find_parent(db, school, parent)?;
    let found = with_students(db, person)?;
    with_sources(db, school, found)
}

/// Adds the source of each value, and the classes of the students.
fn with_sources(db: &mut Db, school: SchoolId, mut parent: Parent) -> Result<Parent> {
    let kept: Provenance =
        people_table::table.find(parent.person.id).select(people_table::sources).first(db)?;
    parent.sources = sources::of_row(&kept);
    let mut classes = student_classes::of(
        db,
        &parent.students.iter().map(|linked| linked.student.id).collect::<Vec<_>>(),
    )?;
    for linked in &mut parent.students {
        linked.sources = link_sources(db, school, parent.person.id, linked)?;
        linked.classes = classes.remove(&linked.student.id).unwrap_or_default();
    }
    Ok(parent)
}

/// Returns the source of each value of a link. Of a bar and a permission of contact, only the one
/// in effect is listed.
fn link_sources(
    db: &mut Db,
    school: SchoolId,
    parent: Key,
    linked: &LinkedStudent,
) -> Result<Vec<FieldSource>> {
    use guardianships as g;

    let link = g::table.filter(g::parent_id.eq(parent).and(g::student_id.eq(linked.student.id)));
    let (kept, is_allowed, is_barred, allowed_at, allowed_by): (
        Provenance,
        bool,
        bool,
        Option<At>,
        Option<Key>,
    ) = link
        .select((g::sources, g::contact_allowed, g::contact_barred, g::allowed_at, g::allowed_by))
        .first(db)?;
    let mut sources = sources::of_row(&kept);
    if is_barred {
        sources.retain(|source| source.column != "contact_allowed");
    }
    // A permission that staff gave counts where the roster says nothing about contact.
    if let (true, false, Some(at), Some(staff)) =
        (linked.allowed, is_allowed, allowed_at, allowed_by)
    {
        let name = people::find_any(db, school, staff.into())?.name();
        sources.retain(|source| {
            source.column != "contact_allowed" && source.column != "contact_barred"
        });
        sources.push(FieldSource {
            column: "contact_allowed".to_owned(),
            origin: Origin::new(SourceKind::Staff, name),
            at: *at,
        });
    }
    Ok(sources)
}

fn with_students(db: &mut Db, person: PersonRow) -> Result<Parent> {
    let linked: Vec<(PersonRow, String, ContactRow)> = guardianships::table
        .inner_join(people_table::table.on(people_table::id.eq(guardianships::student_id)))
        .filter(
            guardianships::parent_id
                .eq(person.id)
                .and(guardianships::removed_at.is_null())
                .and(people_table::removed_at.is_null()),
        )
        .order((people_table::given_name, people_table::id))
        .select((PersonRow::as_select(), guardianships::relationship, ContactRow::as_select()))
        .load(db)?;
    let barred = access::students_barred_for_parent(
        db,
        person.id(),
        &linked.iter().map(|(student, ..)| student.id).collect::<Vec<_>>(),
    )?;
    let students = linked.into_iter().map(|(student, relationship, contact)| {
        let contact = contact.of_link(barred.contains(&student.id));
        let (allowed, can_allow) = (contact.may_act(), contact.staff_may_allow());
        LinkedStudent {
            allowed,
            can_allow,
            student,
            relationship,
            sources: Vec::new(),
            classes: Vec::new(),
        }
    });
    Ok(Parent { students: students.collect(), person, sources: Vec::new() })
}

/// Returns the parents with a word in their own names or address, or in those of a student of
/// theirs. `\`, `%` and `_` are matched literally.
fn matching(db: &mut Db, school: SchoolId, word: &str) -> Result<Vec<Key>> {
    let lower: String = word
        .to_lowercase()
        .chars()
        .flat_map(|c| if matches!(c, '\\' | '%' | '_') { vec!['\\', c] } else { vec![c] })
        .collect();
    let pattern = format!("%{lower}%");
    let named = people_table::table
        .filter(people_table::school_id.eq(key(school)).and(people_table::removed_at.is_null()));
    let hits: Vec<(Key, bool)> = named
        .filter(
            lower_of(people_table::given_name)
                .like(pattern.clone())
                .escape('\\')
                .or(lower_of(people_table::family_name).like(pattern.clone()).escape('\\'))
                .or(people_table::email_key.assume_not_null().like(pattern).escape('\\')),
        )
        .select((people_table::id, people_table::is_student))
        .load(db)?;
    let students: Vec<Key> =
        hits.iter().filter(|(_, is_student)| *is_student).map(|(id, _)| *id).collect();
    let mut parents: Vec<Key> = hits.into_iter().map(|(id, _)| id).collect();
    let of_students: Vec<Key> = guardianships::table
        .filter(guardianships::student_id.eq_any(students).and(guardianships::removed_at.is_null()))
        .select(guardianships::parent_id)
        .load(db)?;
    parents.extend(of_students);
    Ok(parents)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Converts a text to lower case; SQLite converts ASCII letters only.
    #[sql_name = "lower"]
    fn lower_of(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}
