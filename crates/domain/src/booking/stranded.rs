//! Appointments that are stranded: they stand, and the roster has taken away what they were booked
//! on. It is found out whenever it is asked, and kept nowhere.

/// What a booking rests on, as the roster has it now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookingBasis {
    /// It is not cancelled, and not over.
    pub is_live: bool,
    /// Its class is there.
    pub class_exists: bool,
    /// Its student is at the school and has a place in the class.
    pub student_is_in_class: bool,
    /// How many of its teachers have left the school or the class.
    pub teachers_left: usize,
}

/// Why an appointment is stranded. Nothing confirmed is lost silently: it stays until somebody
/// moves or cancels it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stranded {
    /// The roster has no such class any more.
    ClassGone,
    /// The student is not in the class any more.
    StudentLeftClass,
    /// A teacher of the appointment has left the school or the class.
    TeacherLeftClass,
}

impl BookingBasis {
    /// The first reason for which a booking on this ground is stranded; none where all is well, or
    /// nobody comes any more.
    #[must_use]
    pub const fn stranded_reason(self) -> Option<Stranded> {
        match self {
            Self { is_live: false, .. } => None,
            Self { class_exists: false, .. } => Some(Stranded::ClassGone),
            Self { student_is_in_class: false, .. } => Some(Stranded::StudentLeftClass),
            Self { teachers_left: 1.., .. } => Some(Stranded::TeacherLeftClass),
            Self { .. } => None,
        }
    }
}

impl Stranded {
    /// The stable name, as in the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClassGone => "class_gone",
            Self::StudentLeftClass => "student_left_class",
            Self::TeacherLeftClass => "teacher_left_class",
        }
    }

    /// In words, for a letter or a report.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::ClassGone => "the class is gone",
            Self::StudentLeftClass => "the student left the class",
            Self::TeacherLeftClass => "a teacher left the class",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stranded_reason_is_the_first_missing_requirement() {
        let sound = BookingBasis {
            is_live: true,
            class_exists: true,
            student_is_in_class: true,
            teachers_left: 0,
        };
        let check = |ground: BookingBasis, expected: Option<&str>| {
            assert_eq!(ground.stranded_reason().map(Stranded::code), expected, "{ground:?}")
        };
        check(sound, None);
        check(BookingBasis { class_exists: false, ..sound }, Some("class_gone"));
        check(BookingBasis { student_is_in_class: false, ..sound }, Some("student_left_class"));
        check(BookingBasis { teachers_left: 1, ..sound }, Some("teacher_left_class"));
        check(BookingBasis { teachers_left: 3, ..sound }, Some("teacher_left_class"));
        check(
            BookingBasis { student_is_in_class: false, teachers_left: 1, ..sound },
            Some("student_left_class"),
        );
        let nothing_left = BookingBasis {
            class_exists: false,
            student_is_in_class: false,
            teachers_left: 2,
            ..sound
        };
        check(nothing_left, Some("class_gone"));
        check(BookingBasis { is_live: false, ..nothing_left }, None);
    }
}
