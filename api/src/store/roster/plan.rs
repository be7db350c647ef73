//! Plan of one school's import: the rows to write and the access that is lost. Pure: no database.

use std::collections::{BTreeMap, BTreeSet};

use parlour_roster::{EnrolmentRole, Mode, PersonBar, School};
use uuid::Uuid;

use super::{
    Changes, Counts, Source,
    access_losses::AccessLosses,
    bars::keep_bars,
    compare::{Difference, Existing, Outcome, RowResult, difference, to_write},
    delta_links::{DeltaLinks, LinkStatus, count_leavers},
    describe::{Line, lines},
    desired::{DesiredRows, role_name},
    endings::Ended,
    row_results::RowResults,
    rows::{ClassRow, EnrolmentRow, GuardianshipRow, PersonRow, Row, SchoolRow},
    staff::StaffChanges,
    unread::RetainedRows,
};
use crate::{
    context::Context,
    store::{
        events::Actor,
        source_schools::SyncSource,
        sources::Origin,
        sql_types::{Key, at},
    },
};

/// The difference between a school's rows and a roster.
pub struct Plan {
    pub(super) school: SchoolRow,
    pub(super) people: Vec<PersonRow>,
    pub(super) guardianships: Vec<GuardianshipRow>,
    pub(super) classes: Vec<ClassRow>,
    pub(super) enrolments: Vec<EnrolmentRow>,
    pub(super) losses: AccessLosses,
    pub(super) staff: StaffChanges,
    pub(super) ended: Vec<Ended>,
    pub(super) origin: Origin,
    pub(super) ctx: Context,
    pub(super) pushed_by: Option<Actor>,
    pub(super) writer: Option<SyncSource>,
    /// The import version that the plan is based on; `turn` is the version that it sets.
    pub(super) seen: Option<String>,
    pub(super) turn: Uuid,
    pub(super) row_results: RowResults,
    school_differs: bool,
    /// The counts, for the report.
    pub changes: Changes,
    /// Lines for people about the differences; empty for a push.
    pub lines: Vec<Line>,
    /// Sentences about links and enrolments that refer to unknown people or classes, and about
    /// missing rows that stay.
    pub unresolved: Vec<String>,
    /// True if a delta may mean something else than it says, which only a full roster can clear
    /// up. A row outside of the delta may list the link (then the link stays), give the
    /// enrolment, or place the person at the school.
    pub is_in_doubt: bool,
}

impl Plan {
    pub(super) fn new(
        row: SchoolRow,
        known: Option<&SchoolRow>,
        seen: Option<String>,
        existing: Existing,
        school: &School,
        source: &Source,
    ) -> Self {
        let (now, coverage, removed) = (at(source.ctx.now), source.coverage, &source.removed);
        let mut wanted = DesiredRows::new(row.id, school, source);
        let mut staying_rows = RetainedRows::of(&source.unread, removed, &existing, school);

        let gone = |person: &PersonRow| {
            (coverage.people == Mode::Bulk && !staying_rows.has_person(person.id))
                || removed.people.contains(&person.sourced_id)
        };
        let mut people =
            difference(existing.people, if_covered(coverage.people, wanted.people()), now, gone);
        let gone = |class: &ClassRow| {
            (coverage.classes == Mode::Bulk && !staying_rows.has_class(class.id))
                || removed.classes.contains(&class.sourced_id)
        };
        let classes =
            difference(existing.classes, if_covered(coverage.classes, wanted.classes()), now, gone);
        let (person_ids, class_ids) = (ids(&people, |row| row.id), ids(&classes, |row| row.id));
        let (absent, closed) =
            (removed_ids(&people, |row| row.id), removed_ids(&classes, |row| row.id));

        let pair = |(parent, student): &(String, String)| {
            Some((*person_ids.get(parent)?, *person_ids.get(student)?))
        };
        let delta_links = DeltaLinks::of(coverage.guardianships, removed, &person_ids);
        let unlinked: BTreeSet<(Key, Key)> =
            removed.guardianships.iter().filter_map(pair).collect();
        let gone = |link: &GuardianshipRow| {
            let of_the_absent =
                absent.contains(&link.parent_id) || absent.contains(&link.student_id);
            let named = unlinked.contains(&link.name());
            let is_missing = coverage.guardianships == Mode::Bulk
                || delta_links.status(link) == LinkStatus::Gone;
            named || of_the_absent || (is_missing && !staying_rows.has_link(link))
        };
        let half_seen: BTreeSet<(Key, Key)> =
            removed.links_without_student.iter().filter_map(pair).collect();
        let mut links = keep_bars(
            wanted.guardianships(&person_ids),
            &existing.guardianships,
            &half_seen,
            source.origin.kind,
        );
        let stays = |link: &&GuardianshipRow| !link.is_removed() && !gone(link);
        let barred =
            newly_barred(existing.guardianships.iter().filter(stays), &links, source, &person_ids);
        links.extend(barred);
        let guardianships = difference(
            existing.guardianships,
            if_covered(coverage.guardianships, links),
            now,
            gone,
        );

        let triple = |(class, person, role): &(String, String, _)| {
            Some((*class_ids.get(class)?, *person_ids.get(person)?, role_name(*role)))
        };
        let unenrolled: BTreeSet<(Key, Key, &str)> =
            removed.enrolments.iter().filter_map(triple).collect();
        let gone = |row: &EnrolmentRow| {
            let named = unenrolled.contains(&(row.class_id, row.person_id, row.role.as_str()));
            let is_missing = coverage.enrolments == Mode::Bulk && !staying_rows.has_enrolment(row);
            named || absent.contains(&row.person_id) || closed.contains(&row.class_id) || is_missing
        };
        let places = wanted.enrolments(&class_ids, &person_ids);
        let enrolments =
            difference(existing.enrolments, if_covered(coverage.enrolments, places), now, gone);

        keep_roles_in_use(&mut people, &guardianships, &enrolments);
        let silent = guardianships
            .values()
            .filter(|outcome| {
                !outcome.row.is_removed() && delta_links.status(&outcome.row) == LinkStatus::Unclear
            })
            .count();
        // Another row of the provider may give the same enrolment. There is no doubt only if its
        // person or class was removed.
        let is_open = |row: &EnrolmentRow| {
            !absent.contains(&row.person_id) && !closed.contains(&row.class_id)
        };
        let left = |outcome: &&Outcome<EnrolmentRow>| {
            outcome.result == RowResult::Removed && is_open(&outcome.row)
        };
        let left = enrolments.values().filter(left).count()
            * usize::from(coverage.enrolments == Mode::Delta);
        let in_doubt = silent + left + count_leavers(school, removed, &person_ids);

        // The first import of a school reports no changes of staff, and a new school has no access
        // to withdraw.
        let staff =
            if seen.is_some() { StaffChanges::of(&people) } else { StaffChanges::default() };
        let losses = if known.is_some() {
            AccessLosses::of(&people, &guardianships)
        } else {
            AccessLosses::default()
        };
        let changes = Changes {
            people: Counts::of(&people),
            people_by_role: by_role(&people),
            guardianships: Counts::of(&guardianships),
            classes: Counts::of(&classes),
            enrolments: Counts::of(&enrolments),
            access_withdrawn: losses.links,
            ..Changes::default()
        };
        Self {
            // The response to a push reports each row itself.
            lines: if source.pushed_by.is_some() {
                Vec::new()
            } else {
                lines(&people, &guardianships, &classes, &enrolments)
            },
            row_results: RowResults::of(
                &people,
                &guardianships,
                &classes,
                &enrolments,
                person_ids,
                class_ids,
            ),
            school_differs: known != Some(&row),
            school: row,
            people: to_write(&people),
            guardianships: to_write(&guardianships),
            classes: to_write(&classes),
            enrolments: to_write(&enrolments),
            losses,
            staff,
            ended: Ended::of(&people, &guardianships, &classes, &enrolments),
            origin: source.origin.clone(),
            ctx: source.ctx.clone(),
            pushed_by: source.pushed_by.clone(),
            writer: source.writer.clone(),
            seen,
            turn: source.ctx.new_id(),
            changes,
            unresolved: std::mem::take(&mut staying_rows.told)
                .into_iter()
                .chain(wanted.unresolved)
                .collect(),
            is_in_doubt: in_doubt > 0,
        }
    }

    /// The school's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.school.name
    }

    /// The school's slug, which names it in URLs.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.school.slug
    }

    /// The import's id, by which its endings can be restored once it is written; `None` when the
    /// plan writes nothing.
    #[must_use]
    pub fn import_id(&self) -> Option<Uuid> {
        (!self.is_empty()).then_some(self.turn)
    }

    pub(super) fn is_empty(&self) -> bool {
        let rows = self.people.len()
            + self.guardianships.len()
            + self.classes.len()
            + self.enrolments.len();
        rows == 0 && !self.school_differs
    }
}

/// Existing links that stay and that the roster does not list, but that lose contact because a
/// person's own row has a bar.
fn newly_barred<'l>(
    staying: impl Iterator<Item = &'l GuardianshipRow>,
    named: &[GuardianshipRow],
    source: &Source,
    person_ids: &BTreeMap<String, Key>,
) -> Vec<GuardianshipRow> {
    let bars: BTreeMap<Key, &PersonBar> = source
        .unread
        .bars
        .iter()
        .filter_map(|bar| Some((*person_ids.get(&bar.person_id)?, bar)))
        .collect();
    if bars.is_empty() {
        return Vec::new();
    }
    let named: BTreeSet<(Key, Key)> = named.iter().map(Row::name).collect();
    let mut stamps = source.origin.stamps(source.ctx.now);
    let barred = |link: &GuardianshipRow| {
        let of_link =
            || [link.parent_id, link.student_id].into_iter().filter_map(|end| bars.get(&end));
        let (contact, order) =
            (of_link().any(|bar| bar.contact_barred), of_link().any(|bar| bar.court_order));
        let columns = [("contact_barred", contact), ("court_order", order)]
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(name, _)| name)
            .collect();
        (contact || order).then(|| GuardianshipRow {
            contact_allowed: false,
            contact_barred: link.contact_barred || contact,
            court_order: link.court_order || order,
            sources: stamps.of(columns),
            ..link.clone()
        })
    };
    staying.filter(|link| !named.contains(&link.name())).filter_map(barred).collect()
}

/// Drops the rows of a kind that the roster does not cover.
fn if_covered<R>(mode: Mode, rows: Vec<R>) -> Vec<R> {
    if mode == Mode::Absent { Vec::new() } else { rows }
}

/// The ids of the rows that exist after the import.
fn ids<R: Row<Name = String>>(
    difference: &Difference<R>,
    id: impl Fn(&R) -> Key,
) -> BTreeMap<String, Key> {
    let there = difference.iter().filter(|(_, outcome)| outcome.result != RowResult::Removed);
    there.map(|(name, outcome)| (name.clone(), id(&outcome.row))).collect()
}

/// Keeps the parent role of people who have a student, and the teacher role of people who teach a
/// class, whatever roles a delta's row gives them: the delta may contain that row without their
/// links and enrolments.
fn keep_roles_in_use(
    people: &mut Difference<PersonRow>,
    guardianships: &Difference<GuardianshipRow>,
    enrolments: &Difference<EnrolmentRow>,
) {
    let parents: BTreeSet<Key> = guardianships
        .values()
        .filter(|link| !link.row.is_removed())
        .map(|link| link.row.parent_id)
        .collect();
    let teaches = |place: &&Outcome<EnrolmentRow>| {
        !place.row.is_removed() && place.row.role == role_name(EnrolmentRole::Teacher)
    };
    let teachers: BTreeSet<Key> =
        enrolments.values().filter(teaches).map(|place| place.row.person_id).collect();
    for outcome in people.values_mut().filter(|outcome| !outcome.row.is_removed()) {
        outcome.row.is_parent |= parents.contains(&outcome.row.id);
        outcome.row.is_teacher |= teachers.contains(&outcome.row.id);
        if matches!(outcome.result, RowResult::Unchanged | RowResult::Changed) {
            outcome.result = if outcome.before.as_ref() == Some(&outcome.row) {
                RowResult::Unchanged
            } else {
                RowResult::Changed
            };
        }
    }
}

fn removed_ids<R: Row>(difference: &Difference<R>, id: impl Fn(&R) -> Key) -> BTreeSet<Key> {
    difference
        .values()
        .filter(|outcome| outcome.result == RowResult::Removed)
        .map(|outcome| id(&outcome.row))
        .collect()
}

fn by_role(people: &Difference<PersonRow>) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for outcome in people.values() {
        for role in outcome.row.source_role.split(", ") {
            counts.entry(role.to_owned()).or_default().add(outcome.result);
        }
    }
    counts
}
