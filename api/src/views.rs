//! Conversion of store results to wire types. Times get the offset of the school's time zone.
//! Contains no query and no rule.

pub mod evenings;
pub mod exports;
mod office;
pub mod roster;
pub mod webhooks;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parlour_domain::{
    Refusal, booking,
    call::{CallRole, CallState},
    evening::Timing,
    invite,
};
use parlour_wire as wire;

pub use self::office::{bar, linked_student, parent, parent_with_sources};
use crate::{
    calls::ice,
    config::Ice,
    store::{
        bookings,
        bookings::when,
        calls::{CallIdentity, Door, Visitor},
        evenings::EveningRow,
        events::EventRow,
        guests::GuestView,
        invites::{Invite, InviteDetails, Invites},
        outbox::{MailState, MailStatus},
        people::PersonRow,
        schools::SchoolRow,
        sessions::{Identity, PersonSession, Role},
        slots::{SlotState, StudentGrid},
        teaching::{self, Presence},
    },
};

/// A time with the offset of a school's time zone.
#[must_use]
pub fn moment(at: DateTime<Utc>, zone: Tz) -> wire::Moment {
    at.with_timezone(&zone).fixed_offset()
}

/// A school.
#[must_use]
pub fn school(row: &SchoolRow, demo: bool) -> wire::School {
    wire::School {
        id: row.id.0,
        name: row.name.clone(),
        time_zone: row.zone().name().to_owned(),
        demo,
        phone: row.phone.clone(),
        email: row.email.clone(),
        office_hours: row.office_hours.clone(),
    }
}

/// The session of a person, with the identities of their address.
#[must_use]
pub fn me(
    row: &SchoolRow,
    session: &PersonSession,
    identities: &[Identity],
    demo: bool,
) -> wire::Me {
    let identities: Vec<wire::Identity> = identities.iter().map(identity).collect();
    let current = session.identity.as_ref();
    let chosen = current.and_then(|(person, role)| {
        identities
            .iter()
            .find(|one| one.person_id == person.id.0 && one.role == self::role(*role))
            .cloned()
    });
    wire::Me {
        school: school(row, demo),
        identity: chosen,
        identities,
        expires_at: moment(session.expires_at, row.zone()),
    }
}

fn identity(of: &Identity) -> wire::Identity {
    let name = if of.role == Role::Parent { of.person.name() } else { of.person.formal_name() };
    wire::Identity {
        person_id: of.person.id.0,
        role: role(of.role),
        name,
        students: of.students.clone(),
    }
}

const fn role(role: Role) -> wire::Role {
    match role {
        Role::Parent => wire::Role::Parent,
        Role::Teacher => wire::Role::Teacher,
        Role::Staff => wire::Role::Staff,
    }
}

/// An evening with its booking state at `now`.
#[must_use]
pub fn evening(row: &EveningRow, now: DateTime<Utc>) -> wire::Evening {
    let zone = row.zone();
    let timing = row.timing().ok();
    let seconds = |length: fn(&Timing) -> chrono::TimeDelta| {
        timing
            .as_ref()
            .and_then(|timing| u32::try_from(length(timing).num_seconds()).ok())
            .unwrap_or_default()
    };
    let booking_state = match row.window().check(now) {
        _ if now >= *row.ends_at => wire::BookingState::Over,
        Ok(()) => wire::BookingState::Open,
        Err(Refusal::BookingNotOpen) => wire::BookingState::NotOpen,
        Err(_) => wire::BookingState::Closed,
    };
    wire::Evening {
        id: row.id.0,
        title: row.title.clone(),
        starts_at: moment(*row.starts_at, zone),
        ends_at: moment(*row.ends_at, zone),
        time_zone: zone.name().to_owned(),
        slot_minutes: u32::try_from(row.slot_minutes).unwrap_or_default(),
        period_seconds: seconds(Timing::period),
        talk_seconds: seconds(Timing::talk_length),
        booking_opens_at: moment(*row.booking_opens_at, zone),
        booking_closes_at: moment(*row.booking_closes_at, zone),
        booking_state,
        state: evenings::state(row.state()),
        mode: evenings::mode(row.mode()),
        capacity: u32::try_from(row.capacity).unwrap_or_default(),
    }
}

/// A student.
#[must_use]
pub fn student(row: &PersonRow) -> wire::Student {
    wire::Student { id: row.id.0, name: row.name() }
}

fn teachers(rows: &[PersonRow]) -> Vec<wire::Teacher> {
    rows.iter().map(|row| wire::Teacher { id: row.id.0, name: row.formal_name() }).collect()
}

/// The grid of slots that a parent may book.
#[must_use]
pub fn slot_grid(row: &EveningRow, grid: Vec<StudentGrid>, now: DateTime<Utc>) -> wire::SlotGrid {
    let zone = row.zone();
    let times = row
        .timing()
        .map(|timing| timing.slots().map(|at| moment(at, zone)).collect())
        .unwrap_or_default();
    let students = grid.into_iter().map(|of| wire::StudentSlots {
        student: student(&of.student),
        classes: of
            .classes
            .into_iter()
            .map(|(class, states, booking)| wire::ClassSlots {
                class_id: class.id.into(),
                subject: class.subject,
                teachers: teachers(&class.teachers),
                video: class.video,
                states: states.into_iter().map(slot_state).collect(),
                booking_id: booking.map(|id| id.0),
            })
            .collect(),
    });
    wire::SlotGrid { evening: evening(row, now), times, students: students.collect() }
}

const fn slot_state(state: SlotState) -> wire::SlotState {
    match state {
        SlotState::Free => wire::SlotState::Free,
        SlotState::Taken => wire::SlotState::Taken,
        SlotState::Busy => wire::SlotState::Busy,
        SlotState::Yours => wire::SlotState::Yours,
    }
}

/// A booking with the time zone of its evening.
#[must_use]
pub fn booking_details(of: &bookings::BookingDetails) -> wire::Booking {
    booking(&of.booking, of.zone)
}

/// The bookings that a request made.
#[must_use]
pub fn made_bookings(of: &[bookings::Booking], zone: Tz) -> wire::Page<wire::Booking> {
    wire::Page::whole(of.iter().map(|one| booking(one, zone)).collect())
}

/// A booking.
#[must_use]
pub fn booking(of: &bookings::Booking, zone: Tz) -> wire::Booking {
    wire::Booking {
        id: of.row.id.0,
        evening_id: of.row.evening_id.0,
        class_id: of.row.class_id.0,
        starts_at: moment(*of.row.starts_at, zone),
        ends_at: moment(*of.row.ends_at, zone),
        student: student(&of.student),
        teachers: teachers(&of.teachers),
        subject: of.subject.clone(),
        video: of.row.video,
        guests: of.guests.clone(),
        sequence: u32::try_from(of.row.sequence).unwrap_or_default(),
        cancelled_at: of.row.cancelled_at.map(|at| moment(*at, zone)),
        stranded: of.stranded.map(stranded),
    }
}

/// Why an appointment is stranded.
#[must_use]
pub const fn stranded(why: booking::Stranded) -> wire::Stranded {
    match why {
        booking::Stranded::ClassGone => wire::Stranded::ClassGone,
        booking::Stranded::StudentLeftClass => wire::Stranded::StudentLeftClass,
        booking::Stranded::TeacherLeftClass => wire::Stranded::TeacherLeftClass,
    }
}

/// My Bookings: the appointments with the gaps between them, and the invite button to show.
#[must_use]
pub fn my_bookings(
    parent: &PersonRow,
    found: &bookings::MyBookings,
    now: DateTime<Utc>,
) -> wire::MyBookings {
    let (row, of, invites) = (&found.evening, &found.bookings, found.invites);
    let zone = row.zone();
    let after = |at: DateTime<Utc>| row.timing().map_or(at, |timing| at + timing.period());
    let mut rows = Vec::with_capacity(of.len() * 2);
    for (index, one) in of.iter().enumerate() {
        let free_from = index
            .checked_sub(1)
            .and_then(|before| of.get(before))
            .map(|before| after(*before.row.starts_at));
        if let Some((from, gap)) =
            free_from.and_then(|from| booking::gap(from, *one.row.starts_at).map(|gap| (from, gap)))
        {
            rows.push(wire::BookingRow::Gap {
                starts_at: moment(from, zone),
                minutes: u32::try_from(gap.num_minutes()).unwrap_or_default(),
            });
        }
        rows.push(wire::BookingRow::Booking(booking(one, zone)));
    }
    let (count, video) = (of.len(), of.iter().filter(|one| one.row.video).count());
    let offered = invite::check_offered(
        row.mode(),
        i64::try_from(count).unwrap_or(i64::MAX),
        i64::try_from(video).unwrap_or(i64::MAX),
    )
    .is_ok();
    let invite_action = match (invites, offered) {
        (0, false) => wire::InviteAction::None,
        (0, true) => wire::InviteAction::Invite,
        _ => wire::InviteAction::Manage,
    };
    wire::MyBookings {
        evening: evening(row, now),
        parent_name: parent.name(),
        rows,
        invite_action,
        invites: u32::try_from(invites).unwrap_or(u32::MAX),
    }
}

/// An entry of the history.
#[must_use]
pub fn history_entry(row: EventRow, zone: Tz) -> wire::HistoryEntry {
    wire::HistoryEntry {
        id: row.id.0,
        at: moment(*row.at, zone),
        action: row.action,
        summary: row.summary,
        actor: row.actor,
    }
}

/// A teacher's appointments.
#[must_use]
pub fn schedule(of: &teaching::Schedule, now: DateTime<Utc>) -> wire::Schedule {
    let zone = of.evening.zone();
    wire::Schedule {
        evening: evening(&of.evening, now),
        now: moment(now, zone),
        late_minutes: of.late_minutes,
        appointments: of.appointments.iter().map(|one| scheduled(one, zone)).collect(),
    }
}

fn scheduled(of: &teaching::Appointment, zone: Tz) -> wire::ScheduledAppointment {
    let booking = &of.booking;
    wire::ScheduledAppointment {
        booking_id: booking.row.id.0,
        starts_at: moment(*booking.row.starts_at, zone),
        ends_at: moment(*booking.row.ends_at, zone),
        student: student(&booking.student),
        parent: of.parent.name(),
        guest: booking.guests.first().cloned(),
        subject: booking.subject.clone(),
        teachers: teachers(&booking.teachers),
        video: booking.row.video,
        people: of.people.iter().map(expected).collect(),
        no_show: of.record.no_show,
        note: of.record.note.clone(),
        stranded: booking.stranded.map(stranded),
    }
}

fn expected(of: &teaching::ExpectedParticipant) -> wire::ExpectedPerson {
    let role = call_role(of.role);
    let state = match of.presence {
        Presence::InCall => wire::PresenceState::InCall,
        Presence::Reconnecting => wire::PresenceState::Reconnecting,
        Presence::Waiting => wire::PresenceState::Waiting,
        Presence::Missing => wire::PresenceState::Missing,
    };
    wire::ExpectedPerson { id: of.id.0, name: of.name.clone(), role, state }
}

/// An invite with the time zone of its evening.
#[must_use]
pub fn invite_details(of: &InviteDetails) -> wire::Invite {
    invite(&of.invite, of.fate.as_ref(), of.zone)
}

/// An invite with the state of its newest mail.
fn invite(of: &Invite, mail_status: Option<&MailStatus>, zone: Tz) -> wire::Invite {
    let row = &of.row;
    let (state, state_at, failure) = match (row.joined_at, row.opened_at, mail_status) {
        (Some(at), ..) => (wire::InviteState::Joined, *at, None),
        (None, Some(at), _) => (wire::InviteState::Opened, *at, None),
        (None, None, Some(mail_status)) => match mail_status.state {
            MailState::Queued => (wire::InviteState::Queued, mail_status.at, None),
            MailState::Sent => (wire::InviteState::Sent, mail_status.at, None),
            MailState::Failed | MailState::Dropped => {
                (wire::InviteState::Failed, mail_status.at, mail_status.reason.clone())
            }
        },
        (None, None, None) => (wire::InviteState::Queued, *row.mailed_at, None),
    };
    wire::Invite {
        id: row.id.0,
        evening_id: row.evening_id.0,
        name: row.name.clone(),
        email: row.email.clone(),
        students: of.students.iter().map(student).collect(),
        state,
        state_at: moment(state_at, zone),
        failure,
        created_at: moment(*row.created_at, zone),
        resend_after: moment(*row.mailed_at + invite::RESEND_PAUSE, zone),
    }
}

/// The data of the Manage Invites dialog.
#[must_use]
pub fn invites(of: &Invites, is_staff: bool) -> wire::Invites {
    let Invites { evening: row, overview: of, mail_statuses } = of;
    let zone = row.zone();
    let appointment = |one: &bookings::Booking| {
        let with =
            one.teachers.iter().map(PersonRow::formal_name).collect::<Vec<_>>().join(" and ");
        format!("{} {}, {with}", when(row, *one.row.starts_at), one.subject)
    };
    let students = of.students.iter().map(|(of, invited, booked)| wire::InvitableStudent {
        student: student(of),
        invited: *invited,
        appointments: booked.iter().map(appointment).collect(),
    });
    wire::Invites {
        items: of
            .invites
            .iter()
            .map(|one| invite(one, mail_statuses.get(&one.row.id.into()), zone))
            .collect(),
        students: students.collect(),
        can_invite: of.refusal.is_none(),
        refusal: of.refusal.map(|refusal| refusal.code().to_owned()),
        refusal_detail: of.refusal.map(|refusal| refusal.to_string()),
        consent_text: if is_staff { invite::STAFF_CONSENT } else { invite::CONSENT }
            .text
            .to_owned(),
    }
}

/// One invite as its guest sees it (I8).
#[must_use]
pub fn guest_invite(school: &SchoolRow, view: &GuestView) -> wire::GuestInvite {
    let zone = view.evening.zone();
    let appointment = |one: &bookings::Booking| wire::GuestAppointment {
        booking_id: one.row.id.0,
        starts_at: moment(*one.row.starts_at, zone),
        ends_at: moment(*one.row.ends_at, zone),
        student: student(&one.student),
        teachers: teachers(&one.teachers),
        subject: one.subject.clone(),
        video: one.row.video,
    };
    wire::GuestInvite {
        invite_id: view.invite.id.0,
        school: school.name.clone(),
        evening_title: view.evening.title.clone(),
        starts_at: moment(*view.evening.starts_at, zone),
        guest_name: view.invite.name.clone(),
        invited_by: view.parent.name(),
        students: view.students.iter().map(student).collect(),
        appointments: view.bookings.iter().map(appointment).collect(),
        link_ends_at: moment(view.link_ends_at, zone),
    }
}

/// Masks a name: the first letter of each word, the rest hidden, like `R••• A•••`.
#[must_use]
pub fn masked(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .map(|first| format!("{first}•••"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The ICE servers and the transport policy.
#[must_use]
pub fn ice_servers(
    of: Vec<ice::Servers>,
    settings: &Ice,
    expires_at: DateTime<Utc>,
    zone: Tz,
) -> wire::IceServers {
    let expires_at =
        of.iter().any(|servers| servers.credential.is_some()).then(|| moment(expires_at, zone));
    let ice_servers = of.into_iter().map(|servers| {
        let (username, credential) = servers.credential.unzip();
        wire::IceServer { urls: servers.urls, username, credential }
    });
    let transport_policy =
        if settings.relay_only { wire::TransportPolicy::Relay } else { wire::TransportPolicy::All };
    wire::IceServers { ice_servers: ice_servers.collect(), transport_policy, expires_at }
}

/// A role in a call.
#[must_use]
pub const fn call_role(role: CallRole) -> wire::CallRole {
    match role {
        CallRole::Teacher => wire::CallRole::Teacher,
        CallRole::Parent => wire::CallRole::Parent,
        CallRole::Guest => wire::CallRole::Guest,
    }
}

/// The door of a call for a visitor.
#[must_use]
pub fn call_door(
    visitor: &Visitor,
    door: &Door,
    next: Option<&(bookings::Booking, PersonRow)>,
    now: DateTime<Utc>,
) -> wire::CallDoor {
    let zone = door.evening.zone();
    let booking = &door.booking;
    let name = match visitor.who {
        CallIdentity::Teacher(person) => booking
            .teachers
            .iter()
            .find(|teacher| teacher.id() == person)
            .map(PersonRow::formal_name),
        CallIdentity::Parent(_) => Some(door.parent.name()),
        CallIdentity::Guest(_) => door.guest.as_ref().map(|invite| invite.name.clone()),
    };
    wire::CallDoor {
        booking_id: booking.row.id.0,
        evening_id: booking.row.evening_id.0,
        state: match door.times.state(now) {
            CallState::Early => wire::CallState::Early,
            CallState::Open => wire::CallState::Open,
            CallState::Over => wire::CallState::Over,
        },
        now: moment(now, zone),
        opens_at: moment(door.times.opens_at, zone),
        starts_at: moment(door.times.starts_at, zone),
        ends_at: moment(door.times.ends_at, zone),
        student: student(&booking.student),
        subject: booking.subject.clone(),
        teachers: teachers(&booking.teachers),
        parent: door.parent.name(),
        guest: door.guest.as_ref().map(|invite| invite.name.clone()),
        you: wire::CallYou {
            id: visitor.participant().0,
            name: name.unwrap_or_default(),
            role: call_role(visitor.who.role()),
        },
        capacity: u32::try_from(door.evening.capacity).unwrap_or_default(),
        elsewhere: door.place.is_some(),
        late_minutes: door.late_minutes,
        next: next.map(|(booking, parent)| wire::NextCall {
            booking_id: booking.row.id.0,
            starts_at: moment(*booking.row.starts_at, zone),
            student: student(&booking.student),
            subject: booking.subject.clone(),
            teachers: teachers(&booking.teachers),
            parent: parent.name(),
        }),
    }
}
