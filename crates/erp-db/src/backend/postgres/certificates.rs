//! Certificates of PostgreSQL servers: checks the files that a URL names, and explains TLS errors.

use std::fs::File;
use std::io::Read;

use percent_encoding::percent_decode_str;

/// Checks the certificate and key files that a URL names. The driver would report a missing file like an
/// unreachable server.
pub(super) fn check_files(url: &str) -> Result<(), String> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    for (name, value) in parameters.split('&').filter_map(|parameter| parameter.split_once('=')) {
        if !["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"]
            .contains(&name)
        {
            continue;
        }
        let value = value.replace('+', " ");
        let file = percent_decode_str(&value).decode_utf8_lossy();
        // Not a path: the driver also accepts the text of a certificate.
        if file.contains("-----BEGIN") {
            continue;
        }
        let mut first = [0; 1];
        File::open(&*file)
            .and_then(|mut opened| opened.read(&mut first))
            .map_err(|error| format!("`{name}` names the file `{file}`, which cannot be read: {error}"))?;
    }
    Ok(())
}

/// Why a connection cannot be encrypted; `None` for any other error.
#[cfg(feature = "tls")]
pub(in crate::backend) fn problem(error: &sqlx::Error) -> Option<String> {
    use rustls::CertificateError::{
        BadEncoding, BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, Revoked, UnknownIssuer,
    };

    let cause = match error {
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        sqlx::Error::Tls(error) => {
            let Some(cause) = error.downcast_ref::<rustls::Error>() else { return Some(error.to_string()) };
            cause
        }
        _ => return None,
    };
    let rustls::Error::InvalidCertificate(cause) = cause else { return Some(cause.to_string()) };
    Some(match cause {
        UnknownIssuer => "the server's certificate has an unknown issuer; \
                          `sslrootcert` in the URL names the file of an authority to trust"
            .to_owned(),
        Expired | ExpiredContext { .. } => "the server's certificate has expired".to_owned(),
        NotValidYet | NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: check the clock".to_owned()
        }
        NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for the name `{}`, but for {}",
            expected.to_str(),
            if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") }
        ),
        NotValidForName => "the server's certificate is for another name".to_owned(),
        Revoked => "the server's certificate was revoked".to_owned(),
        BadEncoding => "the server's certificate cannot be read".to_owned(),
        BadSignature => "the server's certificate has a wrong signature".to_owned(),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the server's certificate belongs to a certificate authority, not to a server".to_owned()
        }
        other => format!("the server's certificate cannot be trusted: {other}"),
    })
}

/// Why a connection cannot be encrypted; `None` for any other error.
#[cfg(not(feature = "tls"))]
pub(in crate::backend) fn problem(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Tls(error) => Some(error.to_string()),
        _ => None,
    }
}
