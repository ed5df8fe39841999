//! `Connector`: makes connections to one server.

use core::time::Duration;
use std::sync::Arc;

use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use platform::settings::SettingError;
use rustls::RootCertStore;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{ConfigError, Fault, OdooConfig};

/// A TCP or TLS stream.
pub(crate) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections to one server; over TLS the server's certificate must be valid for its name.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    https: HttpsConnector<HttpConnector>,
    /// Scheme, host and port.
    origin: Uri,
    /// What goes before every path.
    prefix: String,
    within: Duration,
}

impl Connector {
    pub(crate) fn new(config: &OdooConfig) -> Result<Self, ConfigError> {
        let invalid =
            |_| SettingError::invalid("ODOO_URL", "…", "it must name a host that can be connected to");
        let origin: Uri = config.url.origin().ascii_serialization().parse().map_err(invalid)?;
        // The system's certificates take milliseconds to read, and are of no use without TLS.
        let roots = if config.url.scheme() == "https" { roots(config)? } else { RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ConfigError::Certificates { cause: error.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.limits.connect));
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let prefix = config.url.path().trim_end_matches('/').to_owned();
        Ok(Connector { https, origin, prefix, within: config.limits.connect })
    }

    /// Opens a stream to the server.
    pub(crate) async fn connect(&self) -> Result<Stream, Fault> {
        let mut https = self.https.clone();
        match tokio::time::timeout(self.within, https.call(self.origin.clone())).await {
            Ok(connected) => connected.map_err(|error| unreachable(&*error)),
            Err(_) => Err(Fault::Timeout { within: self.within }),
        }
    }

    /// The full path for one of Odoo's.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The value of the `Host` header.
    pub(crate) fn host(&self) -> &str {
        self.origin.authority().map_or("", |authority| authority.as_str())
    }
}

fn roots(config: &OdooConfig) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in &config.extra_roots {
        roots
            .add(certificate.clone().into())
            .map_err(|error| ConfigError::Certificates { cause: error.to_string() })?;
    }
    Ok(roots)
}

/// The innermost cause says the most: the outer ones say only that connecting failed.
pub(super) fn unreachable(error: &(dyn core::error::Error + 'static)) -> Fault {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let mut cause = innermost.to_string();
    // What the TLS library says of a plain answer.
    if cause.contains("InvalidContentType") {
        cause = "the server does not speak TLS there; does ODOO_URL begin with http://?".into();
    }
    Fault::Unreachable { cause }
}
