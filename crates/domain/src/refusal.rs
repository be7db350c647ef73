//! Refusals of the rules: one closed enum; the code of each never changes after its release.

use thiserror::Error;

/// A rule that refuses a request. The text tells a person what to do; `code()` is for programs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
#[expect(missing_docs, reason = "the error text of each variant is its documentation")]
pub enum Refusal {
    #[error("Enter an email address like name@example.org.")]
    EmailInvalid,
    #[error("Enter the person's name, up to 100 characters, without a web address.")]
    NameInvalid,
    #[error("Tick the box to agree before you send the invite.")]
    ConsentMissing,
    #[error("Say who gave consent and how: in person, by phone, by email or by letter.")]
    ConsentRecordMissing,
    #[error("Choose at least one student.")]
    NoStudentChosen,
    #[error("One of the students has no class in this evening, so there is nothing to join.")]
    StudentNotInvolved,
    #[error("Unable to invite another parent/guardian. Only one invite can be sent per student.")]
    InviteExists,
    #[error("This evening has no video appointments, so there is no call to invite someone to.")]
    NoVideoAppointment,
    #[error("Make an appointment first. You can invite another parent or guardian after that.")]
    NoAppointment,
    #[error(
        "You have sent as many invites as one day allows. Try again tomorrow, or ask the school."
    )]
    InviteLimit,
    #[error("The invite was sent a moment ago. Wait ten minutes before you send it again.")]
    ResendTooSoon,
    #[error(
        "What this import ended can't be brought back any more: it is more than two weeks ago. \
         Import the right data instead."
    )]
    ImportTooOld,
    #[error(
        "This invite was sent again as often as one day allows. Try again tomorrow, or ask the \
         school."
    )]
    ResendLimit,
    #[error("This invite can't be sent. Please ask the school.")]
    AskTheSchool,
    #[error(
        "This address asked for no more mail from the school. Use another address, or ask the \
         school."
    )]
    AddressSuppressed,
    #[error("This is your own address. The invite is for another person.")]
    OwnAddress,
    #[error("This evening is over.")]
    EveningOver,
    #[error("Booking for this evening is not open yet.")]
    BookingNotOpen,
    #[error("Booking for this evening has closed. Please ask the school.")]
    BookingClosed,
    #[error("That time is not one of this evening's appointment times.")]
    NotASlot,
    #[error("That time has just been taken. Choose another one.")]
    SlotTaken,
    #[error("You or your child have another appointment at that time. Choose another one.")]
    PersonBusy,
    #[error("You already have an appointment for this class. Change or cancel it instead.")]
    AlreadyBooked,
    #[error("This appointment was cancelled.")]
    BookingCancelled,
    #[error(
        "This appointment has begun, or a teacher has made a record of it, so it can't be moved. \
         The school can make another one of the same class; this one keeps its record."
    )]
    BookingBegan,
    #[error(
        "This class does not take part in the evening, or the student is not in it. An \
         appointment made before can be cancelled, and another one booked; the school can move it \
         as long as one of its teachers is there."
    )]
    ClassNotOffered,
    #[error("Choose at least one appointment.")]
    NothingChosen,
    #[error(
        "A court order, the roster or a bar stands against this contact. Change it there first."
    )]
    ContactBarred,
    #[error("Your access to this appointment has ended. Please contact the school.")]
    AccessEnded,
    #[error("This appointment is held at the school, not by video.")]
    NotAVideoCall,
    #[error("This appointment has not opened yet. You can enter from 10 minutes before it starts.")]
    CallEarly,
    #[error("This appointment is over.")]
    CallOver,
    #[error("The next appointment begins right after this one, so no minute can be added.")]
    CannotExtend,
    #[error(
        "No events can be sent there. Give an https:// address of the open internet, without a \
         user name and without anything after #."
    )]
    WebhookUrlRefused,
    #[error("The school has as many endpoints as it may have. Delete one first.")]
    WebhookLimit,
    #[error("The endpoint is switched off. Switch it on first.")]
    WebhookOff,
    #[error(
        "Another evening of the school has this name. Give one of its own, or change that evening."
    )]
    EveningNameTaken,
    #[error("This evening was never published. Publish it, or delete it.")]
    EveningNotPublished,
    #[error("This evening was published, so it stays. Close it instead.")]
    EveningPublished,
    #[error(
        "No class with teachers and students takes part in this evening. Choose classes first."
    )]
    NoClassTakesPart,
    #[error(
        "Appointments rest on what would change, so nothing was changed. Cancel or move them \
         first, or leave that part as it is."
    )]
    BookingsRestOnIt,
}

impl Refusal {
    /// The stable, machine-readable name of the refusal, as in openapi.yaml's list of codes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmailInvalid => "email_invalid",
            Self::NameInvalid => "name_invalid",
            Self::ConsentMissing => "consent_missing",
            Self::ConsentRecordMissing => "consent_record_missing",
            Self::NoStudentChosen => "no_student_chosen",
            Self::StudentNotInvolved => "student_not_involved",
            Self::InviteExists => "invite_exists",
            Self::NoVideoAppointment => "no_video_appointment",
            Self::NoAppointment => "no_appointment",
            Self::InviteLimit => "invite_limit",
            Self::ResendTooSoon => "resend_too_soon",
            Self::ImportTooOld => "import_too_old",
            Self::ResendLimit => "resend_limit",
            Self::AskTheSchool => "ask_the_school",
            Self::AddressSuppressed => "address_suppressed",
            Self::OwnAddress => "own_address",
            Self::EveningOver => "evening_over",
            Self::BookingNotOpen => "booking_not_open",
            Self::BookingClosed => "booking_closed",
            Self::NotASlot => "not_a_slot",
            Self::SlotTaken => "slot_taken",
            Self::PersonBusy => "person_busy",
            Self::AlreadyBooked => "already_booked",
            Self::BookingCancelled => "booking_cancelled",
            Self::BookingBegan => "booking_began",
            Self::ClassNotOffered => "class_not_offered",
            Self::NothingChosen => "nothing_chosen",
            Self::ContactBarred => "contact_barred",
            Self::AccessEnded => "access_ended",
            Self::NotAVideoCall => "not_a_video_call",
            Self::CallEarly => "call_early",
            Self::CallOver => "call_over",
            Self::CannotExtend => "cannot_extend",
            Self::WebhookUrlRefused => "webhook_url_refused",
            Self::WebhookLimit => "webhook_limit",
            Self::WebhookOff => "webhook_off",
            Self::EveningNameTaken => "evening_name_taken",
            Self::EveningNotPublished => "evening_not_published",
            Self::EveningPublished => "evening_published",
            Self::NoClassTakesPart => "no_class_takes_part",
            Self::BookingsRestOnIt => "bookings_rest_on_it",
        }
    }

    /// The field of the request that the refusal concerns, if there is one.
    #[must_use]
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::EmailInvalid => Some("email"),
            Self::NameInvalid => Some("name"),
            Self::ConsentMissing => Some("consent"),
            Self::ConsentRecordMissing => Some("consent_record"),
            Self::NoStudentChosen => Some("student_ids"),
            Self::NothingChosen => Some("bookings"),
            Self::WebhookUrlRefused => Some("url"),
            _ => None,
        }
    }
}
