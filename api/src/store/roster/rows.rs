//! Rows that an import writes, and the names that identify them.

use diesel::prelude::*;

use super::provenance::attribution::{Column, reattributed_columns};
use crate::{
    schema::{classes, enrolments, guardianships, people, schools},
    store::{
        sources::{self, Provenance},
        sql_types::{At, Key},
    },
};

/// A row that an import can find again, compare and mark as removed.
pub(super) trait Row: Clone + PartialEq {
    /// The name that identifies the row in a roster.
    type Name: Ord + Clone;

    fn name(&self) -> Self::Name;
    /// Takes over the id and the values that a roster does not set, and the previous sources of
    /// columns that are not attributed to the new source. Before this call `sources` holds the new
    /// source with the columns that it sets.
    fn keep(&mut self, old: &Self);
    /// The columns that bar contact in this row.
    fn bars(&self) -> Vec<&'static str>;
    fn removed_at_mut(&mut self) -> &mut Option<At>;
    fn is_removed(&self) -> bool;
}

macro_rules! row {
    (
        $row:ty, $name:ty, |$this:ident| $expr:expr
        $(, keeps $kept:ident)? $(, sourced: $($column:ident)+)? $(, bars: $($bar:ident)+)?
    ) => {
        impl Row for $row {
            type Name = $name;

            fn name(&self) -> Self::Name {
                let $this = self;
                $expr
            }

            fn keep(&mut self, old: &Self) {
                self.id = old.id;
                $(self.$kept = old.$kept;)?
                $(
                    let columns = [
                        $(
                            Column {
                                name: stringify!($column),
                                differs: self.$column != old.$column,
                            }
                        ),
                        +,
                    ];
                    let reattributed_columns = reattributed_columns(
                        &columns,
                        &self.bars(),
                        old.is_removed(),
                        &old.sources,
                        &self.sources,
                    );
                    self.sources =
                        sources::merged(&old.sources, &reattributed_columns, &self.sources);
                )?
            }

            fn bars(&self) -> Vec<&'static str> {
                let bars: Vec<Option<&'static str>> = vec![
                    $($(self.$bar.then_some(stringify!($bar))),+)?
                ];
                bars.into_iter().flatten().collect()
            }

            fn removed_at_mut(&mut self) -> &mut Option<At> {
                &mut self.removed_at
            }

            fn is_removed(&self) -> bool {
                self.removed_at.is_some()
            }
        }
    };
}

#[derive(Insertable, Queryable, Selectable, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = schools, treat_none_as_default_value = false)]
pub(super) struct SchoolRow {
    pub id: Key,
    pub sourced_id: String,
    pub name: String,
    pub slug: String,
    pub host: Option<String>,
    pub time_zone: String,
    pub created_at: At,
}

#[derive(Insertable, Queryable, Selectable, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = people, treat_none_as_default_value = false)]
pub(super) struct PersonRow {
    pub id: Key,
    pub school_id: Key,
    pub sourced_id: String,
    pub honorific: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub bar_key: Option<String>,
    pub source_role: String,
    pub is_parent: bool,
    pub is_student: bool,
    pub is_teacher: bool,
    pub is_staff: bool,
    pub removed_at: Option<At>,
    pub sources: Provenance,
}
row!(
    PersonRow,
    String,
    |row| row.sourced_id.clone(),
    sourced: honorific given_name family_name email source_role
);

#[derive(Insertable, Queryable, Selectable, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = guardianships, treat_none_as_default_value = false)]
pub(super) struct GuardianshipRow {
    pub id: Key,
    pub school_id: Key,
    pub parent_id: Key,
    pub student_id: Key,
    pub relationship: String,
    pub priority: Option<i32>,
    pub lives_with: Option<bool>,
    pub contact_allowed: bool,
    pub court_order: bool,
    pub removed_at: Option<At>,
    pub contact_barred: bool,
    pub allowed_at: Option<At>,
    pub sources: Provenance,
}
row!(
    GuardianshipRow,
    (Key, Key),
    |row| (row.parent_id, row.student_id),
    keeps allowed_at,
    sourced: relationship priority lives_with contact_allowed contact_barred court_order,
    bars: contact_barred court_order
);

#[derive(Insertable, Queryable, Selectable, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = classes, treat_none_as_default_value = false)]
pub(super) struct ClassRow {
    pub id: Key,
    pub school_id: Key,
    pub sourced_id: String,
    pub title: String,
    pub subject: String,
    pub code: String,
    pub removed_at: Option<At>,
    pub sources: Provenance,
}
row!(ClassRow, String, |row| row.sourced_id.clone(), sourced: title subject code);

#[derive(Insertable, Queryable, Selectable, Clone, PartialEq, Eq, Debug)]
#[diesel(table_name = enrolments, treat_none_as_default_value = false)]
pub(super) struct EnrolmentRow {
    pub id: Key,
    pub school_id: Key,
    pub class_id: Key,
    pub person_id: Key,
    pub role: String,
    pub is_primary: bool,
    pub begins_on: Option<String>,
    pub ends_on: Option<String>,
    pub removed_at: Option<At>,
    pub sources: Provenance,
}
// The role is part of the name, so its source is the source of the enrolment.
row!(
    EnrolmentRow,
    (Key, Key, String),
    |row| (row.class_id, row.person_id, row.role.clone()),
    sourced: role is_primary begins_on ends_on
);
