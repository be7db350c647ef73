//! Conversion to the wire types of exports, and of API clients themselves.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_wire as wire;

use super::{evening, moment, stranded};
use crate::store::{
    api_clients,
    changes::{Change, ChangeKind, ChangedEntity},
    export,
};

/// An appointment with the ids of its people, without names.
#[must_use]
pub fn booking_record(of: &export::BookingExport, zone: Tz) -> wire::BookingRecord {
    wire::BookingRecord {
        id: of.row.id.0,
        evening_id: of.row.evening_id.0,
        class_id: of.row.class_id.0,
        class_sourced_id: of.sourced.of(of.row.class_id),
        student_id: of.row.student_id.0,
        student_sourced_id: of.sourced.of(of.row.student_id),
        parent_id: of.row.parent_id.0,
        parent_sourced_id: of.sourced.of(of.row.parent_id),
        teacher_ids: of.teachers.iter().map(|teacher| teacher.0).collect(),
        teacher_sourced_ids: of.teachers.iter().map(|teacher| of.sourced.of(*teacher)).collect(),
        starts_at: moment(*of.row.starts_at, zone),
        ends_at: moment(*of.row.ends_at, zone),
        video: of.row.video,
        created_at: moment(*of.created_at, zone),
        updated_at: moment(*of.changed_at, zone),
        cancelled_at: of.row.cancelled_at.map(|at| moment(*at, zone)),
        stranded: of.stranded.map(stranded),
    }
}

/// An invite with the ids of its people. The guest's name and address are included only if
/// `with_names` is set.
#[must_use]
pub fn invite_record(of: &export::InviteExport, with_names: bool, zone: Tz) -> wire::InviteRecord {
    let row = &of.row;
    wire::InviteRecord {
        id: row.id.0,
        evening_id: row.evening_id.0,
        parent_id: row.parent_id.0,
        parent_sourced_id: of.sourced.of(row.parent_id),
        student_ids: of.students.iter().map(|student| student.0).collect(),
        student_sourced_ids: of.students.iter().map(|student| of.sourced.of(*student)).collect(),
        name: with_names.then(|| row.name.clone()),
        email: with_names.then(|| row.email.clone()),
        created_at: moment(*row.created_at, zone),
        updated_at: moment(*of.changed_at(), zone),
        opened_at: row.opened_at.map(|at| moment(*at, zone)),
        joined_at: row.joined_at.map(|at| moment(*at, zone)),
        ended_at: row.ended_at.map(|at| moment(*at, zone)),
    }
}

/// The attendance of an appointment.
#[must_use]
pub fn attendance_record(of: &export::Attendance, zone: Tz) -> wire::AttendanceRecord {
    let attendee = |one: &export::CallAttendee| wire::Attendee {
        id: one.participant.0,
        sourced_id: one.sourced_id.clone(),
        role: match one.role.as_str() {
            "teacher" => wire::CallRole::Teacher,
            "guest" => wire::CallRole::Guest,
            _ => wire::CallRole::Parent,
        },
        joined_at: moment(*one.joined_at, zone),
        left_at: one.left_at.map(|at| moment(*at, zone)),
    };
    wire::AttendanceRecord {
        booking_id: of.row.id.0,
        evening_id: of.row.evening_id.0,
        starts_at: moment(*of.row.starts_at, zone),
        no_show: of.no_show,
        people: of.people.iter().map(attendee).collect(),
    }
}

/// An entry of the change feed, with the current state of the entity that changed.
#[must_use]
pub fn change(of: Change, with_names: bool, zone: Tz, now: DateTime<Utc>) -> wire::Change {
    let kind = match of.kind {
        ChangeKind::Evening => wire::ChangeKind::Evening,
        ChangeKind::Booking => wire::ChangeKind::Booking,
        ChangeKind::Invite => wire::ChangeKind::Invite,
        ChangeKind::Attendance => wire::ChangeKind::Attendance,
    };
    let mut change = wire::Change {
        kind,
        id: of.subject.0,
        deleted: of.thing.is_none(),
        evening: None,
        booking: None,
        invite: None,
        attendance: None,
    };
    match of.thing {
        Some(ChangedEntity::Evening(row)) => change.evening = Some(evening(&row, now)),
        Some(ChangedEntity::Booking(one)) => change.booking = Some(booking_record(&one, zone)),
        Some(ChangedEntity::Invite(one)) => {
            change.invite = Some(invite_record(&one, with_names, zone))
        }
        Some(ChangedEntity::Attendance(one)) => {
            change.attendance = Some(attendance_record(&one, zone))
        }
        None => {}
    }
    change
}

/// An API client.
#[must_use]
pub fn api_client(of: &api_clients::ApiClient, zone: Tz) -> wire::ApiClient {
    let secret = |secret: &api_clients::ApiClientSecretRow| wire::ApiClientSecret {
        id: secret.id.0,
        created_at: moment(*secret.created_at, zone),
        expires_at: secret.expires_at.map(|at| moment(*at, zone)),
    };
    wire::ApiClient {
        id: of.row.id.0,
        name: of.row.name.clone(),
        scopes: of.row.scopes().iter().map(|scope| scope.to_string()).collect(),
        requests_per_minute: of.row.requests_per_minute.try_into().unwrap_or_default(),
        created_by: of.created_by.clone(),
        created_at: moment(*of.row.created_at, zone),
        used_at: of.row.used_at.map(|at| moment(*at, zone)),
        secrets: of.secrets.iter().map(secret).collect(),
    }
}
