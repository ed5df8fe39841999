//! `Credential`: the token of a request, from its `Authorization` header or its cookie.

use core::fmt;

use axum_core::extract::FromRequestParts;
use http::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER};
use http::request::Parts;
use http::{HeaderMap, Method};
use session::Token;

use crate::layer::Admission;
use crate::{Problem, csrf};

/// The cookie in which a browser stores its token.
pub const COOKIE: &str = "orgcache_session";

/// The cookie's name if cookies are `Secure`. Browsers accept a cookie with the prefix `__Host-` only over
/// TLS and for one host, so no page on another subdomain can set it.
pub const SECURE_COOKIE: &str = "__Host-orgcache_session";

/// The token of a request, and whether it came in a cookie.
///
/// A handler behind a [`SessionLayer`](crate::SessionLayer) can take it as an argument, for example to log
/// out.
///
/// # Examples
/// ```
/// use http::{HeaderMap, header::COOKIE};
/// use session_axum::Credential;
///
/// let token = session::Token::from_bytes([7; 32]);
/// let mut headers = HeaderMap::new();
/// headers.insert(COOKIE, format!("orgcache_session={}", token.expose()).parse()?);
///
/// let credential = Credential::from_headers(&headers, session_axum::COOKIE).unwrap();
/// assert_eq!(credential.token().id(), token.id());
/// assert!(credential.is_by_cookie());
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone)]
pub struct Credential {
    token: Token,
    by_cookie: bool,
}

impl Credential {
    /// Reads the token from the header `Authorization` or from the named cookie. Returns `None` unless there
    /// is exactly one, in the form of a token.
    ///
    /// If there is an `Authorization` header, cookies are ignored, even if the header is malformed. If
    /// several cookies of this name differ, the result is `None`, since one of them may be another user's.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, cookie: &str) -> Option<Self> {
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        if let Some(authorization) = authorizations.next() {
            let (scheme, token) = authorization.to_str().ok()?.split_at_checked("bearer ".len())?;
            let is_alone = authorizations.next().is_none() && scheme.eq_ignore_ascii_case("bearer ");
            let token = Token::parse(token.trim()).filter(|_| is_alone)?;
            return Some(Credential { token, by_cookie: false });
        }
        let cookies = headers.get_all(COOKIE_HEADER).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut tokens = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter_map(|(name, token)| (name == cookie).then_some(token));
        let token = tokens.next()?;
        let token = Token::parse(token).filter(|_| tokens.all(|other| other == token))?;
        Some(Credential { token, by_cookie: true })
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Did the token come in a cookie, which a browser attaches to any request?
    #[must_use]
    pub fn is_by_cookie(&self) -> bool {
        self.by_cookie
    }

    /// Is the request protected from cross-site request forgery? A request with a cookie and an unsafe method
    /// must have the CSRF value, which a page of another site cannot read.
    pub(crate) fn is_protected_from_csrf(&self, method: &Method, headers: &HeaderMap) -> bool {
        !self.by_cookie || method.is_safe() || csrf::matches(&self.token, headers)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("by_cookie", &self.by_cookie).finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for Credential {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let admission = parts.extensions.get::<Admission>().ok_or_else(Problem::no_layer)?;
        Ok(admission.credential.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first digit of the token, and whether it came in a cookie. `{a}` and `{b}` stand for tokens.
    fn found(headers: &[(&'static str, &str)]) -> Option<(String, bool)> {
        let tokens = |text: &str| text.replace("{a}", &"a".repeat(64)).replace("{b}", &"b".repeat(64));
        let header = |(name, value): &(&str, &str)| (name.parse().unwrap(), tokens(value).parse().unwrap());
        let credential = Credential::from_headers(&headers.iter().map(header).collect(), COOKIE)?;
        Some((credential.token.expose()[..1].to_owned(), credential.by_cookie))
    }

    #[test]
    fn a_single_credential_is_accepted() {
        let bearer = Some(("a".to_owned(), false));
        let cookie = Some(("a".to_owned(), true));
        assert_eq!(found(&[("authorization", "Bearer {a}")]), bearer);
        assert_eq!(found(&[("authorization", "bearer  {a}")]), bearer);
        assert_eq!(found(&[("authorization", "Bearer {a}"), ("cookie", "orgcache_session={b}")]), bearer);
        assert_eq!(found(&[("cookie", "a=b; orgcache_session={a}; c")]), cookie);
        assert_eq!(found(&[("cookie", "orgcache_session={a}"), ("cookie", "orgcache_session={a}")]), cookie);
    }

    #[test]
    fn missing_or_ambiguous_credentials_are_rejected() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("authorization", "Basic dTpw"), ("cookie", "orgcache_session={a}")]), None);
        assert_eq!(found(&[("authorization", "{a}")]), None);
        assert_eq!(found(&[("authorization", "Bearer {a}"), ("authorization", "Bearer {b}")]), None);
        assert_eq!(found(&[("cookie", "orgcache_session={a}; orgcache_session={b}")]), None);
        assert_eq!(found(&[("cookie", "xorgcache_session={a}")]), None);
        assert_eq!(found(&[("cookie", "__Host-orgcache_session={a}")]), None, "another cookie");
    }

    #[test]
    fn malformed_tokens_are_rejected() {
        assert_eq!(found(&[("authorization", "Bearer x")]), None);
        assert_eq!(found(&[("authorization", "Bearer x"), ("cookie", "orgcache_session={a}")]), None);
        assert_eq!(found(&[("cookie", "orgcache_session={a}0")]), None);
        assert_eq!(found(&[("cookie", "orgcache_session={a}; orgcache_session=x")]), None);
    }

    #[test]
    fn debug_output_does_not_reveal_the_token() {
        let token = Token::parse(&"a".repeat(64)).unwrap();
        let credential = Credential { token, by_cookie: true };
        assert!(!format!("{credential:?}").contains("aaaa"));
    }
}
