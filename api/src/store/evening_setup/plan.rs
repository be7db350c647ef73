//! Plan of an evening: an [`EveningSpec`] checked against the school's roster.

use std::collections::BTreeMap;

use parlour_domain::id::ClassId;

use super::{NewEvening, classes_of};
use crate::{
    evening_spec::{Checked, EveningSpec, Lack, LeftOut, SpecError, check_size, choose},
    store::{Db, Error, Result, error::InvalidField, schools::SchoolRow},
};

/// An evening that can be written, and the chosen classes that can't take part.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The evening.
    pub evening: NewEvening,
    /// Classes that were chosen but can't take part.
    pub left_out: Vec<LeftOut>,
}

/// Checks a spec and chooses its classes. The inner [`SpecError`] tells why the spec is invalid.
///
/// # Errors
/// Errors of the database.
pub fn plan(
    db: &mut Db,
    spec: &EveningSpec,
    school: &SchoolRow,
) -> Result<std::result::Result<Planned, SpecError>> {
    let classes = classes_of(db, school.id())?;
    Ok(spec.check(school.zone()).and_then(|checked| {
        let choice = choose(&spec.classes, &classes, spec.mode, spec.capacity)?;
        let lacks = choice.left_out.iter().map(|class| (class.id, class.lacks)).collect();
        let evening = new_evening(spec, checked, school, choice.chosen, lacks);
        Ok(Planned { evening, left_out: choice.left_out })
    }))
}

/// Builds an evening with these classes.
pub(super) fn new_evening(
    spec: &EveningSpec,
    checked: Checked,
    school: &SchoolRow,
    classes: BTreeMap<ClassId, bool>,
    left_out: BTreeMap<ClassId, Lack>,
) -> NewEvening {
    NewEvening {
        school: school.id(),
        name: spec.name.clone(),
        title: spec.title.clone(),
        timing: checked.timing,
        slot_minutes: spec.slot_minutes,
        gap_seconds: spec.gap_seconds,
        window: checked.window,
        zone: checked.zone,
        mode: spec.mode,
        capacity: spec.capacity,
        classes,
        left_out,
    }
}

/// Refuses a capacity that is too small for one of the classes that take part.
pub(super) fn check_sizes(db: &mut Db, new: &NewEvening) -> Result<()> {
    let all = classes_of(db, new.school)?;
    let staying = all.iter().filter(|class| new.classes.contains_key(&class.id));
    for class in staying {
        check_size(class, new.capacity)?;
    }
    Ok(())
}

impl From<SpecError> for Error {
    fn from(error: SpecError) -> Self {
        Self::Field(InvalidField {
            field: error.field(),
            code: error.code(),
            detail: error.sentence(),
        })
    }
}
