//! The settings, read from a TOML file and the environment and checked once at start. Errors name
//! the setting and the values that it takes.

use std::{collections::BTreeMap, env, fs, net::SocketAddr, path::PathBuf};

use actix_web::http::header::HeaderName;
use anyhow::{Context as _, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use crate::mode::Mode;
use crate::{roster::RosterSource, store::DatabaseUrl};

/// All settings, checked.
#[derive(Clone)]
pub struct Config {
    /// The mode of the server.
    pub mode: Mode,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The URL by which browsers reach the server, without a trailing slash. It is also the origin
    /// that writing requests with cookies must have. `{host}` stands for a school's host.
    pub public_url: String,
    /// The database.
    pub database: DatabaseUrl,
    /// Number of database connections in the pool.
    pub connections: u32,
    /// Number of HTTP workers.
    pub workers: usize,
    /// Limit of open connections, over all workers.
    pub max_connections: usize,
    /// The server key, from which all secrets are derived.
    pub key: SecretString,
    /// The SMTP server; mail goes to the mailbox of a playground when absent.
    pub smtp_url: Option<SecretString>,
    /// The sender address of all mail.
    pub mail_from: String,
    /// The address of `GET /metrics` for Prometheus; metrics are off when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// The folder with the web app's files.
    pub client_dir: Option<PathBuf>,
    /// The trusted reverse proxies; `None` if the settings don't say whether there are any.
    pub proxies: Option<TrustedProxies>,
    /// True if a school is reachable by the path `/s/<its short name>/` besides its host.
    pub school_paths: bool,
    /// STUN and TURN servers for calls.
    pub ice: Ice,
    /// True if webhooks may go to private addresses and over plain HTTP, for a school's own
    /// network and for tests.
    pub private_webhooks: bool,
    /// `OneRoster` providers that are synced automatically.
    pub roster_sources: Vec<RosterSource>,
    /// The client secret for `OneRoster` providers that have none of their own in the settings.
    pub oneroster_secret: Option<SecretString>,
}

/// Trusted reverse proxies that add the client's address to a header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustedProxies {
    /// The number of proxies that a request passes.
    pub hops: usize,
    /// The header to which they add it: a comma-separated list of addresses, or `Forwarded` (RFC
    /// 7239).
    pub header: String,
}

/// STUN and TURN servers (RFC 8489, RFC 8656).
#[derive(Clone, Default)]
pub struct Ice {
    /// `stun:` addresses.
    pub stun_urls: Vec<String>,
    /// `turn:` and `turns:` addresses, with the secret shared with those servers.
    pub turn: Option<Turn>,
    /// True if browsers send media only through TURN.
    pub relay_only: bool,
}

/// TURN servers that share a secret with us.
#[derive(Clone)]
pub struct Turn {
    /// The `turn:` and `turns:` addresses.
    pub urls: Vec<String>,
    /// The secret that signs credentials (coturn's `static-auth-secret`).
    pub secret: SecretString,
}

/// The names of the settings in the environment. In the file a name is the part after `PARLOUR_` in
/// lower case, and `database_url`.
const NAMES: [&str; 25] = [
    "PARLOUR_MODE",
    "PARLOUR_LISTEN",
    "PARLOUR_PUBLIC_URL",
    "DATABASE_URL",
    "PARLOUR_DATABASE_CONNECTIONS",
    "PARLOUR_WORKERS",
    "PARLOUR_MAX_CONNECTIONS",
    "PARLOUR_KEY",
    "PARLOUR_SMTP_URL",
    "PARLOUR_MAIL_FROM",
    "PARLOUR_CLIENT_DIR",
    "PARLOUR_TRUSTED_PROXY_HOPS",
    "PARLOUR_CLIENT_IP_HEADER",
    "PARLOUR_SCHOOL_PATHS",
    "PARLOUR_STUN_URLS",
    "PARLOUR_TURN_URLS",
    "PARLOUR_TURN_SECRET",
    "PARLOUR_TURN_POLICY",
    "PARLOUR_WEBHOOKS_PRIVATE",
    "PARLOUR_LOG",
    "PARLOUR_LOG_FORMAT",
    "PARLOUR_METRICS_LISTEN",
    "PARLOUR_OTLP_URL",
    "PARLOUR_ROSTER_SOURCES",
    "PARLOUR_ONEROSTER_SECRET",
];

/// The shortest TURN secret that is accepted, in bytes.
const MIN_TURN_SECRET: usize = 16;

impl Config {
    /// Reads the file named by `PARLOUR_CONFIG`, or `parlour.toml` if that exists, and the
    /// environment, which takes precedence.
    ///
    /// # Errors
    /// A sentence that names the first setting that is missing or wrong.
    pub fn from_environment() -> anyhow::Result<Self> {
        let file = env::var_os("PARLOUR_CONFIG")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from("parlour.toml")).filter(|path| path.exists()));
        let mut values = match file {
            Some(path) => read_file(
                &fs::read_to_string(&path)
                    .with_context(|| format!("PARLOUR_CONFIG: can't read {}", path.display()))?,
            )?,
            None => BTreeMap::new(),
        };
        for name in NAMES {
            if let Ok(value) = env::var(name) {
                values.insert(name.to_owned(), value);
            }
        }
        Self::from_values(&values)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// A sentence that names the first setting that is missing or wrong.
    pub fn from_values(values: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let get = |name: &str| {
            values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
        };
        let mode = match get("PARLOUR_MODE") {
            None | Some("production") => Mode::Production,
            Some("demo") => Mode::Demo,
            Some("dev") => Mode::Dev,
            Some("sandbox") => Mode::Sandbox,
            Some(other) => {
                bail!("PARLOUR_MODE: {other:?} is none of production, demo, dev, sandbox")
            }
        };
        let listen: SocketAddr = get("PARLOUR_LISTEN")
            .unwrap_or("127.0.0.1:8080")
            .parse()
            .context("PARLOUR_LISTEN: give address:port, like 127.0.0.1:8080")?;
        ensure!(
            !mode.has_dev_tools() || listen.ip().is_loopback(),
            "PARLOUR_LISTEN: demo, dev and sandbox modes listen on loopback only, like \
             127.0.0.1:8080"
        );
        let database = get("DATABASE_URL").context(
            "DATABASE_URL: is missing; give sqlite://path/to/file.db or \
             postgres://user:password@host/database",
        )?;
        let database = DatabaseUrl::parse(database)
            .map_err(|problem| anyhow::anyhow!("DATABASE_URL: {problem}"))?;
        let key = match get("PARLOUR_KEY") {
            Some(key) if key.len() >= crate::keys::MIN_KEY_BYTES => {
                SecretString::from(key.to_owned())
            }
            Some(_) => bail!(
                "PARLOUR_KEY: must have at least {} characters; `openssl rand -hex 32` makes one",
                crate::keys::MIN_KEY_BYTES
            ),
            None if mode.has_dev_tools() => SecretString::from(
                "a playground's key, the same for everybody, of no secrecy at all".to_owned(),
            ),
            None => bail!(
                "PARLOUR_KEY: is missing; `openssl rand -hex 32` makes one. Keep it: links \
                 already mailed rest on it"
            ),
        };
        let smtp_url = get("PARLOUR_SMTP_URL").map(|url| SecretString::from(url.to_owned()));
        if let Some(url) = &smtp_url {
            let url = url.expose_secret();
            ensure!(
                url.starts_with("smtp://") || url.starts_with("smtps://"),
                "PARLOUR_SMTP_URL: give smtp://host:25, \
                 smtp://user:password@host:587?tls=required or smtps://…"
            );
        }
        ensure!(
            mode.has_dev_tools() || smtp_url.is_some(),
            "PARLOUR_SMTP_URL: is missing; production needs a mail server, like \
             smtps://user:password@mail.example.org"
        );
        let mail_from = get("PARLOUR_MAIL_FROM")
            .map(str::to_owned)
            .or_else(|| mode.has_dev_tools().then(|| "parlour@example.org".to_owned()))
            .context("PARLOUR_MAIL_FROM: is missing; give the sender's address of all mail")?;
        let mail_from = parlour_domain::EmailAddress::parse(&mail_from)
            .map_err(|_| anyhow::anyhow!("PARLOUR_MAIL_FROM: {mail_from:?} is no email address"))?
            .to_string();
        let public_url = match get("PARLOUR_PUBLIC_URL") {
            Some(url)
                if url.starts_with("https://")
                    || (url.starts_with("http://") && mode.has_dev_tools()) =>
            {
                url.trim_end_matches('/').to_owned()
            }
            Some(_) => bail!("PARLOUR_PUBLIC_URL: must begin with https://"),
            None if mode.has_dev_tools() => format!("http://{listen}"),
            None => bail!(
                "PARLOUR_PUBLIC_URL: is missing; give the address in the browser, like \
                 https://{{host}} with each school's own host"
            ),
        };
        let oneroster_secret =
            get("PARLOUR_ONEROSTER_SECRET").map(|secret| SecretString::from(secret.to_owned()));
        Ok(Self {
            mode,
            listen,
            public_url,
            database,
            connections: number(
                get("PARLOUR_DATABASE_CONNECTIONS"),
                8,
                "PARLOUR_DATABASE_CONNECTIONS",
                1..=64,
            )?,
            max_connections: number(
                get("PARLOUR_MAX_CONNECTIONS"),
                8192,
                "PARLOUR_MAX_CONNECTIONS",
                16..=1_000_000,
            )? as usize,
            workers: number(get("PARLOUR_WORKERS"), 2, "PARLOUR_WORKERS", 1..=64)? as usize,
            key,
            smtp_url,
            mail_from,
            metrics_listen: get("PARLOUR_METRICS_LISTEN")
                .map(|at| {
                    at.parse().context(
                        "PARLOUR_METRICS_LISTEN: give address:port, like 127.0.0.1:9090, where \
                         nobody but Prometheus gets to",
                    )
                })
                .transpose()?,
            client_dir: get("PARLOUR_CLIENT_DIR").map(PathBuf::from),
            proxies: TrustedProxies::from_values(&get)?,
            school_paths: match get("PARLOUR_SCHOOL_PATHS") {
                None => mode.has_dev_tools(),
                Some("allow") => true,
                Some("refuse") => false,
                Some(other) => bail!("PARLOUR_SCHOOL_PATHS: {other:?} is none of refuse, allow"),
            },
            ice: Ice::from_values(&get)?,
            private_webhooks: match get("PARLOUR_WEBHOOKS_PRIVATE") {
                None | Some("refuse") => false,
                Some("allow") => true,
                Some(other) => {
                    bail!("PARLOUR_WEBHOOKS_PRIVATE: {other:?} is none of refuse, allow")
                }
            },
            roster_sources: RosterSource::parse_all(
                get("PARLOUR_ROSTER_SOURCES").unwrap_or("[]"),
                oneroster_secret.as_ref(),
            )
            .map_err(|problem| anyhow::anyhow!("PARLOUR_ROSTER_SOURCES: {problem:#}"))?,
            oneroster_secret,
        })
    }

    /// Returns whether browsers reach the server by HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Returns whether responses tell browsers to use only HTTPS from now on (HSTS).
    #[must_use]
    pub fn is_https_only(&self) -> bool {
        self.mode == Mode::Production && self.is_https()
    }

    /// Returns whether this is the origin (RFC 6454, 6.2) of the pages of the school on this host.
    /// A playground is also reachable as `localhost`.
    #[must_use]
    pub fn is_origin(&self, origin: &str, host: Option<&str>) -> bool {
        let url = host
            .map_or_else(|| self.public_url.clone(), |host| self.public_url.replace(HOST, host));
        let Some(own) = Url::parse(&url)
            .ok()
            .filter(|_| !url.contains(HOST))
            .map(|url| url.origin().ascii_serialization())
        else {
            return false;
        };
        let is_local = || {
            self.mode.has_dev_tools()
                && origin.eq_ignore_ascii_case(&own.replacen("//127.0.0.1", "//localhost", 1))
        };
        origin.eq_ignore_ascii_case(&own) || is_local()
    }

    /// Checks that the pages of every school can be reached. Takes the names of the schools without
    /// a host and the number of all schools.
    ///
    /// # Errors
    /// A sentence that names the schools that can't be reached.
    pub fn check_school_urls(&self, without_host: &[String], schools: usize) -> anyhow::Result<()> {
        let is_reached = self.mode.has_dev_tools()
            || (!self.public_url.contains(HOST) && (self.school_paths || schools == 1));
        ensure!(
            is_reached || without_host.is_empty(),
            "nobody can reach {}: give each its own host (the column `host` of its row in \
             `schools`), or allow paths with PARLOUR_SCHOOL_PATHS=allow and a PARLOUR_PUBLIC_URL \
             without {HOST}",
            without_host.join(", ")
        );
        Ok(())
    }
}

/// The placeholder of a school's host in [`Config::public_url`].
pub const HOST: &str = "{host}";

impl Config {
    /// Checks the setting that only a serving process needs: in production on loopback the server
    /// is behind a proxy, so the number of trusted proxies must be given. Otherwise all clients
    /// would have the proxy's address, or could claim any address.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn check_serving(&self) -> anyhow::Result<()> {
        ensure!(
            self.mode.has_dev_tools() || !self.listen.ip().is_loopback() || self.proxies.is_some(),
            "PARLOUR_TRUSTED_PROXY_HOPS: is missing; say how many proxies of yours a request \
             passes before it gets to {}, mostly 1, or 0 if there are none",
            self.listen
        );
        Ok(())
    }
}

impl TrustedProxies {
    fn from_values<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> anyhow::Result<Option<Self>> {
        let (hops, header) = (get("PARLOUR_TRUSTED_PROXY_HOPS"), get("PARLOUR_CLIENT_IP_HEADER"));
        if hops.is_none() && header.is_none() {
            return Ok(None);
        }
        let header = header.unwrap_or("X-Forwarded-For");
        ensure!(
            HeaderName::try_from(header).is_ok(),
            "PARLOUR_CLIENT_IP_HEADER: {header:?} is no header's name"
        );
        let hops = number(hops, 1, "PARLOUR_TRUSTED_PROXY_HOPS", 0..=8)? as usize;
        Ok(Some(Self { hops, header: header.to_owned() }))
    }
}

impl Ice {
    fn from_values<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> anyhow::Result<Self> {
        let stun_urls = urls(
            get("PARLOUR_STUN_URLS"),
            &["stun:", "stuns:"],
            "PARLOUR_STUN_URLS: give addresses like stun:turn.example.org:3478, with commas \
             between",
        )?;
        let turn_urls = urls(
            get("PARLOUR_TURN_URLS"),
            &["turn:", "turns:"],
            "PARLOUR_TURN_URLS: give addresses like turns:turn.example.org:443?transport=tcp, \
             with commas between",
        )?;
        let turn = match (turn_urls.is_empty(), get("PARLOUR_TURN_SECRET")) {
            (true, _) => None,
            (false, Some(secret)) if secret.len() >= MIN_TURN_SECRET => {
                Some(Turn { urls: turn_urls, secret: SecretString::from(secret.to_owned()) })
            }
            (false, Some(_)) => bail!(
                "PARLOUR_TURN_SECRET: must have at least {MIN_TURN_SECRET} characters; `openssl \
                 rand -hex 32` makes one"
            ),
            (false, None) => bail!(
                "PARLOUR_TURN_SECRET: is missing; give the static-auth-secret of the TURN server"
            ),
        };
        let relay_only = match get("PARLOUR_TURN_POLICY") {
            None | Some("all") => false,
            Some("relay") => true,
            Some(other) => bail!("PARLOUR_TURN_POLICY: {other:?} is none of all, relay"),
        };
        ensure!(
            !relay_only || turn.is_some(),
            "PARLOUR_TURN_POLICY: relay needs a TURN server; give PARLOUR_TURN_URLS"
        );
        Ok(Self { stun_urls, turn, relay_only })
    }
}

/// Parses addresses separated by commas or blanks. Each must have one of the schemes.
fn urls(
    value: Option<&str>,
    schemes: &[&str],
    wanted: &'static str,
) -> anyhow::Result<Vec<String>> {
    let all: Vec<String> = value
        .unwrap_or_default()
        .split([',', ' '])
        .map(str::trim)
        .filter(|url| !url.is_empty())
        .map(str::to_owned)
        .collect();
    ensure!(
        all.iter().all(|url| schemes.iter().any(|scheme| url
            .strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')))),
        wanted
    );
    Ok(all)
}

fn read_file(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    // The full error of the TOML parser would quote the text and with it a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        anyhow::anyhow!("PARLOUR_CONFIG: the file is not TOML: {}", error.message())
    })?;
    let named = |name: &str| {
        NAMES
            .into_iter()
            .find(|known| known.trim_start_matches("PARLOUR_").eq_ignore_ascii_case(name))
    };
    table
        .into_iter()
        .map(|(name, value)| {
            let known = named(&name)
                .with_context(|| format!("PARLOUR_CONFIG: {name:?} is not a setting"))?;
            let value = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
            Ok((known.to_owned(), value))
        })
        .collect()
}

fn number(
    value: Option<&str>,
    default: u32,
    name: &str,
    range: std::ops::RangeInclusive<u32>,
) -> anyhow::Result<u32> {
    let Some(text) = value else { return Ok(default) };
    let number: Option<u32> = text.parse().ok();
    number
        .filter(|n| range.contains(n))
        .with_context(|| format!("{name}: give a number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(settings: &[(&str, &str)], names: Option<&str>) {
        let values = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let error = Config::from_values(&values).err().map(|error| error.to_string());
        match (names, error) {
            (None, None) => {}
            (Some(name), Some(error)) if error.starts_with(name) => {}
            (names, error) => panic!("expected {names:?}, found {error:?}"),
        }
    }

    #[test]
    fn config_error_names_setting() {
        let demo = [("PARLOUR_MODE", "demo"), ("DATABASE_URL", "sqlite://x.db")];
        let with = |more: &[(&'static str, &'static str)]| [&demo[..], more].concat();
        check(&demo, None);
        check(&[], Some("DATABASE_URL"));
        check(&[("DATABASE_URL", "mysql://x")], Some("DATABASE_URL"));
        check(&[("DATABASE_URL", "sqlite://x.db")], Some("PARLOUR_KEY"));
        check(
            &[
                ("DATABASE_URL", "sqlite://x.db"),
                ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
            ],
            Some("PARLOUR_SMTP_URL"),
        );
        check(&with(&[("PARLOUR_LISTEN", "0.0.0.0:80")]), Some("PARLOUR_LISTEN"));
        check(&with(&[("PARLOUR_WORKERS", "many")]), Some("PARLOUR_WORKERS"));
        check(&with(&[("PARLOUR_MAX_CONNECTIONS", "0")]), Some("PARLOUR_MAX_CONNECTIONS"));
        check(&with(&[("PARLOUR_KEY", "short")]), Some("PARLOUR_KEY"));
        check(&with(&[("PARLOUR_SMTP_URL", "mail.example.org")]), Some("PARLOUR_SMTP_URL"));
        check(&with(&[("PARLOUR_MAIL_FROM", "nobody")]), Some("PARLOUR_MAIL_FROM"));
        check(&[("PARLOUR_MODE", "fun")], Some("PARLOUR_MODE"));
        check(
            &with(&[("PARLOUR_STUN_URLS", "stun:a.example.org:3478, stun:b.example.org:3478")]),
            None,
        );
        check(&with(&[("PARLOUR_STUN_URLS", "http://a.example.org")]), Some("PARLOUR_STUN_URLS"));
        let turn = ("PARLOUR_TURN_URLS", "turn:a.example.org:3478?transport=udp");
        check(
            &with(&[
                turn,
                ("PARLOUR_TURN_SECRET", "0123456789abcdef"),
                ("PARLOUR_TURN_POLICY", "relay"),
            ]),
            None,
        );
        check(&with(&[("PARLOUR_TURN_URLS", "turn://a.example.org")]), Some("PARLOUR_TURN_URLS"));
        check(&with(&[turn]), Some("PARLOUR_TURN_SECRET"));
        check(&with(&[turn, ("PARLOUR_TURN_SECRET", "short")]), Some("PARLOUR_TURN_SECRET"));
        check(&with(&[("PARLOUR_TURN_POLICY", "relay")]), Some("PARLOUR_TURN_POLICY"));
        check(
            &with(&[
                ("PARLOUR_TRUSTED_PROXY_HOPS", "2"),
                ("PARLOUR_CLIENT_IP_HEADER", "Forwarded"),
            ]),
            None,
        );
        check(&with(&[("PARLOUR_TRUSTED_PROXY_HOPS", "9")]), Some("PARLOUR_TRUSTED_PROXY_HOPS"));
        check(&with(&[("PARLOUR_TRUSTED_PROXY_HOPS", "-1")]), Some("PARLOUR_TRUSTED_PROXY_HOPS"));
        check(
            &with(&[("PARLOUR_CLIENT_IP_HEADER", "X Forwarded")]),
            Some("PARLOUR_CLIENT_IP_HEADER"),
        );
        check(&with(&[("PARLOUR_WEBHOOKS_PRIVATE", "allow")]), None);
        check(&with(&[("PARLOUR_WEBHOOKS_PRIVATE", "yes")]), Some("PARLOUR_WEBHOOKS_PRIVATE"));
        check(
            &with(&[("PARLOUR_ROSTER_SOURCES", "[{ url = 1 }]")]),
            Some("PARLOUR_ROSTER_SOURCES"),
        );
        check(&with(&[("PARLOUR_SCHOOL_PATHS", "refuse")]), None);
        check(&with(&[("PARLOUR_SCHOOL_PATHS", "no")]), Some("PARLOUR_SCHOOL_PATHS"));
    }

    fn config(settings: &[(&str, &str)]) -> Config {
        let needed = [
            ("DATABASE_URL", "sqlite://x.db"),
            ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
            ("PARLOUR_SMTP_URL", "smtp://localhost"),
        ];
        let values =
            [("PARLOUR_MAIL_FROM", "school@example.org")].iter().chain(&needed).chain(settings);
        Config::from_values(
            &values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
        .unwrap()
    }

    #[test]
    fn is_origin_compares_with_public_url() {
        let of = |url: &str| config(&[("PARLOUR_PUBLIC_URL", url)]);
        let hosts = of("https://{host}");
        assert!(hosts.is_origin("https://evening.example.org", Some("evening.example.org")));
        assert!(!hosts.is_origin("https://other.example.org", Some("evening.example.org")));
        assert!(
            !hosts.is_origin("http://evening.example.org", Some("evening.example.org")),
            "another scheme"
        );
        assert!(
            !hosts.is_origin("https://evening.example.org:8443", Some("evening.example.org")),
            "another port"
        );
        assert!(!hosts.is_origin("https://{host}", None) && !hosts.is_origin("null", None));
        let one = of("https://evening.example.org:443/");
        assert!(one.is_origin("https://evening.example.org", None));
        assert!(!one.is_origin("https://localhost", None));
        let demo = config(&[("PARLOUR_MODE", "demo"), ("PARLOUR_LISTEN", "127.0.0.1:8081")]);
        assert!(
            demo.is_origin("http://127.0.0.1:8081", None)
                && demo.is_origin("http://localhost:8081", None)
        );
        assert!(
            !demo.is_origin("http://localhost:8080", None)
                && !demo.is_origin("http://evil.example:8081", None)
        );
    }

    #[test]
    fn unreachable_school_is_reported() {
        let check = |url: &str, paths: &str, without_host: &[&str], schools| {
            let config = config(&[("PARLOUR_PUBLIC_URL", url), ("PARLOUR_SCHOOL_PATHS", paths)]);
            let names: Vec<String> = without_host.iter().map(|name| (*name).to_owned()).collect();
            config.check_school_urls(&names, schools).map_err(|error| error.to_string())
        };
        assert_eq!(
            check("https://evening.example.org", "refuse", &["Hillcrest"], 1),
            Ok(()),
            "a single school answers on every host"
        );
        assert_eq!(
            check("https://evening.example.org", "allow", &["Hillcrest", "Lakeside"], 2),
            Ok(())
        );
        assert_eq!(check("https://{host}", "refuse", &[], 2), Ok(()));
        for refused in [
            check("https://evening.example.org", "refuse", &["Lakeside"], 2),
            check("https://{host}", "allow", &["Lakeside"], 1),
        ] {
            assert!(refused.is_err_and(
                |error| error.contains("Lakeside") && error.contains("PARLOUR_SCHOOL_PATHS")
            ));
        }
    }

    #[test]
    fn toml_error_does_not_quote_the_file() {
        let error = read_file("key = \"hush-hush\nmode = demo").unwrap_err();
        assert!(format!("{error:#}").starts_with("PARLOUR_CONFIG: the file is not TOML"));
        assert!(!format!("{error:#} {error:?}").contains("hush"));
    }

    /// Checks whether a server with these settings may serve, and its number of trusted proxies.
    #[track_caller]
    fn check_serving(settings: &[(&str, &str)], serves: bool, hops: Option<usize>) {
        let production = [
            ("DATABASE_URL", "sqlite://x.db"),
            ("PARLOUR_KEY", "0123456789abcdef0123456789abcdef"),
            ("PARLOUR_SMTP_URL", "smtp://127.0.0.1:25"),
            ("PARLOUR_MAIL_FROM", "school@example.org"),
            ("PARLOUR_PUBLIC_URL", "https://{host}"),
        ];
        let values = production
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let config = Config::from_values(&values).unwrap();
        let refused = config.check_serving().map_err(|error| error.to_string());
        let is_hops_missing =
            |error: &String| error.starts_with("PARLOUR_TRUSTED_PROXY_HOPS: is missing");
        match serves {
            true => assert_eq!(refused, Ok(()), "{settings:?}"),
            false => assert!(refused.as_ref().is_err_and(is_hops_missing), "{refused:?}"),
        }
        assert_eq!(config.proxies.map(|proxies| proxies.hops), hops, "{settings:?}");
    }

    #[test]
    fn production_on_loopback_requires_proxy_settings() {
        check_serving(&[], false, None);
        check_serving(&[("PARLOUR_LISTEN", "[::1]:8080")], false, None);
        check_serving(&[("PARLOUR_LISTEN", "0.0.0.0:8080")], true, None);
        check_serving(&[("PARLOUR_MODE", "demo")], true, None);
        check_serving(&[("PARLOUR_TRUSTED_PROXY_HOPS", "0")], true, Some(0));
        check_serving(&[("PARLOUR_TRUSTED_PROXY_HOPS", "2")], true, Some(2));
        check_serving(&[("PARLOUR_CLIENT_IP_HEADER", "X-Real-IP")], true, Some(1));
    }

    #[test]
    fn roster_sources_table_is_parsed() {
        let text = r#"
mode = "demo"
database_url = "sqlite://x.db"
oneroster_secret = "hush"

[[roster_sources]]
url = "https://sis.example.org"
token_url = "https://sis.example.org/token"
client_id = "parlour"
every = "12h"
"#;
        let config = Config::from_values(&read_file(text).unwrap()).unwrap();
        let every: Vec<u64> =
            config.roster_sources.iter().map(|source| source.every.as_secs()).collect();
        assert_eq!(every, [12 * 60 * 60]);
    }
}
