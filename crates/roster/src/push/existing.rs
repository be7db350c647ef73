//! What is there already of what a push names: put into the draft, so that its rows find whom they
//! speak of.

use std::collections::{BTreeMap, BTreeSet};

use super::Push;
use crate::draft::{ClassRow, ContactMetadata, Link, Org, RoleAssignment, RosterDraft, User};
use crate::finding::Location;
use crate::role::{self, RoleKind};

/// Of the people, classes and links of a school, those that a push names.
#[derive(Debug, Clone, Default)]
pub struct ExistingRecords {
    /// People by id, with the names of their roles.
    pub people: BTreeMap<String, Vec<String>>,
    /// Ids of classes.
    pub classes: BTreeSet<String>,
    /// With a push of guardianships the live links it names; with one of people all live links of
    /// theirs as contacts.
    pub links: Vec<ExistingLink>,
}

/// A link as it was said last. What stands against contact is not read here: a row that doesn't
/// speak of it leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ExistingLink {
    /// The contact.
    pub parent: String,
    /// The student.
    pub student: String,
    /// "Mother".
    pub relationship: String,
    /// 1 comes first.
    pub priority: Option<u16>,
    /// Whether the student lives with the contact.
    pub lives_with: Option<bool>,
    /// Contact is allowed.
    pub contact_allowed: bool,
}

/// Where a seed stands: no row of the push has this number.
const EXISTING: Location = Location { file: super::rows::FILE, line: 0 };

impl ExistingRecords {
    /// The link of two people, as it was said last.
    pub(super) fn link(&self, parent: &str, student: &str) -> Option<&ExistingLink> {
        self.links.iter().find(|link| link.parent == parent && link.student == student)
    }

    /// Whether a row gives no reason to judge again on contact that is allowed: files may have
    /// judged by more than a contact's roles and relationship (SDS), and a row that only says
    /// how somebody is related takes contact away when that is another relative.
    pub(super) fn keeps_contact(&self, parent: &str, student: &str, relationship: &str) -> bool {
        let is_a_parent_s = relationship.is_empty() || role::kind(relationship) == RoleKind::Parent;
        self.link(parent, student).is_some_and(|link| {
            link.contact_allowed && (is_a_parent_s || link.relationship == relationship)
        })
    }

    /// Puts the school, and those who are only named, into an empty draft.
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
        // Whoever comes in other roles is judged anew by them.
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

/// Somebody of whom only the roles count.
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
