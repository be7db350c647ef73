//! OAuth scopes of API clients (RFC 6749, 3.3).

use std::{collections::BTreeSet, fmt, str::FromStr};

/// One permission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// See evenings.
    EveningsRead,
    /// Make, change, publish and close evenings.
    EveningsWrite,
    /// See appointments, with the ids of students, parents and teachers.
    BookingsRead,
    /// See who met, who was late and who did not come.
    AttendanceRead,
    /// See invites, without the guests' names and addresses.
    InvitesRead,
    /// See the guests' names and addresses with the invites.
    GuestsRead,
    /// Import people who are not staff, classes, enrolments and guardianships.
    RosterWrite,
    /// With [`Self::RosterWrite`]: make people staff, and change or remove staff.
    RosterWriteStaff,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 8] = [
        Self::EveningsRead,
        Self::EveningsWrite,
        Self::BookingsRead,
        Self::AttendanceRead,
        Self::InvitesRead,
        Self::GuestsRead,
        Self::RosterWrite,
        Self::RosterWriteStaff,
    ];

    /// The name of the scope in requests and tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EveningsRead => "evenings:read",
            Self::EveningsWrite => "evenings:write",
            Self::BookingsRead => "bookings:read",
            Self::AttendanceRead => "attendance:read",
            Self::InvitesRead => "invites:read",
            Self::GuestsRead => "guests:read",
            Self::RosterWrite => "roster:write",
            Self::RosterWriteStaff => "roster:write_staff",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownScope(pub String);

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "There is no scope {:?}. The scopes are", self.0)?;
        Scope::ALL.iter().try_for_each(|scope| write!(f, " {scope}"))?;
        f.write_str(".")
    }
}

/// A set of scopes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Returns whether the set contains this scope.
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Returns whether the set contains all of the others.
    #[must_use]
    pub fn contains_all(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    /// Parses scopes that are separated by spaces.
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_round_trip_through_text() {
        let all: Scopes = Scope::ALL.into_iter().collect();
        assert_eq!(all.to_string().parse(), Ok(all));
        assert_eq!("".parse(), Ok(Scopes::default()));
        let two: Scopes = "bookings:read  evenings:read bookings:read".parse().unwrap();
        assert_eq!(two.to_string(), "evenings:read bookings:read");
    }

    #[test]
    fn unknown_scope_is_named_in_the_error() {
        for text in ["everything", "EVENINGS:READ", "evenings:read,bookings:read"] {
            assert_eq!(text.parse::<Scopes>(), Err(UnknownScope(text.to_owned())));
        }
    }

    #[test]
    fn larger_scope_set_covers_smaller() {
        let (some, all): (Scopes, Scopes) =
            ("evenings:read".parse().unwrap(), Scope::ALL.into_iter().collect());
        assert!(
            all.contains_all(&some)
                && !some.contains_all(&all)
                && some.contains_all(&Scopes::default())
        );
        assert!(some.contains(Scope::EveningsRead) && !some.contains(Scope::GuestsRead));
    }
}
