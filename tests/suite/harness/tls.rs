//! A test's own certificate authority, and a TLS proxy that forwards to a server without TLS, as a
//! school's proxy does.

use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A certificate authority whose certificate is in a file.
pub struct CertificateAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl CertificateAuthority {
    /// Creates an authority.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "The school's own authority");
        Self::write_to_file(
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
                .expect("a certificate"),
        )
    }

    /// A server of this name with a self-signed certificate, which is marked as an authority's or
    /// not. The result trusts that certificate.
    pub fn self_signed_server(name: &str, is_ca: bool) -> (Self, Arc<ServerConfig>) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.is_ca =
            if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        let key = KeyPair::generate().expect("a key");
        let own = key.serialize_der();
        let authority =
            Self::write_to_file(CertifiedIssuer::self_signed(params, key).expect("a certificate"));
        let config = config(authority.issuer.der(), own);
        (authority, config)
    }

    fn write_to_file(issuer: CertifiedIssuer<'static, KeyPair>) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("it can be written");
        Self { issuer, folder }
    }

    /// Path of its certificate, in PEM.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// TLS configuration for a server of this name. Its certificate expires at the end of
    /// `last_year`.
    pub fn issue_certificate(&self, name: &str, last_year: i32) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_after = date_time_ymd(last_year, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        config(certificate.der(), key.serialize_der())
    }
}

fn config(certificate: &CertificateDer<'static>, key: Vec<u8>) -> Arc<ServerConfig> {
    parlour::mail::install_tls();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key);
    Arc::new(config.expect("the key is the certificate's"))
}

/// A TLS proxy, which ends when this is dropped.
pub struct TlsProxy {
    port: u16,
    task: JoinHandle<()>,
}

impl TlsProxy {
    /// Starts a proxy before a server on this machine.
    pub async fn start(origin: &str, config: Arc<ServerConfig>) -> Self {
        let behind = origin.strip_prefix("http://").expect("a server without TLS").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let acceptor = TlsAcceptor::from(config);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                // A client that does not trust the certificate closes the connection.
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(stream).await?;
                    let mut inside = TcpStream::connect(behind).await?;
                    copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        Self { port, task }
    }

    /// The proxy's URL by a host name of this machine.
    pub fn origin(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}
