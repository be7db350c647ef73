//! A roster over https: from a provider whose certificate is of the school's own authority, when
//! that is given, and from no other.

use std::{
    env,
    process::{Command, Stdio},
};

use parlour::{
    context::Random,
    mail::install_tls,
    roster::{
        ImportOptions,
        remote::{self, NewProvider, Version},
    },
};

use crate::harness::{
    Roster, School,
    provider::{Fault, Provider, an_hour_later, impatient, source},
    tls::{Authority, Front},
};

/// A year that is not over.
const LATER: i32 = 2099;

/// A provider behind a front with a certificate of the authority, for `localhost`.
async fn provider(roster: &Roster, authority: &Authority, last_year: i32) -> (Provider, Front) {
    let mut provider = Provider::start(Version::V11, roster).await;
    let front = Front::before(&provider.origin, authority.certify("localhost", last_year)).await;
    provider.origin = front.origin("localhost");
    (provider, front)
}

/// The sync is refused with all of these words, and nothing was asked for or written.
async fn refused(provider: &Provider, school: &School, words: &[&str]) {
    let error = format!(
        "{:#}",
        provider.sync(school, ImportOptions::default()).await.expect_err("it is not trusted")
    );
    assert!(words.iter().all(|word| error.contains(word)), "{words:?} are not in {error:?}");
    assert!(!error.contains("tries"), "trying again makes no certificate better: {error}");
    assert_eq!(
        Roster::of_the_demo().import(school).await.changes.guardianships.added,
        0,
        "nothing was written"
    );
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_given_is_trusted() {
    let (school, authority) = (School::start().await, Authority::new());
    let (mut provider, _front) = provider(&Roster::without_sophie(), &authority, LATER).await;
    let words = [
        "the token: the certificate of localhost is of an authority that is not trusted here",
        "`ca_file`",
        "`--ca-file`",
    ];
    refused(&provider, &school, &words).await;
    // Another authority's is not enough.
    let other = Authority::new();
    provider.ca_file = Some(other.file());
    refused(&provider, &school, &words).await;
    assert_eq!(provider.asked("token"), 0, "the secret has gone nowhere");
    provider.ca_file = Some(authority.file());
    let report = provider.sync(&school, ImportOptions::default()).await.unwrap();
    assert_eq!(report.changes.guardianships.removed, 1, "{report}");
    // As a source of the settings too.
    Roster::of_the_demo().import(&school).await;
    assert_eq!(an_hour_later(&school, &source(&provider)).await.changes.guardianships.removed, 1);
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn a_certificate_of_another_host_or_one_that_has_run_out_is_refused() {
    let (school, authority) = (School::start().await, Authority::new());
    let (mut provider, front) = provider(&Roster::without_sophie(), &authority, LATER).await;
    provider.ca_file = Some(authority.file());
    provider.origin = front.origin("127.0.0.1");
    refused(
        &provider,
        &school,
        &["the token: the certificate is not one of 127.0.0.1", "localhost"],
    )
    .await;
    let (mut provider, _front) = self::provider(&Roster::without_sophie(), &authority, 2020).await;
    provider.ca_file = Some(authority.file());
    refused(&provider, &school, &["the token: the certificate of localhost has run out"]).await;
    assert_eq!(provider.asked("token"), 0, "the secret has gone nowhere");
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_where_it_is_given_and_is_no_authority_s() {
    let school = School::start().await;
    for is_ca in [true, false] {
        let (authority, config) = Authority::of_itself("localhost", is_ca);
        let mut provider = Provider::start(Version::V11, &Roster::without_sophie()).await;
        let front = Front::before(&provider.origin, config).await;
        (provider.origin, provider.ca_file) = (front.origin("localhost"), Some(authority.file()));
        if is_ca {
            refused(
                &provider,
                &school,
                &["the token: the certificate of localhost is one of an authority", "(CA:FALSE)"],
            )
            .await;
        } else {
            assert_eq!(
                provider
                    .sync(&school, ImportOptions::default())
                    .await
                    .unwrap()
                    .changes
                    .guardianships
                    .removed,
                1
            );
        }
    }
    school.ignore_mail("what mail a loss sends is told in access.rs");
}

#[tokio::test]
async fn nothing_leads_from_https_to_http() {
    let (school, authority) = (School::start().await, Authority::new());
    let (mut provider, _front) = provider(&Roster::without_sophie(), &authority, LATER).await;
    provider.ca_file = Some(authority.file());
    // The same host and port, in the open.
    let open =
        format!("{}/ims/oneroster/v1p1/users", provider.origin.replace("https://", "http://"));
    provider.fault("users", 1, Fault::Status(301, vec![("Location", open.clone())]));
    refused(&provider, &school, &["redirect to http://localhost", "not followed"]).await;
    provider.mend();
    provider.fault("users", 1, Fault::Header("Link", format!("<{open}>; rel=\"next\"")));
    refused(&provider, &school, &["leads to another server"]).await;
}

/// The provider that a process of its own asks.
const PROVIDER: &str = "PARLOUR_TLS_PROVIDER";

/// Fetches a roster without a setting that names an authority.
async fn fetch(origin: &str) {
    install_tls();
    let (url, token_url) = (origin.to_owned(), format!("{origin}/token"));
    let (client_id, secret) = ("parlour".to_owned(), "s3cret+/".to_owned().into());
    let new = NewProvider {
        url,
        token_url,
        client_id,
        secret,
        scope: None,
        version: Version::V11,
        ca_file: None,
    };
    remote::fetch(&remote::Provider::new(new).unwrap(), Random::seeded(7), impatient())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_system_s_authorities_are_trusted_and_can_be_named_by_the_environment() {
    // The same test plays both: started by itself it is a process with an environment of its own.
    if let Ok(origin) = env::var(PROVIDER) {
        return fetch(&origin).await;
    }
    let (authority, other) = (Authority::new(), Authority::new());
    let (provider, _front) = provider(&Roster::of_the_demo(), &authority, LATER).await;
    for (file, is_trusted) in [(authority.file(), true), (other.file(), false)] {
        let mut process = Command::new(env::current_exe().unwrap());
        process.args([
            "--exact",
            "roster_tls::the_system_s_authorities_are_trusted_and_can_be_named_by_the_environment",
        ]);
        process
            .env(PROVIDER, &provider.origin)
            .env("SSL_CERT_FILE", file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // The front answers meanwhile.
        let ended = tokio::task::spawn_blocking(move || process.status().unwrap()).await.unwrap();
        assert_eq!(ended.success(), is_trusted);
    }
    assert!(provider.asked("users") > 0);
}
