//! The mode of a server: production or a playground.

/// Purpose of the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A school's server. Refuses to start without SMTP and a key.
    Production,
    /// A demonstration, with a mailbox, one-click logins and loopback only.
    Demo,
    /// A developer's server, otherwise like [`Mode::Demo`].
    Dev,
    /// An integrator's server, like [`Mode::Demo`] and with an API client set up.
    Sandbox,
}

impl Mode {
    /// Returns whether this is a playground, with the mailbox, the one-click logins and the movable
    /// clock.
    #[must_use]
    pub const fn has_dev_tools(self) -> bool {
        matches!(self, Self::Demo | Self::Dev | Self::Sandbox)
    }

    /// The kind of database that the mode requires, stored in the database.
    #[must_use]
    pub const fn database_kind(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Demo | Self::Dev | Self::Sandbox => "playground",
        }
    }
}
