//! Prediction of the pairs of parent and student that lose access by a plan. Reads the bars that
//! staff have set; writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, access_losses::is_allowed, rows::Row};
use crate::store::{Db, Result, access, sql_types::Key};

/// The access that a plan takes away.
pub(super) struct LostAccess {
    /// People who leave the school.
    gone: BTreeSet<Key>,
    /// Parent and student of each link that is no longer allowed.
    links: BTreeSet<(Key, Key)>,
    /// The address that the plan gives each person.
    addresses: BTreeMap<Key, String>,
    /// Address and student of each bar by address.
    barred: BTreeSet<(String, Key)>,
}

impl LostAccess {
    /// Derives it from the plan and the bars.
    ///
    /// # Errors
    /// Errors of the database.
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

    /// Returns whether the plan ends a parent's access to a student. A bar by address applies to
    /// anyone who gets that address.
    pub(super) fn includes(&self, parent: Key, student: Key) -> bool {
        let is_barred = |address: &String| self.barred.contains(&(address.clone(), student));
        self.gone.contains(&parent)
            || self.gone.contains(&student)
            || self.links.contains(&(parent, student))
            || self.addresses.get(&parent).is_some_and(is_barred)
    }
}
