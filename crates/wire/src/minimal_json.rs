//! Minimal JSON serialisation of the shapes for the web app, without serde, whose generated code is
//! several times as large in the WASM. The module contains no JSON parser; a test compares each
//! shape with serde's result for the same text.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike};
use uuid::Uuid;

use crate::{
    AppointmentRecord, Bar, Booking, BookingChange, BookingRow, BookingState, ChosenIdentity,
    ClassSlots, ClassTeacher, ConsentChannel, DevActor, DevClock, DevClockMove, DevLogin, DevMail,
    Evening, EveningState, ExpectedPerson, FieldError, FieldSource, GuestAppointment,
    GuestAppointments, GuestInvite, GuestLinkPreview, GuestLinkRenewal, HistoryEntry, Identity,
    InvitableStudent, Invite, InviteAction, InviteState, Invites, Lateness, LinkToken,
    LinkedStudent, LoginLink, LoginLinkPreview, LostBooking, Me, Mode, Moment, MyBookings, NewBar,
    NewBooking, NewBookings, NewGuestLinkRequest, NewInvite, NewLoginLink, NewSession, Page,
    Parent, Problem, RestingBooking, Role, Schedule, ScheduledAppointment, School, SchoolChange,
    SlotGrid, SlotState, Stranded, Student, StudentClass, StudentSlots, Teacher,
};

/// A parsed JSON value. `null` counts as absent.
pub trait JsonValue: Sized {
    /// The value of an object's member.
    fn field(&self, name: &str) -> Option<Self>;
    /// The items of an array.
    fn items(&self) -> Option<Vec<Self>>;
    /// The value of a string.
    fn text(&self) -> Option<String>;
    /// The value of a number.
    fn number(&self) -> Option<f64>;
    /// The value of a boolean.
    fn boolean(&self) -> Option<bool>;
}

/// A type that can be read from JSON.
pub trait FromJson: Sized {
    /// Reads the value. On bad input sets `valid` to false and returns a default; early returns
    /// would enlarge the WASM.
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self;
}

/// Reads a shape; `None` if any part of it violates the contract.
pub fn from_value<T: FromJson>(json: &impl JsonValue) -> Option<T> {
    let mut valid = true;
    let value = T::read(Some(json), &mut valid);
    valid.then_some(value)
}

/// A type that can be written as JSON.
pub trait ToJson {
    /// Appends the JSON text to `out`.
    fn write(&self, out: &mut String);

    /// Returns whether an object omits the value.
    fn is_absent(&self) -> bool {
        false
    }
}

/// The JSON text of a shape.
pub fn to_string(value: &impl ToJson) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

fn read_field<T: FromJson, J: JsonValue>(json: Option<&J>, name: &str, valid: &mut bool) -> T {
    let field = json.and_then(|json| json.field(name));
    T::read(field.as_ref(), valid)
}

fn write_field(name: &str, value: &impl ToJson, out: &mut String) {
    if value.is_absent() {
        return;
    }
    let joint = if out.ends_with('{') { "\"" } else { ",\"" };
    out.push_str(joint);
    out.push_str(name);
    out.push_str("\":");
    value.write(out);
}

fn or_invalid<T: Default>(value: Option<T>, valid: &mut bool) -> T {
    *valid &= value.is_some();
    value.unwrap_or_default()
}

impl FromJson for String {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        or_invalid(json.and_then(J::text), valid)
    }
}

impl FromJson for bool {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        or_invalid(json.and_then(J::boolean), valid)
    }
}

impl FromJson for u32 {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        let number = or_invalid(json.and_then(J::number), valid);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the check below refuses a number that the cast changes"
        )]
        let whole = number as Self;
        *valid &= f64::from(whole).to_bits() == number.to_bits();
        whole
    }
}

impl FromJson for u16 {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        or_invalid(Self::try_from(u32::read(json, valid)).ok(), valid)
    }
}

impl ToJson for u32 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl FromJson for Uuid {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        or_invalid(json.and_then(J::text).and_then(|text| Self::try_parse(&text).ok()), valid)
    }
}

impl FromJson for Moment {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        or_invalid(json.and_then(J::text).and_then(|text| moment(text.as_bytes())), valid)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        Some(T::read(Some(json?), valid))
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    /// An absent list counts as empty.
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        let items = json.map_or_else(Vec::new, |json| or_invalid(json.items(), valid));
        items.iter().map(|item| T::read(Some(item), valid)).collect()
    }
}

/// Parses a moment in the format of RFC 3339, section 5.6, such as `2026-11-26T16:05:00+00:00` or
/// `2026-11-26T16:05:00.25Z`.
fn moment(text: &[u8]) -> Option<Moment> {
    let number = |from: usize, length: usize| {
        let digits = text.get(from..from + length)?;
        digits.iter().try_fold(0, |sum: u32, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let is = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let digits = text
        .get(20..)
        .filter(|_| is(19, b"."))
        .map(|rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let micros = match digits {
        Some(0) => return None,
        Some(digits) => (0..6).try_fold(0, |sum, place| {
            Some(sum * 10 + if place < digits { number(20 + place, 1)? } else { 0 })
        })?,
        None => 0,
    };
    let zone = digits.map_or(19, |digits| 20 + digits);
    let offset = if is(zone, b"Zz") && text.len() == zone + 1 {
        0
    } else if is(zone, b"+-") && is(zone + 3, b":") && text.len() == zone + 6 {
        let seconds =
            i32::try_from(number(zone + 1, 2)? * 3600 + number(zone + 4, 2)? * 60).ok()?;
        if is(zone, b"-") { -seconds } else { seconds }
    } else {
        return None;
    };
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 2)?, number(8, 2)?)?;
    let local = date.and_hms_micro_opt(number(11, 2)?, number(14, 2)?, number(17, 2)?, micros)?;
    let utc = local.checked_sub_signed(TimeDelta::seconds(offset.into()))?;
    Some(DateTime::from_naive_utc_and_offset(utc, FixedOffset::east_opt(offset)?))
}

impl ToJson for Moment {
    fn write(&self, out: &mut String) {
        out.push('"');
        let pad = |out: &mut String, number: u32| {
            if number < 10 {
                out.push('0');
            }
            let _ = write!(out, "{number}");
        };
        let _ = write!(out, "{:04}", self.year());
        let parts = [
            ("-", self.month()),
            ("-", self.day()),
            ("T", self.hour()),
            (":", self.minute()),
            (":", self.second()),
        ];
        for (joint, number) in parts {
            out.push_str(joint);
            pad(out, number);
        }
        let micros = self.nanosecond() / 1000;
        if micros > 0 {
            let _ = write!(out, ".{micros:06}");
        }
        let minutes = self.offset().local_minus_utc() / 60;
        if minutes == 0 {
            out.push('Z');
        } else {
            out.push(if minutes < 0 { '-' } else { '+' });
            pad(out, minutes.unsigned_abs() / 60);
            out.push(':');
            pad(out, minutes.unsigned_abs() % 60);
        }
        out.push('"');
    }
}

impl ToJson for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for letter in self.chars() {
            match letter {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(letter);
                }
                '\0'..='\x1f' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(letter));
                }
                _ => out.push(letter),
            }
        }
        out.push('"');
    }
}

impl ToJson for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl ToJson for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for Uuid {
    fn write(&self, out: &mut String) {
        self.hyphenated().encode_lower(&mut Self::encode_buffer()).write(out);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (place, item) in self.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
}

/// Implements `FromJson` for structs: all fields, with the name in the JSON if it differs. A
/// missing field is a compile error.
macro_rules! impl_from_json {
    ($($shape:ident { $($field:ident $(= $name:literal)?),* })*) => { $(
        impl FromJson for $shape {
            fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
                Self { $($field: read_field(json, json_name!($field $($name)?), valid)),* }
            }
        }
    )* };
}

/// Implements `ToJson` for structs, with the same syntax.
macro_rules! impl_to_json {
    ($($shape:ident { $($field:ident $(= $name:literal)?),* })*) => { $(
        impl ToJson for $shape {
            fn write(&self, out: &mut String) {
                let Self { $($field),* } = self;
                out.push('{');
                $(write_field(json_name!($field $($name)?), $field, out);)*
                out.push('}');
            }
        }
    )* };
}

macro_rules! json_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// Implements both traits for enums by their names in the JSON. A missing variant is a compile
/// error.
macro_rules! impl_enum_json {
    ($($shape:ident {
        $first:ident = $first_name:literal $(, $value:ident = $name:literal)*
    })*) => { $(
        impl FromJson for $shape {
            fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
                match json.and_then(J::text).as_deref() {
                    Some($first_name) => Self::$first,
                    $(Some($name) => Self::$value,)*
                    _ => {
                        *valid = false;
                        Self::$first
                    }
                }
            }
        }

        impl ToJson for $shape {
            fn write(&self, out: &mut String) {
                match self {
                    Self::$first => $first_name,
                    $(Self::$value => $name,)*
                }
                .write(out);
            }
        }
    )* };
}

impl_from_json! {
    AppointmentRecord { no_show, note }
    Bar { id, student, person_id, person_name, email, note, set_by, created_at }
    Booking {
        id,
        evening_id,
        class_id,
        starts_at,
        ends_at,
        student,
        teachers,
        subject,
        video,
        guests,
        sequence,
        cancelled_at,
        stranded
    }
    ClassSlots { class_id, subject, teachers, video, states, booking_id }
    ClassTeacher { name, sources }
    DevClock { now }
    DevMail { id, sent_at, to, subject, text, html }
    Evening {
        id, title, starts_at, ends_at, time_zone, slot_minutes, period_seconds, talk_seconds,
        booking_opens_at, booking_closes_at, booking_state, state,
        mode, capacity
    }
    ExpectedPerson { id, name, role, state }
    FieldError { field, code, detail }
    FieldSource { field, kind, name, at }
    GuestAppointment { booking_id, starts_at, ends_at, student, teachers, subject, video }
    GuestAppointments { invites }
    GuestInvite {
        invite_id,
        school,
        evening_title,
        starts_at,
        guest_name,
        invited_by,
        students,
        appointments,
        link_ends_at
    }
    GuestLinkPreview {
        school,
        evening_title,
        date,
        guest_name,
        invited_by,
        own_invite,
        in_session,
        in_call
    }
    HistoryEntry { id, at, action, summary, actor }
    Identity { person_id, role, name, students }
    InvitableStudent { student, invited, appointments }
    Invite {
        id,
        evening_id,
        name,
        email,
        students,
        state,
        state_at,
        failure,
        created_at,
        resend_after
    }
    Invites { items, students, can_invite, refusal, refusal_detail, consent_text }
    Lateness { minutes }
    LinkedStudent { student, relationship, allowed, can_allow, sources, classes }
    LoginLink { id, expires_at }
    LoginLinkPreview { masked_name, needs_code, expires_at }
    LostBooking { student_id, class_id, starts_at, code }
    Me { school, identity, identities, expires_at }
    MyBookings { evening, parent_name, rows, invite_action, invites }
    NewBooking { student_id, class_id, starts_at }
    Parent { id, name, email, students, sources }
    Problem {
        kind = "type",
        title,
        status,
        detail,
        code,
        request_id,
        errors,
        lost,
        bookings,
        bookings_total
    }
    RestingBooking { id, starts_at, student_id, parent_id, class_id, reason }
    Schedule { evening, now, late_minutes, appointments }
    ScheduledAppointment {
        booking_id,
        starts_at,
        ends_at,
        student,
        parent,
        guest,
        subject,
        teachers,
        video,
        people,
        no_show,
        note,
        stranded
    }
    School { id, name, time_zone, demo, phone, email, office_hours }
    SlotGrid { evening, times, students }
    Student { id, name }
    StudentClass { sourced_id, title, subject, sources, place_sources, teachers }
    StudentSlots { student, classes }
    Teacher { id, name }
}

impl_to_json! {
    AppointmentRecord { no_show, note }
    BookingChange { starts_at }
    ChosenIdentity { person_id, role }
    DevClockMove { to }
    DevLogin { kind = "as" }
    Lateness { minutes }
    GuestLinkRenewal { token, booking_id }
    LinkToken { token }
    NewBar { student_id, person_id, email, note }
    NewBooking { student_id, class_id, starts_at }
    NewBookings { bookings }
    NewGuestLinkRequest { email }
    NewInvite { name, email, student_ids, consent, consent_record }
    NewLoginLink { email, token, session }
    NewSession { token, login_link_id, code }
    SchoolChange { phone, email, office_hours }
}

impl_enum_json! {
    BookingState { NotOpen = "not_open", Open = "open", Closed = "closed", Over = "over" }
    ConsentChannel { InPerson = "in_person", Phone = "phone", Email = "email", Letter = "letter" }
    DevActor { Parent = "parent", Guest = "guest", Teacher = "teacher", Staff = "staff" }
    EveningState { Published = "published", Draft = "draft", Closed = "closed" }
    InviteAction { None = "none", Invite = "invite", Manage = "manage" }
    InviteState {
        Queued = "queued",
        Sent = "sent",
        Failed = "failed",
        Opened = "opened",
        Joined = "joined"
    }
    Mode { Video = "video", InPerson = "in_person", Hybrid = "hybrid" }
    Role { Parent = "parent", Teacher = "teacher", Staff = "staff" }
    Stranded {
        ClassGone = "class_gone",
        StudentLeftClass = "student_left_class",
        TeacherLeftClass = "teacher_left_class"
    }
    SlotState { Free = "free", Taken = "taken", Busy = "busy", Yours = "yours" }
}

impl<T: FromJson> FromJson for Page<T> {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        Self {
            items: read_field(json, "items", valid),
            next_cursor: read_field(json, "next_cursor", valid),
        }
    }
}

impl FromJson for BookingRow {
    fn read<J: JsonValue>(json: Option<&J>, valid: &mut bool) -> Self {
        let kind: String = read_field(json, "kind", valid);
        if kind == "gap" {
            return Self::Gap {
                starts_at: read_field(json, "starts_at", valid),
                minutes: read_field(json, "minutes", valid),
            };
        }
        *valid &= kind == "booking";
        Self::Booking(Booking::read(json, valid))
    }
}

// These modules come after the macros, which they use.
mod api_client;
mod call;
mod webhooks;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_parse_like_chrono() {
        let good = [
            "2026-11-26T16:05:00+00:00",
            "2026-11-26T16:05:59.25Z",
            "2026-02-28t23:59:00-03:30",
            "2024-02-29T00:00:00.123456+01:00",
        ];
        for text in good {
            let expected = DateTime::parse_from_rfc3339(text).ok();
            assert!(expected.is_some(), "{text}");
            assert_eq!(moment(text.as_bytes()), expected, "{text}");
            assert_eq!(
                moment(text.as_bytes()).map(|at| *at.offset()),
                expected.map(|at| *at.offset()),
                "{text}"
            );
        }
        let bad = [
            "",
            "2026-11-26",
            "2026-13-26T16:05:00Z",
            "2026-02-30T16:05:00Z",
            "2026-11-26T16:05:00",
            "2026-11-26T16:05:00.Z",
            "2026-11-26T16:05:00+0100",
            "2026-11-26T16:05:00ZZ",
            "2026-11-26T24:05:00Z",
            "2026-11-26T16:05:00+00:0x",
        ];
        for text in bad {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
            assert!(DateTime::parse_from_rfc3339(text).is_err(), "{text}");
        }
    }

    #[test]
    fn timestamps_and_strings_round_trip() -> Result<(), serde_json::Error> {
        for text in ["2026-11-26T16:05:00Z", "2026-07-01T09:00:07.000250-03:30"] {
            let written = moment(text.as_bytes()).map(|at| to_string(&at));
            assert_eq!(written, Some(format!("\"{text}\"")));
        }
        for text in ["", "Zoë \"Zed\" O\\Neill\n\t\u{1}\u{7f} 🙂"] {
            let again: String = serde_json::from_str(&to_string(&text.to_owned()))?;
            assert_eq!(again, text);
        }
        Ok(())
    }
}
