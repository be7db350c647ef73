//! The columns of each file: which are read, and which belong to the standards and are passed over.
//!
//! Sources: 1EdTech OneRoster 1.1 and 1.2 CSV tables; Microsoft School Data Sync v2.1 file formats.

use crate::table::Spec;

pub(crate) const MANIFEST: Spec = Spec { file: "manifest.csv", key: &["propertyName", "value"], read: &[], known: &[] };

pub(crate) const ORGS: Spec =
    Spec { file: "orgs.csv", key: &["sourcedId", "type"], read: &["status", "name"], known: &["dateLastModified", "identifier", "parentSourcedId"] };

pub(crate) const SESSIONS: Spec = Spec {
    file: "academicSessions.csv",
    key: &["sourcedId"],
    read: &["status", "startDate", "endDate"],
    known: &["dateLastModified", "title", "type", "parentSourcedId", "schoolYear"],
};

pub(crate) const COURSES: Spec = Spec {
    file: "courses.csv",
    key: &["sourcedId"],
    read: &["status", "title", "courseCode", "subjects"],
    known: &["dateLastModified", "schoolYearSourcedId", "grades", "orgSourcedId", "subjectCodes"],
};

pub(crate) const CLASSES: Spec = Spec {
    file: "classes.csv",
    key: &["sourcedId", "schoolSourcedId"],
    read: &["status", "title", "courseSourcedId", "classCode", "termSourcedIds", "subjects"],
    known: &["dateLastModified", "grades", "classType", "location", "subjectCodes", "periods"],
};

pub(crate) const ENROLMENTS: Spec = Spec {
    file: "enrollments.csv",
    key: &["classSourcedId", "userSourcedId", "role"],
    read: &["sourcedId", "status", "schoolSourcedId", "primary", "beginDate", "endDate"],
    known: &["dateLastModified"],
};

/// Users of OneRoster 1.1; the role and the schools are columns.
pub(crate) const USERS: Spec = Spec { file: "users.csv", key: &["sourcedId", "role", "orgSourcedIds"], read: USER_COLUMNS, known: USER_OTHERS };

/// Users of OneRoster 1.2; roles and schools are in roles.csv.
pub(crate) const USERS_12: Spec = Spec { file: "users.csv", key: &["sourcedId"], read: USER_COLUMNS, known: USER_OTHERS };

const USER_COLUMNS: &[&str] = &[
    "status",
    "enabledUser",
    "givenName",
    "familyName",
    "email",
    "agentSourcedIds",
    "metadata.title",
    "metadata.relation",
    "metadata.priority",
    "metadata.livesWith",
    "metadata.contactAllowed",
    "metadata.courtOrder",
];

const USER_OTHERS: &[&str] = &[
    "dateLastModified",
    "username",
    "userIds",
    "middleName",
    "identifier",
    "sms",
    "phone",
    "grades",
    "password",
    "role",
    "orgSourcedIds",
    "userMasterIdentifier",
    "resourceSourcedIds",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
    "primaryOrgSourcedId",
    "pronouns",
];

pub(crate) const ROLES: Spec = Spec {
    file: "roles.csv",
    key: &["userSourcedId", "role", "orgSourcedId"],
    read: &["sourcedId", "status", "userProfileSourcedId", "beginDate", "endDate"],
    known: &["dateLastModified", "roleType"],
};

pub(crate) const PROFILES: Spec = Spec {
    file: "userProfiles.csv",
    key: &["sourcedId", "userSourcedId"],
    read: &["status"],
    known: &["dateLastModified", "profileType", "vendorId", "applicationId", "description", "credentialType", "username", "password"],
};

pub(crate) const SDS_COURSES: Spec =
    Spec { file: "courses.csv", key: &["sourcedId"], read: &["title", "code", "subject"], known: &["orgSourcedId", "schoolYearSourcedId", "grade"] };

pub(crate) const SDS_CLASSES: Spec = Spec {
    file: "classes.csv",
    key: &["sourcedId", "orgSourcedId"],
    read: &["title", "sessionSourcedIds", "courseSourcedId", "code", "subject"],
    known: &["grade"],
};

pub(crate) const SDS_ENROLMENTS: Spec =
    Spec { file: "enrollments.csv", key: &["classSourcedId", "userSourcedId", "role"], read: &["startDate", "endDate"], known: &[] };

pub(crate) const SDS_USERS: Spec = Spec {
    file: "users.csv",
    key: &["sourcedId"],
    read: &["enabledUser", "givenName", "familyName", "email", "activeDirectoryMatchId", "metadata.title"],
    known: &["username", "password", "phone", "sms", "middleName", "preferredGivenName", "preferredFamilyName"],
};

pub(crate) const SDS_ROLES: Spec = Spec {
    file: "roles.csv",
    key: &["userSourcedId", "orgSourcedId", "role"],
    read: &["roleStartDate", "roleEndDate"],
    known: &["sessionSourcedId", "grade", "isPrimary"],
};

pub(crate) const RELATIONSHIPS: Spec = Spec {
    file: "relationships.csv",
    key: &["userSourcedId", "relationshipUserSourcedId", "relationshipRole"],
    read: &["metadata.relation", "metadata.priority", "metadata.livesWith", "metadata.contactAllowed", "metadata.courtOrder"],
    known: &[],
};
