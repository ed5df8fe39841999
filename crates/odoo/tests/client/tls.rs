//! TLS: the client verifies the certificate of the server.

use std::sync::Arc;

use odoo::{Fault, OdooClient, OdooConfig, OdooError};
use odoo_double::{Behaviour, OdooDouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{double, limits, password};

/// Puts TLS in front of a double; returns its port and its certificate, which is valid for `name`.
async fn serve(double: Arc<OdooDouble>, name: &str) -> (u16, Vec<u8>) {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                double.serve_stream(stream).await;
            }
        }
    });
    (port, certificate.to_vec())
}

async fn log_in(port: u16, extra_roots: Vec<Vec<u8>>) -> Result<(), OdooError> {
    let url = format!("https://localhost:{port}");
    let config = OdooConfig::new(&url, "odoo", "admin", password()).unwrap();
    let client = OdooClient::new(OdooConfig { extra_roots, limits: limits(), ..config }).unwrap();
    client.scope().await.map(drop)
}

#[tokio::test]
async fn only_a_trusted_certificate_for_the_right_name_is_accepted() {
    let double = Arc::new(double(Behaviour::default()).await);
    let (port, certificate) = serve(Arc::clone(&double), "localhost").await;
    log_in(port, vec![certificate]).await.unwrap();
    assert_eq!(double.logins(), 1);

    let untrusted = log_in(port, Vec::new()).await.unwrap_err();
    assert!(matches!(untrusted, OdooError::Fault(Fault::Unreachable { .. })), "{untrusted:?}");

    let (port, certificate) = serve(Arc::clone(&double), "elsewhere.example.com").await;
    let wrong_name = log_in(port, vec![certificate]).await.unwrap_err();
    assert!(matches!(wrong_name, OdooError::Fault(Fault::Unreachable { .. })), "{wrong_name:?}");
    assert_eq!(double.logins(), 1, "the password was sent to an unverified server");
}

#[tokio::test]
async fn a_server_without_tls_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4096];
            let _read = stream.read(&mut hello).await;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    });
    let message = log_in(port, Vec::new()).await.unwrap_err().to_string();
    assert!(message.contains("should ODOO_URL start with http://?"), "{message}");
}
