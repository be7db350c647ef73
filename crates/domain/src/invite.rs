//! Rules of invites: whom a parent may invite, for which students and how often, and how long the
//! guest's link stays valid.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{EmailAddress, PersonName, Refusal, evening::Mode, id::PersonId};

/// The consent text that a parent agrees to, with the version that is stored beside the time. A
/// change of wording needs a new version.
pub const CONSENT: ConsentText = ConsentText {
    version: "2026-11",
    text: "I agree that this person is given access to the information used to make these \
           appointments.",
};

/// The consent text that staff record for a parent.
pub const STAFF_CONSENT: ConsentText = ConsentText {
    version: "2026-11-staff",
    text: "The parent has agreed that this person is given access to the information used to make \
           these appointments.",
};

/// The maximum number of invites by a parent for one evening in 24 hours, removed ones included.
pub const DAILY_LIMIT: i64 = 5;

/// The maximum number of refusals of barred contacts in 24 hours; after it every invite is refused.
pub const DAILY_REFUSAL_LIMIT: i64 = 3;

/// The minimum pause before the same invite is mailed again.
pub const RESEND_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// The maximum number of resends of one invite in 24 hours.
pub const DAILY_RESEND_LIMIT: i64 = 5;

/// Time for which a guest's link stays valid after the last appointment that it covers.
pub const LINK_GRACE: TimeDelta = TimeDelta::hours(1);

/// A consent text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsentText {
    /// The version of the wording; stored with the invite.
    pub version: &'static str,
    /// The wording.
    pub text: &'static str,
}

/// Channel by which staff got a parent's consent to the invite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum ConsentChannel {
    InPerson,
    Phone,
    Email,
    Letter,
}

/// The consent to an invite, and how it was given.
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

/// A request to send an invite; each field is valid by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInvite {
    /// The guest.
    pub name: PersonName,
    /// The address that the link is sent to.
    pub email: EmailAddress,
    /// The students to be covered.
    pub students: BTreeSet<PersonId>,
    /// The consent.
    pub consent: Consent,
}

/// A student whom the inviting parent is linked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The student.
    pub student: PersonId,
    /// A class of theirs takes part in the evening, booked or not.
    pub involved: bool,
    /// They have a live invite from this parent for this evening.
    pub invited: bool,
    /// The school has barred the guest from this student (by id or by address).
    pub barred: bool,
}

/// The data that the decision needs, read in the transaction that writes the result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InviteContext {
    /// The mode of the evening.
    pub mode: Mode,
    /// Time when the evening ends.
    pub evening_ends_at: DateTime<Utc>,
    /// The key of the parent's own email address, to refuse an invite to oneself.
    pub own_address_key: Option<String>,
    /// Number of live bookings the parent has.
    pub bookings: i64,
    /// Number of of them that are video calls.
    pub video_bookings: i64,
    /// The students for whom the parent may act.
    pub candidates: Vec<Candidate>,
    /// The number of invites by this parent for this evening in the last 24 hours, removed ones
    /// included.
    pub sent_today: i64,
    /// The number of refusals of barred contacts in the last 24 hours.
    pub refused_today: i64,
    /// The owner of the address asked for no more mail.
    pub suppressed: bool,
}

/// Decides whether an invite may be sent.
///
/// # Errors
/// The first rule that refuses the invite. One barred student refuses the whole set, without a
/// reason ([`Refusal::AskTheSchool`]).
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

/// Checks whether the parent can invite at all: once bookings are made, and in a hybrid evening
/// only with a video booking (I1).
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

/// Time when a guest's link expires: an hour after the last appointment that it covers, or an hour
/// after the evening while none is booked (the link also covers appointments booked later).
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
