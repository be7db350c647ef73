//! Evenings as the office and its programs set them up, to and from the wire.

use chrono_tz::Tz;
use parlour_domain::evening as rules;
use parlour_wire as wire;

use super::moment;
use crate::{
    evening_file::{
        Entry, EveningChange, EveningFile, FileMode, FileWindow, Meet, OneOrMore, written,
    },
    store::{
        evening_setup::{Lack, Resting, Settings},
        schools::SchoolRow,
    },
};

/// How people meet.
#[must_use]
pub const fn mode(mode: rules::Mode) -> wire::Mode {
    match mode {
        rules::Mode::Video => wire::Mode::Video,
        rules::Mode::InPerson => wire::Mode::InPerson,
        rules::Mode::Hybrid => wire::Mode::Hybrid,
    }
}

/// Who has to do with an evening by now.
#[must_use]
pub const fn state(state: rules::State) -> wire::EveningState {
    match state {
        rules::State::Draft => wire::EveningState::Draft,
        rules::State::Published => wire::EveningState::Published,
        rules::State::Closed => wire::EveningState::Closed,
    }
}

/// Everything that was set of an evening.
#[must_use]
pub fn settings(of: Settings, school: &SchoolRow) -> wire::EveningSettings {
    let (file, row) = (written(&of.stored, school), &of.stored.row);
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    wire::EveningSettings {
        id: row.id.0,
        state: state(row.state()),
        published_at: row.published_at.map(|at| moment(*at, school.zone())),
        closed_at: row.closed_at.map(|at| moment(*at, school.zone())),
        name: file.name,
        title: file.title,
        date: file.date,
        starts: file.starts,
        ends: file.ends,
        time_zone: row.time_zone.clone(),
        slot_minutes: number(file.slot_minutes),
        gap_seconds: number(file.gap_seconds),
        mode: mode(row.mode()),
        capacity: number(file.capacity),
        booking: wire::BookingTimes { opens: file.booking.opens, closes: file.booking.closes },
        classes: of
            .classes
            .into_iter()
            .map(|class| wire::EveningClass {
                id: class.id.into(),
                sourced_id: class.sourced_id,
                title: class.title,
                video: class.says,
            })
            .collect(),
        left_out: of
            .left_out
            .into_iter()
            .map(|class| wire::LeftOutClass {
                id: class.id.into(),
                sourced_id: class.sourced_id,
                title: class.title,
                reason: reason(class.says),
            })
            .collect(),
    }
}

const fn reason(lacks: Lack) -> wire::LeftOutReason {
    match lacks {
        Lack::Teachers => wire::LeftOutReason::NoTeachers,
        Lack::Students => wire::LeftOutReason::NoStudents,
    }
}

/// An appointment that stands against a change: ids alone, since whoever changes an evening need
/// not be one who may see people.
#[must_use]
pub fn resting(one: &Resting, zone: Tz) -> wire::RestingBooking {
    wire::RestingBooking {
        id: one.booking.into(),
        starts_at: moment(one.starts_at, zone),
        student_id: one.student_id.into(),
        parent_id: one.parent_id.into(),
        class_id: one.class.into(),
        reason: one.why.code().to_owned(),
    }
}

/// A request as the file that it might have been.
#[must_use]
pub fn file(new: wire::NewEvening, school: &SchoolRow) -> EveningFile {
    EveningFile {
        school: school.slug.clone(),
        name: new.name,
        title: new.title,
        date: new.date,
        starts: new.starts,
        ends: new.ends,
        time_zone: new.time_zone,
        slot_minutes: new.slot_minutes.into(),
        gap_seconds: new.gap_seconds.into(),
        mode: file_mode(new.mode),
        capacity: new.capacity.into(),
        booking: FileWindow { opens: new.booking.opens, closes: new.booking.closes },
        classes: new.classes.into_iter().map(entry).collect(),
    }
}

/// What a request wants to be otherwise; `null` is what the file has when a key is left out.
#[must_use]
pub fn change(change: wire::EveningChange) -> EveningChange {
    let booking = change.booking.unwrap_or_default();
    EveningChange {
        name: change.name,
        title: change.title,
        date: change.date,
        starts: change.starts,
        ends: change.ends,
        time_zone: change.time_zone,
        slot_minutes: change.slot_minutes.map(Into::into),
        gap_seconds: change.gap_seconds.map(|gap| gap.unwrap_or(0).into()),
        mode: change.mode.map(file_mode),
        capacity: change.capacity.map(|capacity| capacity.unwrap_or(4).into()),
        opens: booking.opens,
        closes: booking.closes,
        classes: change.classes.map(|classes| classes.into_iter().map(entry).collect()),
    }
}

const fn file_mode(mode: wire::Mode) -> FileMode {
    match mode {
        wire::Mode::Video => FileMode::Video,
        wire::Mode::InPerson => FileMode::InPerson,
        wire::Mode::Hybrid => FileMode::Hybrid,
    }
}

fn entry(choice: wire::ClassChoice) -> Entry {
    Entry {
        ids: choice.ids,
        subjects: OneOrMore(choice.subjects),
        titles: OneOrMore(choice.titles),
        all: choice.all,
        exclude_ids: choice.exclude_ids,
        meet: choice.meet.map(|meet| match meet {
            wire::Meeting::Video => Meet::Video,
            wire::Meeting::InPerson => Meet::InPerson,
        }),
    }
}
