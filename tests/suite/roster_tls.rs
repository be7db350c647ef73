//! Tests of syncs over https: a certificate of the school's own authority is accepted if that
//! authority is configured, and no other unknown one.

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
    provider::{Fault, Provider, short_timeouts, source, sync_an_hour_later},
    tls::{CertificateAuthority, TlsProxy},
};

/// A year in the future.
const VALID_UNTIL_YEAR: i32 = 2099;

/// A provider behind a TLS proxy with a certificate of the authority for `localhost`.
async fn provider(
    roster: &Roster,
    authority: &CertificateAuthority,
    last_year: i32,
) -> (Provider, TlsProxy) {
    let mut provider = Provider::start(Version::V11, roster).await;
    let front =
        TlsProxy::start(&provider.origin, authority.issue_certificate("localhost", last_year))
            .await;
    provider.origin = front.origin("localhost");
    (provider, front)
}

/// Checks that the sync fails with all of these words, and that nothing was requested or written.
async fn refused(provider: &Provider, school: &School, words: &[&str]) {
    let error = format!(
        "{:#}",
        provider.sync(school, ImportOptions::default()).await.expect_err("it is not trusted")
    );
    assert!(words.iter().all(|word| error.contains(word)), "{words:?} are not in {error:?}");
    assert!(!error.contains("tries"), "an untrusted certificate is not retried: {error}");
    assert_eq!(
        Roster::demo().import(school).await.changes.guardianships.added,
        0,
        "nothing was written"
    );
}

#[tokio::test]
async fn certificate_of_a_configured_ca_is_trusted() {
    let (school, authority) = (School::start().await, CertificateAuthority::new());
    let (mut provider, _front) =
        provider(&Roster::without_sophie(), &authority, VALID_UNTIL_YEAR).await;
    let words = [
        "the token: the certificate of localhost is of an authority that is not trusted here",
        "`ca_file`",
        "`--ca-file`",
    ];
    refused(&provider, &school, &words).await;
    // A certificate of another authority is refused.
    let other = CertificateAuthority::new();
    provider.ca_file = Some(other.file());
    refused(&provider, &school, &words).await;
    assert_eq!(provider.request_count("token"), 0, "the secret was not sent");
    provider.ca_file = Some(authority.file());
    let report = provider.sync(&school, ImportOptions::default()).await.unwrap();
    assert_eq!(report.changes.guardianships.removed, 1, "{report}");
    // The same holds for a source in the settings.
    Roster::demo().import(&school).await;
    assert_eq!(
        sync_an_hour_later(&school, &source(&provider)).await.changes.guardianships.removed,
        1
    );
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn wrong_host_or_expired_certificate_is_refused() {
    let (school, authority) = (School::start().await, CertificateAuthority::new());
    let (mut provider, front) =
        provider(&Roster::without_sophie(), &authority, VALID_UNTIL_YEAR).await;
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
    assert_eq!(provider.request_count("token"), 0, "the secret was not sent");
}

#[tokio::test]
async fn configured_self_signed_certificate_is_trusted_unless_a_ca() {
    let school = School::start().await;
    for is_ca in [true, false] {
        let (authority, config) = CertificateAuthority::self_signed_server("localhost", is_ca);
        let mut provider = Provider::start(Version::V11, &Roster::without_sophie()).await;
        let front = TlsProxy::start(&provider.origin, config).await;
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
    school.ignore_mail("access.rs tests the mails about lost access");
}

#[tokio::test]
async fn https_never_downgrades_to_http() {
    let (school, authority) = (School::start().await, CertificateAuthority::new());
    let (mut provider, _front) =
        provider(&Roster::without_sophie(), &authority, VALID_UNTIL_YEAR).await;
    provider.ca_file = Some(authority.file());
    // A redirect to the same host and port without TLS.
    let open =
        format!("{}/ims/oneroster/v1p1/users", provider.origin.replace("https://", "http://"));
    provider.inject_fault("users", 1, Fault::Status(301, vec![("Location", open.clone())]));
    refused(&provider, &school, &["redirect to http://localhost", "not followed"]).await;
    provider.clear_faults();
    provider.inject_fault("users", 1, Fault::Header("Link", format!("<{open}>; rel=\"next\"")));
    refused(&provider, &school, &["leads to another server"]).await;
}

/// Name of the environment variable with the provider's URL.
const PROVIDER: &str = "PARLOUR_TLS_PROVIDER";

/// Fetches a roster without a configured authority.
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
    remote::fetch(&remote::Provider::new(new).unwrap(), Random::seeded(7), short_timeouts())
        .await
        .unwrap();
}

#[tokio::test]
async fn system_ca_store_is_trusted_and_ssl_cert_file_overrides_it() {
    // This test runs in both processes: with the variable it is the process with an environment of
    // its own.
    if let Ok(origin) = env::var(PROVIDER) {
        return fetch(&origin).await;
    }
    let (authority, other) = (CertificateAuthority::new(), CertificateAuthority::new());
    let (provider, _front) = provider(&Roster::demo(), &authority, VALID_UNTIL_YEAR).await;
    for (file, is_trusted) in [(authority.file(), true), (other.file(), false)] {
        let mut process = Command::new(env::current_exe().unwrap());
        process.args([
            "--exact",
            "roster_tls::system_ca_store_is_trusted_and_ssl_cert_file_overrides_it",
        ]);
        process
            .env(PROVIDER, &provider.origin)
            .env("SSL_CERT_FILE", file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Wait on another thread, because the TLS proxy has to answer meanwhile.
        let ended = tokio::task::spawn_blocking(move || process.status().unwrap()).await.unwrap();
        assert_eq!(ended.success(), is_trusted);
    }
    assert!(provider.request_count("users") > 0);
}
