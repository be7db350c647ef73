//! Foresees between which parents and students a plan ends access. Reads the bars that staff have
//! set; writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, access_losses::is_allowed, rows::Row};
use crate::store::{Db, Result, access, sql_types::Key};

/// What a plan takes from contacts.
pub(super) struct LostAccess {
    /// People who leave the school.
    gone: BTreeSet<Key>,
    /// Parent and student whose link is not allowed any more.
    links: BTreeSet<(Key, Key)>,
    /// The address that the plan gives a person.
    addresses: BTreeMap<Key, String>,
    /// Address and student of each bar by address.
    barred: BTreeSet<(String, Key)>,
}

impl LostAccess {
    /// Reads it off the plan and the bars.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn by(db: &mut Db, plan: &Plan) -> Result<Self> {
        let people = &plan.people;
        Ok(Self {
            gone: people.iter().filter(|row| row.is_removed()).map(|row| row.id).collect(),
            links: plan
                .guardianships
                .iter()
                .filter(|link| !is_allowed(link))
                .map(|link| (link.parent_id, link.student_id))
                .collect(),
            addresses: people
                .iter()
                .filter_map(|row| Some((row.id, row.bar_key.clone()?)))
                .collect(),
            barred: access::address_bars(db, plan.school.id.into())?,
        })
    }

    /// Whether a parent may no longer act for a student, as far as the plan decides it. A bar by
    /// address keeps out whoever gets that address.
    pub(super) fn includes(&self, parent: Key, student: Key) -> bool {
        let is_barred = |address: &String| self.barred.contains(&(address.clone(), student));
        self.gone.contains(&parent)
            || self.gone.contains(&student)
            || self.links.contains(&(parent, student))
            || self.addresses.get(&parent).is_some_and(is_barred)
    }
}
