//! A `OneRoster` provider, as the settings or the command line give it: its addresses and our
//! credentials.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use parlour_roster::{Collection, Format};
use reqwest::Certificate;
use secrecy::SecretString;
use url::{Host, Url};

use super::tls::authorities;

/// A version of the standard with a REST binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Version {
    /// `OneRoster` 1.1: a person's row has one role.
    #[default]
    V11,
    /// `OneRoster` 1.2: a person has a list of roles.
    V12,
}

impl Version {
    /// The path between the host and the collections (`OneRoster` 1.1, 3.2; 1.2 REST binding, 3.1).
    const fn base_path(self) -> &'static str {
        match self {
            Self::V11 => "ims/oneroster/v1p1/",
            Self::V12 => "ims/oneroster/rostering/v1p2/",
        }
    }

    /// The OAuth scope that covers everything that is read here.
    const fn scope(self) -> &'static str {
        match self {
            Self::V11 => "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly",
            Self::V12 => "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly",
        }
    }

    /// The format that its collections are read as.
    const fn format(self) -> Format {
        match self {
            Self::V11 => Format::OneRoster11,
            Self::V12 => Format::OneRoster12,
        }
    }
}

impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "1.1" => Ok(Self::V11),
            "1.2" => Ok(Self::V12),
            other => anyhow::bail!("the version {other:?} is none of 1.1, 1.2"),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        })
    }
}

/// The settings of a provider, unchecked.
#[derive(Clone)]
pub struct NewProvider {
    /// Its host, or the whole base address of its collections.
    pub url: String,
    /// The address of its token endpoint.
    pub token_url: String,
    /// Our client id.
    pub client_id: String,
    /// Our client secret.
    pub secret: SecretString,
    /// The scope to ask for; blank for none, `None` for that of the version.
    pub scope: Option<String>,
    /// The version of the standard that it implements.
    pub version: Version,
    /// A PEM file of authorities that are trusted for its certificate, besides those of the
    /// system.
    pub ca_file: Option<PathBuf>,
}

/// A provider whose addresses are valid.
#[derive(Clone)]
pub struct Provider {
    pub(super) base: Url,
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) secret: SecretString,
    pub(super) scope: String,
    pub(super) version: Version,
    pub(super) authorities: Vec<Certificate>,
}

impl Provider {
    /// Checks the addresses. Every request carries a secret, so an address must be `https` or on
    /// this machine. Reads the file of authorities.
    ///
    /// # Errors
    /// A sentence about the first setting that is invalid.
    pub fn new(new: NewProvider) -> anyhow::Result<Self> {
        let mut base = address(&new.url).context("the provider's address does not hold")?;
        let token_url =
            address(&new.token_url).context("the address of the tokens does not hold")?;
        ensure!(!new.client_id.trim().is_empty(), "the client's id is missing");
        let path = match base.path().trim_matches('/') {
            path if path.contains("ims/oneroster") => format!("/{path}/"),
            "" => format!("/{}", new.version.base_path()),
            path => format!("/{path}/{}", new.version.base_path()),
        };
        base.set_path(&path);
        let scope = new.scope.unwrap_or_else(|| new.version.scope().to_owned());
        let authorities = new.ca_file.as_deref().map_or_else(|| Ok(Vec::new()), authorities)?;
        Ok(Self {
            base,
            token_url,
            client_id: new.client_id,
            secret: new.secret,
            scope,
            version: new.version,
            authorities,
        })
    }

    /// The name of its lease and of its source: two syncs of the same data must not run at once.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.base, self.client_id)
    }

    /// The base address of its collections.
    #[must_use]
    pub fn address(&self) -> &str {
        self.base.as_str()
    }

    /// The format that its collections are read as.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.version.format()
    }

    /// Returns whether a request to an address goes to the provider.
    pub(super) fn is_same_origin(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The URL of a page of a collection; with a filter for changes after `since`, if given
    /// (`OneRoster` 1.1, 3.4.3; 1.2 REST binding, 3.4.3).
    pub(super) fn page(
        &self,
        collection: Collection,
        limit: usize,
        offset: u64,
        since: Option<DateTime<Utc>>,
    ) -> anyhow::Result<Url> {
        let mut url = self.base.join(collection.name())?;
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string())
            .append_pair("offset", &offset.to_string());
        if let Some(since) = since {
            let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
            url.query_pairs_mut().append_pair("filter", &format!("dateLastModified>'{since}'"));
        }
        Ok(url)
    }
}

fn address(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text.trim())
        .with_context(|| format!("{text:?} is not an address like https://roster.example.org"))?;
    ensure!(url.query().is_none() && url.fragment().is_none(), "{text:?} must end with its path");
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "an address holds no password here; give the client's id and secret"
    );
    let on_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    };
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && on_this_machine),
        "{text:?} must begin with https://"
    );
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(url: &str, version: Version) -> anyhow::Result<Provider> {
        let token_url = "https://sis.example.org/token".to_owned();
        let (client_id, secret) = ("parlour".to_owned(), SecretString::from("secret"));
        Provider::new(NewProvider {
            url: url.to_owned(),
            token_url,
            client_id,
            secret,
            scope: None,
            version,
            ca_file: None,
        })
    }

    #[test]
    fn appends_the_oneroster_path_to_the_base_url() {
        let check = |url: &str, version, expected: &str| {
            assert_eq!(provider(url, version).unwrap().base.as_str(), expected, "{url}")
        };
        check(
            "https://sis.example.org",
            Version::V11,
            "https://sis.example.org/ims/oneroster/v1p1/",
        );
        check(
            "https://sis.example.org/district/",
            Version::V12,
            "https://sis.example.org/district/ims/oneroster/rostering/v1p2/",
        );
        check(
            "https://sis.example.org/ims/oneroster/v1p1",
            Version::V11,
            "https://sis.example.org/ims/oneroster/v1p1/",
        );
    }

    #[test]
    fn plain_http_is_refused_except_on_loopback() {
        let check = |url: &str, expected: Option<&str>| {
            let error = provider(url, Version::V11).err();
            let error = error.map(|error| format!("{error:#}")).unwrap_or_default();
            match expected {
                None => assert_eq!(error, "", "{url}"),
                Some(part) => assert!(error.contains(part), "{url}: {error:?}"),
            }
        };
        let (no_https, no_password) =
            (Some("must begin with https://"), Some("holds no password here"));
        check("http://127.0.0.1:8080", None);
        check("http://localhost:8080", None);
        check("http://sis.example.org", no_https);
        check("ftp://sis.example.org", no_https);
        check("https://me:password@sis.example.org", no_password);
        check("https://sis.example.org?limit=1", Some("must end with its path"));
        check("sis.example.org", Some("is not an address"));
    }
}
