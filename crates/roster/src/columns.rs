//! Columns of each file: those that are read, and those of the standards that are ignored.
//!
//! Sources: 1EdTech OneRoster 1.1 and 1.2 CSV tables; Microsoft School Data Sync v2.1 file formats.

use crate::table::Spec;

pub(crate) const MANIFEST: Spec = Spec {
    file: "manifest.csv",
    key: &["propertyName", "value"],
    read: &[],
    needed: &[],
    filled: &[],
    known: &[],
};

pub(crate) const ORGS: Spec = Spec {
    file: "orgs.csv",
    key: &["sourcedId", "type"],
    read: &["status", "dateLastModified", "name"],
    needed: &[&["name"]],
    filled: &[&["type"]],
    known: &["identifier", "parentSourcedId"],
};

pub(crate) const SESSIONS: Spec = Spec {
    file: "academicSessions.csv",
    key: &["sourcedId"],
    read: &["status", "dateLastModified", "startDate", "endDate"],
    needed: &[],
    filled: &[],
    known: &["title", "type", "parentSourcedId", "schoolYear"],
};

pub(crate) const COURSES: Spec = Spec {
    file: "courses.csv",
    key: &["sourcedId"],
    read: &["status", "dateLastModified", "title", "courseCode", "subjects"],
    needed: &[],
    filled: &[],
    known: &["schoolYearSourcedId", "grades", "orgSourcedId", "subjectCodes"],
};

pub(crate) const CLASSES: Spec = Spec {
    file: "classes.csv",
    key: &["sourcedId", "schoolSourcedId"],
    read: &[
        "status",
        "dateLastModified",
        "title",
        "courseSourcedId",
        "classCode",
        "termSourcedIds",
        "subjects",
    ],
    needed: &[&["title"]],
    filled: &[&["schoolSourcedId"]],
    known: &["grades", "classType", "location", "subjectCodes", "periods"],
};

pub(crate) const ENROLMENTS: Spec = Spec {
    file: "enrollments.csv",
    key: &["classSourcedId", "userSourcedId", "role"],
    read: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "schoolSourcedId",
        "primary",
        "beginDate",
        "endDate",
    ],
    needed: &[],
    filled: ENROLMENT_FILLED,
    known: &[],
};

/// Users of OneRoster 1.1; the role and the schools are columns.
pub(crate) const USERS: Spec = Spec {
    file: "users.csv",
    key: &["sourcedId", "role", "orgSourcedIds"],
    read: USER_COLUMNS,
    needed: USER_NEEDED,
    filled: &[&["sourcedId"], &["role"], &["orgSourcedIds"], NAMES],
    known: USER_OTHERS,
};

/// Users of OneRoster 1.2; roles and schools are in roles.csv.
pub(crate) const USERS_12: Spec = Spec {
    file: "users.csv",
    key: &["sourcedId"],
    read: USER_COLUMNS,
    needed: USER_NEEDED,
    filled: &[&["sourcedId"], NAMES],
    known: USER_OTHERS,
};

/// Columns of which a person needs at least one.
const NAMES: &[&str] = &["givenName", "familyName"];

/// OneRoster requires all of them in the header. Guardianships depend on the agents, and logins on
/// the address.
const USER_NEEDED: &[&[&str]] =
    &[&["givenName"], &["familyName"], &["email"], &["agentSourcedIds"]];

const ENROLMENT_FILLED: &[&[&str]] = &[&["classSourcedId"], &["userSourcedId"], &["role"]];

const ROLE_FILLED: &[&[&str]] = &[&["userSourcedId"], &["role"], &["orgSourcedId"]];

const USER_COLUMNS: &[&str] = &[
    "status",
    "dateLastModified",
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
    read: &[
        "sourcedId",
        "status",
        "dateLastModified",
        "userProfileSourcedId",
        "beginDate",
        "endDate",
    ],
    needed: &[],
    filled: ROLE_FILLED,
    known: &["roleType"],
};

pub(crate) const PROFILES: Spec = Spec {
    file: "userProfiles.csv",
    key: &["sourcedId", "userSourcedId"],
    read: &["status", "dateLastModified"],
    needed: &[],
    filled: &[],
    known: &[
        "profileType",
        "vendorId",
        "applicationId",
        "description",
        "credentialType",
        "username",
        "password",
    ],
};

pub(crate) const SDS_COURSES: Spec = Spec {
    file: "courses.csv",
    key: &["sourcedId"],
    read: &["title", "code", "subject"],
    needed: &[],
    filled: &[],
    known: &["orgSourcedId", "schoolYearSourcedId", "grade"],
};

pub(crate) const SDS_CLASSES: Spec = Spec {
    file: "classes.csv",
    key: &["sourcedId", "orgSourcedId"],
    read: &["title", "sessionSourcedIds", "courseSourcedId", "code", "subject"],
    needed: &[&["title"]],
    filled: &[&["orgSourcedId"]],
    known: &["grade"],
};

pub(crate) const SDS_ENROLMENTS: Spec = Spec {
    file: "enrollments.csv",
    key: &["classSourcedId", "userSourcedId", "role"],
    read: &["startDate", "endDate"],
    needed: &[],
    filled: ENROLMENT_FILLED,
    known: &[],
};

pub(crate) const SDS_USERS: Spec = Spec {
    file: "users.csv",
    key: &["sourcedId"],
    read: &[
        "enabledUser",
        "givenName",
        "familyName",
        "email",
        "activeDirectoryMatchId",
        "metadata.title",
    ],
    needed: &[NAMES],
    filled: &[&["sourcedId"], NAMES],
    known: &[
        "username",
        "password",
        "phone",
        "sms",
        "middleName",
        "preferredGivenName",
        "preferredFamilyName",
    ],
};

pub(crate) const SDS_ROLES: Spec = Spec {
    file: "roles.csv",
    key: &["userSourcedId", "orgSourcedId", "role"],
    read: &["roleStartDate", "roleEndDate"],
    needed: &[],
    filled: ROLE_FILLED,
    known: &["sessionSourcedId", "grade", "isPrimary"],
};

pub(crate) const RELATIONSHIPS: Spec = Spec {
    file: "relationships.csv",
    key: &["userSourcedId", "relationshipUserSourcedId", "relationshipRole"],
    read: &[
        "metadata.relation",
        "metadata.priority",
        "metadata.livesWith",
        "metadata.contactAllowed",
        "metadata.courtOrder",
    ],
    needed: &[],
    filled: &[&["userSourcedId"], &["relationshipUserSourcedId"]],
    known: &[],
};
