//! Conversion of an evening's settings between wire types and domain types.

use chrono::{NaiveDateTime, NaiveTime, Timelike};
use chrono_tz::Tz;
use parlour_domain::evening as rules;
use parlour_wire as wire;

use super::moment;
use crate::{
    evening_spec::{
        ClassRule, EveningChange, EveningSpec, Lack, LocalWindow, Meet, SpecError, parse,
    },
    store::{evening_setup::Settings, schools::SchoolRow},
};

/// The mode of an evening.
#[must_use]
pub const fn mode(mode: rules::Mode) -> wire::Mode {
    match mode {
        rules::Mode::Video => wire::Mode::Video,
        rules::Mode::InPerson => wire::Mode::InPerson,
        rules::Mode::Hybrid => wire::Mode::Hybrid,
    }
}

/// The state of an evening.
#[must_use]
pub const fn state(state: rules::State) -> wire::EveningState {
    match state {
        rules::State::Draft => wire::EveningState::Draft,
        rules::State::Published => wire::EveningState::Published,
        rules::State::Closed => wire::EveningState::Closed,
    }
}

/// All settings of an evening.
#[must_use]
pub fn settings(of: &Settings, school: &SchoolRow) -> wire::EveningSettings {
    let (spec, row) = (of.stored.spec(school), &of.stored.row);
    let moment_of = |at: NaiveDateTime| format!("{}T{}", at.format("%Y-%m-%d"), clock(at.time()));
    wire::EveningSettings {
        id: row.id.0,
        state: state(row.state()),
        published_at: row.published_at.map(|at| moment(*at, school.zone())),
        closed_at: row.closed_at.map(|at| moment(*at, school.zone())),
        name: spec.name,
        title: spec.title,
        date: spec.date.format("%Y-%m-%d").to_string(),
        starts: clock(spec.starts),
        ends: clock(spec.ends),
        time_zone: row.time_zone.clone(),
        slot_minutes: spec.slot_minutes,
        gap_seconds: spec.gap_seconds,
        mode: mode(row.mode()),
        capacity: spec.capacity,
        booking: wire::BookingTimes {
            opens: moment_of(spec.booking.opens),
            closes: moment_of(spec.booking.closes),
        },
        classes: of
            .classes
            .iter()
            .map(|class| wire::EveningClass {
                id: class.id.into(),
                sourced_id: class.sourced_id.clone(),
                title: class.title.clone(),
                video: class.says,
            })
            .collect(),
        left_out: of
            .left_out
            .iter()
            .map(|class| wire::LeftOutClass {
                id: class.id.into(),
                sourced_id: class.sourced_id.clone(),
                title: class.title.clone(),
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

/// Formats a time as `16:00`, with the seconds only if they are not zero.
fn clock(at: NaiveTime) -> String {
    at.format(if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

/// Parses the evening that a request describes.
///
/// # Errors
/// [`SpecError`] with the first field that is wrong.
pub fn spec(new: wire::NewEvening, school_zone: Tz) -> Result<EveningSpec, SpecError> {
    let classes = parse::class_rules(new.classes.into_iter().map(class_rule).collect())?;
    let name = parse::words("name", &new.name)?;
    let title = parse::words("title", &new.title)?;
    let zone = new.time_zone.as_deref().map(|name| parse::time_zone("time_zone", name));
    let moment = |key, text: &str| parse::day_and_time(key, text, school_zone);
    Ok(EveningSpec {
        name,
        title,
        zone: zone.transpose()?,
        date: parse::date(&new.date)?,
        starts: parse::time_of_day("starts", &new.starts)?,
        ends: parse::time_of_day("ends", &new.ends)?,
        slot_minutes: new.slot_minutes,
        gap_seconds: new.gap_seconds,
        booking: LocalWindow {
            opens: moment("booking.opens", &new.booking.opens)?,
            closes: moment("booking.closes", &new.booking.closes)?,
        },
        capacity: new.capacity,
        mode: rules_mode(new.mode),
        classes,
    })
}

/// Parses the changes that a request asks for. `null` sets a field to the default of a new evening.
///
/// # Errors
/// [`SpecError`] with the first field that is wrong.
pub fn change(change: wire::EveningChange, school_zone: Tz) -> Result<EveningChange, SpecError> {
    let classes = change.classes.map(|all| all.into_iter().map(class_rule).collect());
    let booking = change.booking.unwrap_or_default();
    let words = |key, text: Option<String>| text.map(|text| parse::words(key, &text)).transpose();
    let time =
        |key, text: Option<String>| text.map(|text| parse::time_of_day(key, &text)).transpose();
    let moment = |key, text: Option<String>| {
        text.map(|text| parse::day_and_time(key, &text, school_zone)).transpose()
    };
    let zone = change
        .time_zone
        .map(|zone| zone.map(|name| parse::time_zone("time_zone", &name)).transpose());
    Ok(EveningChange {
        classes: classes.map(parse::class_rules).transpose()?,
        name: words("name", change.name)?,
        title: words("title", change.title)?,
        zone: zone.transpose()?,
        date: change.date.map(|date| parse::date(&date)).transpose()?,
        starts: time("starts", change.starts)?,
        ends: time("ends", change.ends)?,
        opens: moment("booking.opens", booking.opens)?,
        closes: moment("booking.closes", booking.closes)?,
        slot_minutes: change.slot_minutes,
        gap_seconds: change.gap_seconds.map(Option::unwrap_or_default),
        mode: change.mode.map(rules_mode),
        capacity: change.capacity.map(|capacity| capacity.unwrap_or(4)),
    })
}

const fn rules_mode(mode: wire::Mode) -> rules::Mode {
    match mode {
        wire::Mode::Video => rules::Mode::Video,
        wire::Mode::InPerson => rules::Mode::InPerson,
        wire::Mode::Hybrid => rules::Mode::Hybrid,
    }
}

fn class_rule(choice: wire::ClassChoice) -> ClassRule {
    ClassRule {
        ids: choice.ids,
        subjects: choice.subjects,
        titles: choice.titles,
        all: choice.all,
        exclude_ids: choice.exclude_ids,
        meet: choice.meet.map(|meet| match meet {
            wire::Meeting::Video => Meet::Video,
            wire::Meeting::InPerson => Meet::InPerson,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evening_file::EveningFile;

    #[test]
    fn a_request_and_a_file_ask_for_the_same_evening() {
        let file = r#"
            school = "hillcrest"
            name = "spring"
            title = " Spring Evening "
            date = 2027-03-18
            starts = 16:00:00
            ends = "19:00"
            time_zone = "Asia/Kolkata"
            slot_minutes = 5
            gap_seconds = 30
            mode = "hybrid"
            booking = { opens = 2027-03-01T08:00:00, closes = "2027-03-18 12:00" }
            [[classes]]
            titles = "Year 9 *"
            exclude_ids = ["c3"]
            meet = "in_person"
        "#;
        let request = json!({
            "name": "spring",
            "title": "Spring Evening",
            "date": "2027-03-18",
            "starts": "16:00",
            "ends": "19:00",
            "time_zone": "Asia/Kolkata",
            "slot_minutes": 5,
            "gap_seconds": 30,
            "mode": "hybrid",
            "booking": { "opens": "2027-03-01T08:00", "closes": "2027-03-18T12:00" },
            "classes": [{ "titles": ["Year 9 *"], "exclude_ids": ["c3"], "meet": "in_person" }],
        });
        let of_file = EveningFile::parse(file).unwrap().spec("Europe/London").unwrap();
        let request = serde_json::from_value(request).unwrap();
        assert_eq!(spec(request, chrono_tz::Europe::London).unwrap(), of_file);
    }
}
