//! Origins: the web pages whose requests are accepted.

use http::Uri;

/// Is the origin of a page allowed? Allowed origins have a port, or `:*` for any port.
///
/// The SDK applies the same rule to requests. This function is for CORS headers.
pub(super) fn is_allowed(origin: &str, allowed: &[String]) -> bool {
    if origin.eq_ignore_ascii_case("null") {
        return allowed.iter().any(|it| it.trim().eq_ignore_ascii_case("null"));
    }
    let Some(Origin { scheme, host, port }) = Origin::parse(origin) else { return false };
    let port = port.or(match &*scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    });
    allowed.iter().any(|allowed| {
        let allowed = allowed.trim();
        let (address, any_port) = match allowed.strip_suffix(":*") {
            Some(address) => (address, true),
            None => (allowed, false),
        };
        Origin::parse(address).is_some_and(|it| {
            let same_port = if any_port { it.port.is_none() } else { it.port.is_none() || it.port == port };
            it.scheme == scheme && it.host == host && same_port
        })
    })
}

struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn parse(address: &str) -> Option<Self> {
        let uri = Uri::try_from(address).ok()?;
        let authority = uri.authority()?;
        Some(Origin {
            scheme: uri.scheme_str()?.to_ascii_lowercase(),
            host: authority.host().to_ascii_lowercase(),
            port: authority.port_u16(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn scheme_host_and_port_must_match() {
        let allowed = [
            "https://page.example.com:443".to_owned(),
            "http://localhost:*".into(),
            "https://any.example.com".into(),
        ];
        for origin in [
            "https://page.example.com",
            "https://PAGE.example.com:443",
            "http://localhost",
            "http://localhost:6274",
            "https://any.example.com:8443",
        ] {
            assert!(is_allowed(origin, &allowed), "{origin}");
        }
        for origin in [
            "http://page.example.com",
            "https://page.example.com:444",
            "https://localhost:6274",
            "https://page.example.com.evil.example",
            "https://evil.example.com",
            "page.example.com",
            "null",
            "",
            "*",
        ] {
            assert!(!is_allowed(origin, &allowed), "{origin}");
        }
        assert!(is_allowed("null", &["null".to_owned()]));
        assert!(!is_allowed("https://page.example.com", &[]));
    }
}
