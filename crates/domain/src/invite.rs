//! Invites: whom a parent may invite, for which students, how often, and for how long the guest's
//! link lives.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{EmailAddress, PersonName, Refusal, evening::Mode, id::PersonId};

/// The consent a parent ticks, with the version that is stored beside the time. A change of a word
/// is a new version.
pub const CONSENT: ConsentText = ConsentText {
    version: "2026-11",
    text: "I agree that this person is given access to the information used to make these \
           appointments.",
};

/// The consent that staff record for a parent.
pub const STAFF_CONSENT: ConsentText = ConsentText {
    version: "2026-11-staff",
    text: "The parent has agreed that this person is given access to the information used to make \
           these appointments.",
};

/// How many invites a parent may send for one evening in 24 hours, removed ones counted.
pub const DAILY_LIMIT: i64 = 5;

/// How many times a refused contact may be tried in 24 hours before no invite is taken any more.
pub const DAILY_REFUSAL_LIMIT: i64 = 3;

/// How long a parent waits before the same invite is mailed again.
pub const RESEND_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// How often one invite may be mailed again in 24 hours.
pub const DAILY_RESEND_LIMIT: i64 = 5;

/// For how long after the last appointment covered a guest's link lives.
pub const LINK_GRACE: TimeDelta = TimeDelta::hours(1);

/// A text that somebody agreed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsentText {
    /// Which wording; stored with the invite.
    pub version: &'static str,
    /// The wording.
    pub text: &'static str,
}

/// How a parent's consent reached the staff who invite for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConsentChannel {
    InPerson,
    Phone,
    Email,
    Letter,
}

/// Who agreed, and how we know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Consent {
    /// The parent ticked the box.
    Ticked,
    /// Staff recorded that the parent agreed, and how.
    Recorded(ConsentChannel),
}

impl Consent {
    /// The wording that was agreed to.
    #[must_use]
    pub const fn text(&self) -> ConsentText {
        match self {
            Self::Ticked => CONSENT,
            Self::Recorded(_) => STAFF_CONSENT,
        }
    }
}

/// What somebody wants to send, each part already sound in itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInvite {
    /// The guest.
    pub name: PersonName,
    /// Where the link goes.
    pub email: EmailAddress,
    /// The students to be covered.
    pub students: BTreeSet<PersonId>,
    /// The agreement.
    pub consent: Consent,
}

/// A student whom the inviting parent is linked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Who.
    pub student: PersonId,
    /// A class of theirs takes part in the evening, booked or not.
    pub involved: bool,
    /// They have a live invite from this parent for this evening.
    pub invited: bool,
    /// The school has barred the guest from this student (by id or by address).
    pub barred: bool,
}

/// All that the decision rests on, read in the transaction that will write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InviteContext {
    /// The mode of the evening.
    pub mode: Mode,
    /// When the evening ends.
    pub evening_ends_at: DateTime<Utc>,
    /// The parent's addresses (own rows of the roster), by key.
    pub own_address_key: Option<String>,
    /// How many live bookings the parent has.
    pub bookings: i64,
    /// How many of them are video calls.
    pub video_bookings: i64,
    /// The students the parent may act for.
    pub candidates: Vec<Candidate>,
    /// Invites this parent sent for this evening in the last 24 hours, removed ones counted.
    pub sent_today: i64,
    /// Refusals for barred contacts in the last 24 hours.
    pub refused_today: i64,
    /// The address asked for no more mail.
    pub suppressed: bool,
}

/// Decides whether an invite may be sent.
///
/// # Errors
/// The first rule that stands against it. A barred student refuses the whole set without a reason
/// ([`Refusal::AskTheSchool`]).
pub fn decide(
    invite: &NewInvite,
    context: &InviteContext,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if now >= context.evening_ends_at {
        return Err(Refusal::EveningOver);
    }
    check_offered(context.mode, context.bookings, context.video_bookings)?;
    if context.refused_today >= DAILY_REFUSAL_LIMIT {
        return Err(Refusal::AskTheSchool);
    }
    if invite.students.is_empty() {
        return Err(Refusal::NoStudentChosen);
    }
    let chosen = chosen_candidates(invite, context)?;
    if chosen.iter().any(|candidate| candidate.invited) {
        return Err(Refusal::InviteExists);
    }
    if context.own_address_key.as_deref() == Some(invite.email.key().as_str()) {
        return Err(Refusal::OwnAddress);
    }
    if chosen.iter().any(|candidate| candidate.barred) {
        return Err(Refusal::AskTheSchool);
    }
    if context.suppressed {
        return Err(Refusal::AddressSuppressed);
    }
    if context.sent_today >= DAILY_LIMIT {
        return Err(Refusal::InviteLimit);
    }
    Ok(())
}

/// Whether the parent is offered an invite at all: as soon as bookings are made, and on a hybrid
/// evening only with a video one.
///
/// # Errors
/// [`Refusal::NoAppointment`] or [`Refusal::NoVideoAppointment`].
pub const fn check_offered(mode: Mode, bookings: i64, video_bookings: i64) -> Result<(), Refusal> {
    match mode {
        Mode::InPerson => Err(Refusal::NoVideoAppointment),
        _ if bookings == 0 => Err(Refusal::NoAppointment),
        Mode::Hybrid if video_bookings == 0 => Err(Refusal::NoVideoAppointment),
        Mode::Video | Mode::Hybrid => Ok(()),
    }
}

/// Decides whether an invite may be mailed again: not within [`RESEND_PAUSE`] of the last mail, and
/// at most [`DAILY_RESEND_LIMIT`] times in 24 hours.
///
/// # Errors
/// [`Refusal::EveningOver`], [`Refusal::ResendTooSoon`], [`Refusal::ResendLimit`].
pub fn decide_resend(
    last_mailed_at: DateTime<Utc>,
    resent_today: i64,
    link_ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if now >= link_ends_at {
        Err(Refusal::EveningOver)
    } else if resent_today >= DAILY_RESEND_LIMIT {
        Err(Refusal::ResendLimit)
    } else if now < last_mailed_at + RESEND_PAUSE {
        Err(Refusal::ResendTooSoon)
    } else {
        Ok(())
    }
}

/// When a guest's link dies: an hour after the last appointment covered, or after the evening while
/// none is booked (appointments booked later are covered too).
#[must_use]
pub fn link_ends_at(
    last_covered_ends_at: Option<DateTime<Utc>>,
    booking_closes_at: DateTime<Utc>,
    evening_ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let may_still_book = now < booking_closes_at;
    match last_covered_ends_at {
        Some(end) if !may_still_book => end + LINK_GRACE,
        _ => evening_ends_at + LINK_GRACE,
    }
}

fn chosen_candidates<'a>(
    invite: &NewInvite,
    context: &'a InviteContext,
) -> Result<Vec<&'a Candidate>, Refusal> {
    let find = |student: &PersonId| {
        context
            .candidates
            .iter()
            .find(|candidate| candidate.student == *student && candidate.involved)
    };
    invite.students.iter().map(|student| find(student).ok_or(Refusal::StudentNotInvolved)).collect()
}

#[cfg(test)]
mod tests;
