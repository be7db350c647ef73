//! Sources that `parlour serve` syncs by itself, parsed from the TOML tables of the settings. Knows
//! no database and no network.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail, ensure};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    ImportOptions, RemovalLimit,
    remote::{NewProvider, Provider, Version},
};

/// A provider that is synced at intervals.
#[derive(Clone)]
pub struct RosterSource {
    /// The provider.
    pub provider: Provider,
    /// The interval between two syncs.
    pub every: Duration,
    /// The longest interval between two full syncs; the syncs in between ask for changes only.
    pub full_every: Duration,
    /// Schools that it may write, their time zone and the limit on removals.
    pub options: ImportOptions,
}

/// One table of the settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: String,
    token_url: String,
    client_id: String,
    secret: Option<String>,
    version: Option<String>,
    scope: Option<String>,
    every: Option<String>,
    full_every: Option<String>,
    school: Option<String>,
    schools: Option<Vec<String>>,
    time_zone: Option<chrono_tz::Tz>,
    max_removals: Option<u8>,
    ca_file: Option<PathBuf>,
}

/// The table around the list, as TOML's parser needs it.
#[derive(Deserialize)]
struct Tables {
    sources: Vec<Table>,
}

const DEFAULT_INTERVAL: &str = "6h";
const DEFAULT_FULL_INTERVAL: &str = "1d";
const MIN_INTERVAL: Duration = Duration::from_secs(5 * 60);

impl RosterSource {
    /// Parses a list of tables. `secret` is for sources that have no secret of their own.
    ///
    /// # Errors
    /// A sentence about the first source that is invalid.
    pub fn parse_all(list: &str, secret: Option<&SecretString>) -> anyhow::Result<Vec<Self>> {
        // The full error of TOML's parser quotes the text, and with it a secret.
        let tables: Tables = toml::from_str(&format!("sources = {list}"))
            .map_err(|error| anyhow::anyhow!("{}", error.message()))?;
        let sources: Vec<Self> = tables
            .sources
            .into_iter()
            .map(|table| Self::of(table, secret))
            .collect::<anyhow::Result<_>>()?;
        for (at, source) in sources.iter().enumerate() {
            let twice = sources[..at]
                .iter()
                .any(|earlier| earlier.provider.name() == source.provider.name());
            ensure!(
                !twice,
                "the same provider and client stand there twice: {}",
                source.provider.name()
            );
            let shared = source.options.schools.iter().find(|school| {
                sources[..at].iter().any(|earlier| earlier.options.schools.contains(school))
            });
            ensure!(
                shared.is_none(),
                "two sources list the school {:?}; one alone may write it",
                shared.map_or("", String::as_str)
            );
        }
        Ok(sources)
    }

    fn of(table: Table, secret: Option<&SecretString>) -> anyhow::Result<Self> {
        let Table {
            url,
            token_url,
            client_id,
            secret: own,
            version,
            scope,
            every,
            full_every,
            school,
            schools,
            time_zone,
            max_removals,
            ca_file,
        } = table;
        let secret = own.map(SecretString::from).or_else(|| secret.cloned());
        let secret = secret.with_context(|| {
            format!(
                "the secret of {client_id:?} is missing; give `secret`, or \
                 PARLOUR_ONEROSTER_SECRET"
            )
        })?;
        let version: Version = version.as_deref().unwrap_or("1.1").parse()?;
        let provider = Provider::new(NewProvider {
            url,
            token_url,
            client_id,
            secret,
            scope,
            version,
            ca_file,
        })?;
        let every = duration(every.as_deref().unwrap_or(DEFAULT_INTERVAL))?;
        let full_every = duration(full_every.as_deref().unwrap_or(DEFAULT_FULL_INTERVAL))?;
        let limit =
            max_removals.map_or_else(RemovalLimit::default, |percent| RemovalLimit { percent });
        ensure!(limit.percent <= 100, "max_removals is a percentage");
        let schools: Vec<String> =
            schools.into_iter().flatten().chain(school).map(|id| id.trim().to_owned()).collect();
        ensure!(
            schools.iter().all(|id| !id.is_empty()),
            "schools: give the ids of the schools in the provider's roster; one is blank"
        );
        let time_zone = time_zone.unwrap_or(chrono_tz::Europe::London).name().to_owned();
        Ok(Self {
            provider,
            every,
            full_every,
            options: ImportOptions {
                school: None,
                schools,
                dry_run: false,
                time_zone,
                limit: Some(limit),
            },
        })
    }
}

/// Parses `30m`, `6h` or `1d`; refuses less than five minutes.
fn duration(text: &str) -> anyhow::Result<Duration> {
    let unit = text.chars().last().unwrap_or_default();
    let number: Option<u64> = text.strip_suffix(unit).and_then(|number| number.trim().parse().ok());
    let seconds = match (number, unit) {
        (Some(number @ 1..=10_000), 'm') => number * 60,
        (Some(number @ 1..=10_000), 'h') => number * 60 * 60,
        (Some(number @ 1..=366), 'd') => number * 24 * 60 * 60,
        _ => bail!("every, full_every: {text:?} is not a time like 30m, 6h or 1d"),
    };
    let every = Duration::from_secs(seconds);
    ensure!(
        every >= MIN_INTERVAL,
        "every: {text:?} is too often; a provider is asked for everything each time"
    );
    Ok(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = concat!(
        r#"url = "https://sis.example.org", token_url = "https://sis.example.org/token", "#,
        r#"client_id = "parlour""#
    );

    #[track_caller]
    fn check(list: &str, error: Option<&str>) {
        let parsed = RosterSource::parse_all(list, None).err().map(|error| format!("{error:#}"));
        match (error, &parsed) {
            (None, None) => {}
            (Some(part), Some(whole)) if whole.contains(part) && !whole.contains("hush") => {}
            _ => panic!("expected {error:?}, found {parsed:?}"),
        }
    }

    #[test]
    fn parses_roster_sources() {
        let hush = r#"secret = "hush""#;
        let more =
            r#"version = "1.2", every = "30m", max_removals = 20, time_zone = "Europe/Berlin""#;
        check("[]", None);
        check(&format!(r#"[{{ {ONE}, {hush}, {more} }}]"#), None);
        check(&format!("[{{ {ONE} }}]"), Some("the secret of \"parlour\" is missing"));
        check(&format!(r#"[{{ {ONE}, secret = "hush", every = "1m" }}]"#), Some("too often"));
        check(&format!(r#"[{{ {ONE}, secret = "hush", full_every = "12h" }}]"#), None);
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", full_every = "never" }}]"#),
            Some("not a time like"),
        );
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", every = "soon" }}]"#),
            Some("not a time like"),
        );
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", version = "2" }}]"#),
            Some("none of 1.1, 1.2"),
        );
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", max_removals = 101 }}]"#),
            Some("percentage"),
        );
        check(&format!(r#"[{{ {ONE}, secret = "hush", colour = "red" }}]"#), Some("colour"));
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", ca_file = "/nowhere/ca.pem" }}]"#),
            Some("/nowhere/ca.pem can't be read"),
        );
        check(
            &format!(r#"[{{ {ONE}, secret = "hush" }}, {{ {ONE}, secret = "hush" }}]"#),
            Some("twice"),
        );
        check(&format!(r#"[{{ {ONE}, secret = "hush", schools = ["42", "43"] }}]"#), None);
        check(
            &format!(r#"[{{ {ONE}, secret = "hush", schools = ["42", " "] }}]"#),
            Some("one is blank"),
        );
        let other = ONE.replace("\"parlour\"", "\"other\"");
        check(
            &format!(
                r#"[{{ {ONE}, {hush}, schools = ["42"] }}, {{ {other}, {hush}, school = "42" }}]"#
            ),
            Some("two sources list the school \"42\""),
        );
        check(r#"[{ secret = "hush }]"#, Some(""));
    }

    #[test]
    fn default_source_syncs_every_six_hours_with_removal_limit() {
        let secret = SecretString::from("hush");
        let sources = RosterSource::parse_all(&format!("[{{ {ONE} }}]"), Some(&secret)).unwrap();
        let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
        assert_eq!(
            (sources[0].every, sources[0].full_every, sources[0].options.limit),
            (hours(6), hours(24), Some(RemovalLimit::default()))
        );
    }
}
