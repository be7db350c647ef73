//! Appointments that are stranded: they stand, and the roster has taken away what they were booked
//! on. It is found out whenever it is asked, and kept nowhere.

/// What a booking rests on, as the roster has it now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ground {
    /// It is not cancelled, and not over.
    pub is_live: bool,
    /// Its class is there.
    pub class_is_there: bool,
    /// Its student is at the school and has a place in the class.
    pub student_is_in_class: bool,
    /// How many of its teachers have left the school or the class.
    pub teachers_gone: usize,
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

impl Ground {
    /// The first reason for which a booking on this ground is stranded; none where all is well, or
    /// nobody comes any more.
    #[must_use]
    pub const fn stranded(self) -> Option<Stranded> {
        match self {
            Self { is_live: false, .. } => None,
            Self { class_is_there: false, .. } => Some(Stranded::ClassGone),
            Self { student_is_in_class: false, .. } => Some(Stranded::StudentLeftClass),
            Self { teachers_gone: 1.., .. } => Some(Stranded::TeacherLeftClass),
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
    pub const fn words(self) -> &'static str {
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
    fn the_first_thing_that_is_missing_strands_a_booking() {
        let sound = Ground {
            is_live: true,
            class_is_there: true,
            student_is_in_class: true,
            teachers_gone: 0,
        };
        let check = |ground: Ground, expected: Option<&str>| {
            assert_eq!(ground.stranded().map(Stranded::code), expected, "{ground:?}")
        };
        check(sound, None);
        check(Ground { class_is_there: false, ..sound }, Some("class_gone"));
        check(Ground { student_is_in_class: false, ..sound }, Some("student_left_class"));
        check(Ground { teachers_gone: 1, ..sound }, Some("teacher_left_class"));
        check(Ground { teachers_gone: 3, ..sound }, Some("teacher_left_class"));
        check(
            Ground { student_is_in_class: false, teachers_gone: 1, ..sound },
            Some("student_left_class"),
        );
        let nothing_left =
            Ground { class_is_there: false, student_is_in_class: false, teachers_gone: 2, ..sound };
        check(nothing_left, Some("class_gone"));
        check(Ground { is_live: false, ..nothing_left }, None);
    }
}
