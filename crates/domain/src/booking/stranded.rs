//! Stranded appointments: the roster no longer has their class, enrolment or teacher. The state is
//! computed on each read and stored nowhere.

/// The current state in the roster of everything that a booking depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookingBasis {
    /// The booking is neither cancelled nor over.
    pub is_live: bool,
    /// The class exists.
    pub class_exists: bool,
    /// The student is at the school and enrolled in the class.
    pub student_is_in_class: bool,
    /// The number of its teachers who have left the school or the class.
    pub teachers_left: usize,
}

/// The reason why an appointment is stranded. No confirmed appointment is removed silently: it
/// stays until somebody moves or cancels it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stranded {
    /// The class is no longer in the roster.
    ClassGone,
    /// The student is no longer in the class.
    StudentLeftClass,
    /// A teacher of the appointment has left the school or the class.
    TeacherLeftClass,
}

impl BookingBasis {
    /// The first reason why this booking is stranded; `None` if it has a sound basis, or is
    /// cancelled or over.
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
    /// The stable code, as in the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClassGone => "class_gone",
            Self::StudentLeftClass => "student_left_class",
            Self::TeacherLeftClass => "teacher_left_class",
        }
    }

    /// A description for a letter or a report.
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
