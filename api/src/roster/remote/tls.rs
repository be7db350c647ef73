//! Certificate authorities that are trusted besides those of the system, and error texts for
//! certificates that are not trusted.

use std::{error::Error, fs, io, path::Path};

use anyhow::{Context as _, ensure};
use reqwest::Certificate;
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Reads the authorities of a PEM file.
///
/// # Errors
/// Fails if the file can't be read, holds no certificate, or holds one that can't be used.
pub(super) fn authorities(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let named = file.display();
    let text = fs::read(file).with_context(|| format!("ca_file: {named} can't be read"))?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow::anyhow!("ca_file: {named} is no PEM: {error}"))?;
    ensure!(
        !found.is_empty(),
        "ca_file: {named} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    );
    let mut roots = RootCertStore::empty();
    let authority = |certificate: CertificateDer<'static>| {
        let kept = Certificate::from_der(&certificate)?;
        roots.add(certificate)?;
        anyhow::Ok(kept)
    };
    found
        .into_iter()
        .map(authority)
        .collect::<anyhow::Result<_>>()
        .with_context(|| format!("ca_file: {named} holds a certificate that can't be used"))
}

/// Why the provider's certificate was not trusted, and what to do; `None` when the request failed
/// for another reason.
pub(super) fn certificate_error(error: &reqwest::Error) -> Option<String> {
    let Some(rustls::Error::InvalidCertificate(reason)) = of_tls(error) else { return None };
    let host = error.url().and_then(reqwest::Url::host_str).unwrap_or("the provider");
    Some(match reason {
        // A bad signature usually means another authority of the same name, for instance one that
        // was created anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of {host} is of an authority that is not trusted here; if it is the \
             school's own, give the authority's certificate (`ca_file` of the source, `--ca-file` \
             of the command); if not, the server may leave out a certificate in between"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "the certificate is not one of {host}; give the address that stands in it, or \
                 have it made for this one ({reason})"
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!(
                "the certificate of {host} has run out; whoever runs the provider must renew it \
                 ({reason})"
            )
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!(
                "the certificate of {host} is not valid yet; are the clocks here and there right? \
                 ({reason})"
            )
        }
        // By default `openssl req -x509` makes such certificates.
        reason if reason.to_string().contains("CaUsedAsEndEntity") => format!(
            "the certificate of {host} is one of an authority, which no server may show as its \
             own; have one made for the server that is none (CA:FALSE), by the authority or by \
             itself"
        ),
        reason => format!("the certificate of {host} can't be trusted: {reason}"),
    })
}

/// Finds the TLS error in a chain of errors.
fn of_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // The source of an I/O error is the source of its inner error, so the inner error is read by
    // `get_ref`.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match held {
        Some(held) => of_tls(held),
        None => of_tls(error.source()?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn invalid_ca_file_is_reported() {
        let check = |text: &str, part: &str| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let error = format!("{:#}", authorities(file.path()).unwrap_err());
            assert!(
                error.starts_with("ca_file: ") && error.contains(part),
                "{part:?} is not in {error:?}"
            );
        };
        check("", "no certificate in PEM");
        check(
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "no certificate in PEM",
        );
        check("-----BEGIN CERTIFICATE-----\nAAAA\n", "is no PEM");
        check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can't be used");
        let error = format!("{:#}", authorities(Path::new("/nowhere/ca.pem")).unwrap_err());
        assert!(error.starts_with("ca_file: /nowhere/ca.pem can't be read: "), "{error}");
    }
}
