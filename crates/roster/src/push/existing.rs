//! Existing objects that a push refers to; the draft contains them so that references in pushed
//! rows can be resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::Push;
use crate::draft::{ClassRow, ContactMetadata, Link, Org, RoleAssignment, RosterDraft, User};
use crate::finding::Location;
use crate::role::{self, RoleKind};

/// The existing people, classes and links of a school that a push refers to.
#[derive(Debug, Clone, Default)]
pub struct ExistingRecords {
    /// People by id, with the names of their roles.
    pub people: BTreeMap<String, Vec<String>>,
    /// Ids of classes.
    pub classes: BTreeSet<String>,
    /// For a push of guardianships, the live links that it names; for a push of people, all live
    /// links in which they are contacts.
    pub links: Vec<ExistingLink>,
}

/// An existing link. Bars are not included: a row that does not mention them leaves them unchanged.
#[derive(Debug, Clone, Default)]
pub struct ExistingLink {
    /// The contact.
    pub parent: String,
    /// The student.
    pub student: String,
    /// The relationship, for example "Mother".
    pub relationship: String,
    /// The priority; 1 comes first.
    pub priority: Option<u16>,
    /// True if the student lives with the contact.
    pub lives_with: Option<bool>,
    /// Contact is allowed.
    pub contact_allowed: bool,
}

/// The location of rows from existing objects: no row of the push has this number.
const EXISTING: Location = Location { file: super::rows::FILE, line: 0 };

impl ExistingRecords {
    /// The existing link between two people.
    pub(super) fn link(&self, parent: &str, student: &str) -> Option<&ExistingLink> {
        self.links.iter().find(|link| link.parent == parent && link.student == student)
    }

    /// Returns whether contact is already allowed and a row gives no reason to reconsider it. Files
    /// may have decided by more than a contact's roles and relationship (SDS), but a row that
    /// changes the relationship to another relative takes contact away.
    pub(super) fn keeps_contact(&self, parent: &str, student: &str, relationship: &str) -> bool {
        let is_a_parent_s = relationship.is_empty() || role::kind(relationship) == RoleKind::Parent;
        self.link(parent, student).is_some_and(|link| {
            link.contact_allowed && (is_a_parent_s || link.relationship == relationship)
        })
    }

    /// Adds the school, and the people and classes that the push only refers to, to an empty draft.
    pub(super) fn add_to_draft(&self, school: &str, push: &Push, draft: &mut RosterDraft) {
        draft.orgs.rows.insert(
            school.to_owned(),
            Org { at: EXISTING, kind: "school".to_owned(), name: String::new(), is_school: true },
        );
        if let Push::Classes(_) = push {
            return;
        }
        let pushed: BTreeMap<&str, &[String]> = match push {
            Push::People(rows) => rows
                .iter()
                .map(|(_, row)| (row.sourced_id.as_str(), row.roles.as_slice()))
                .collect(),
            _ => BTreeMap::new(),
        };
        for (id, roles) in self.people.iter().filter(|(id, _)| !pushed.contains_key(id.as_str())) {
            draft.users.rows.insert(id.clone(), stub());
            draft.roles.extend(roles.iter().map(|role| RoleAssignment {
                at: EXISTING,
                user: id.clone(),
                org: school.to_owned(),
                role: role.clone(),
            }));
        }
        for id in &self.classes {
            let class = ClassRow {
                at: EXISTING,
                org: school.to_owned(),
                course: None,
                title: String::new(),
                code: None,
                subject: None,
                sessions: Vec::new(),
            };
            draft.classes.rows.insert(id.clone(), class);
        }
        // A person who is pushed with other roles than before is reevaluated by the new roles.
        let changes = |link: &&ExistingLink| {
            pushed
                .get(link.parent.as_str())
                .is_some_and(|roles| !self.has_roles(&link.parent, roles))
        };
        draft.links.extend(self.links.iter().filter(changes).map(reevaluated_link));
    }

    fn has_roles(&self, person: &str, roles: &[String]) -> bool {
        let named = |roles: &[String]| {
            roles.iter().map(|role| role.trim().to_owned()).collect::<BTreeSet<_>>()
        };
        self.people.get(person).is_some_and(|before| named(before) == named(roles))
    }
}

fn reevaluated_link(link: &ExistingLink) -> Link {
    let relation = Some(link.relationship.clone()).filter(|relation| !relation.is_empty());
    let facts = ContactMetadata {
        relation,
        priority: link.priority,
        lives_with: link.lives_with,
        barred: None,
        court_order: None,
    };
    Link {
        at: EXISTING,
        student: link.student.clone(),
        contact: link.parent.clone(),
        role: None,
        keeps_contact: false,
        facts,
    }
}

/// A placeholder for a person of whom only the roles matter.
fn stub() -> User {
    User {
        at: EXISTING,
        honorific: None,
        given_name: String::new(),
        family_name: String::new(),
        email: None,
        agents: Vec::new(),
        contact: ContactMetadata::default(),
    }
}
