//! `Connector`: opens connections to one server.

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

/// Opens connections to one server. With TLS, the certificate must be trusted and valid for the server's
/// name.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    https: HttpsConnector<HttpConnector>,
    /// Scheme, host and port.
    origin: Uri,
    /// The prefix of all paths.
    prefix: String,
    within: Duration,
}

impl Connector {
    pub(crate) fn new(config: &OdooConfig) -> Result<Self, ConfigError> {
        let invalid = |_| SettingError::invalid("ODOO_URL", "…", "it must name a valid host");
        let origin: Uri = config.url.origin().ascii_serialization().parse().map_err(invalid)?;
        // Loading the system's certificates takes milliseconds, so skip it without TLS.
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

    /// The full path of one of Odoo's routes.
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

/// Reports the innermost cause, because the outer errors only say that the connection failed.
pub(super) fn unreachable(error: &(dyn core::error::Error + 'static)) -> Fault {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let mut cause = innermost.to_string();
    // The TLS library's error for a plain-text answer.
    if cause.contains("InvalidContentType") {
        cause = "the server does not use TLS on this port; should ODOO_URL start with http://?".into();
    }
    Fault::Unreachable { cause }
}
