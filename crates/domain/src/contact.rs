//! A parent's right to act for a student (I10 and I13): their link to the student, and everything
//! that bars it.

/// A parent's link to a student, and the decisions of the roster and of staff about contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Contact {
    /// The roster contains the link now.
    pub is_linked: bool,
    /// The roster allows contact.
    pub is_allowed: bool,
    /// Staff have allowed contact.
    pub is_allowed_by_staff: bool,
    /// The roster records a court order.
    pub has_court_order: bool,
    /// The roster bars the contact.
    pub is_barred: bool,
    /// Staff have barred the parent or their address from the student.
    pub is_barred_by_staff: bool,
}

impl Contact {
    /// Returns whether the parent may act for the student. Sessions, lists, bookings, invites and
    /// calls depend on this.
    #[must_use]
    pub const fn may_act(&self) -> bool {
        self.is_linked && self.may_be_in_contact() && !self.is_barred_by_staff
    }

    /// Returns whether staff may allow contact: neither the roster nor staff have allowed it, and
    /// nothing bars it.
    #[must_use]
    pub const fn staff_may_allow(&self) -> bool {
        !self.is_allowed
            && !self.is_allowed_by_staff
            && !self.has_court_order
            && !self.is_barred
            && !self.is_barred_by_staff
    }

    const fn may_be_in_contact(&self) -> bool {
        (self.is_allowed || self.is_allowed_by_staff) && !self.has_court_order && !self.is_barred
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All combinations of the six flags.
    fn all() -> impl Iterator<Item = Contact> {
        (0..64_u8).map(|bits| {
            let bit = |nth: u8| bits & (1 << nth) != 0;
            Contact {
                is_linked: bit(0),
                is_allowed: bit(1),
                is_allowed_by_staff: bit(2),
                has_court_order: bit(3),
                is_barred: bit(4),
                is_barred_by_staff: bit(5),
            }
        })
    }

    #[test]
    fn any_bar_overrides_contact_permission() {
        for contact in all() {
            let has_bar =
                contact.has_court_order || contact.is_barred || contact.is_barred_by_staff;
            let is_allowed = contact.is_allowed || contact.is_allowed_by_staff;
            assert_eq!(
                contact.may_act(),
                contact.is_linked && is_allowed && !has_bar,
                "{contact:?}"
            );
            assert!(!(contact.may_act() && contact.staff_may_allow()), "{contact:?}");
            assert!(!(has_bar && contact.staff_may_allow()), "{contact:?}");
        }
    }

    #[test]
    fn contact_is_allowed_by_roster_or_by_staff() {
        let linked = Contact { is_linked: true, ..Contact::default() };
        assert!(!linked.may_act() && linked.staff_may_allow(), "a relative");
        assert!(Contact { is_allowed: true, ..linked }.may_act());
        assert!(Contact { is_allowed_by_staff: true, ..linked }.may_act());
        assert!(!Contact { is_allowed: true, ..Contact::default() }.may_act(), "without a link");
    }
}
