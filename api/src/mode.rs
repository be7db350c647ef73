//! The mode of a server: a school's, or one of the playgrounds.

/// What the server is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A school's. Refuses to start without SMTP and a key.
    Production,
    /// A demonstration: a mailbox to read, one-click logins, loopback only.
    Demo,
    /// A developer's: the same as a demonstration.
    Dev,
    /// A vendor's: the same as a demonstration, with a program that is connected already.
    Sandbox,
}

impl Mode {
    /// Whether the development mailbox and the one-click logins are there.
    #[must_use]
    pub const fn has_dev_tools(self) -> bool {
        matches!(self, Self::Demo | Self::Dev | Self::Sandbox)
    }

    /// How the database of such a server is marked.
    #[must_use]
    pub const fn database_kind(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Demo | Self::Dev | Self::Sandbox => "playground",
        }
    }
}
