//! `Credential`: what a request shows to be let in.

use core::fmt;

use axum_core::extract::FromRequestParts;
use http::header::{AUTHORIZATION, COOKIE as COOKIE_HEADER};
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::layer::Admitted;
use crate::{Problem, csrf};

/// The cookie in which a browser keeps its token.
pub const COOKIE: &str = "orgcache_session";

/// The same over TLS. Browsers take a cookie of this name only by TLS and for this host alone, so that no
/// page on another subdomain can set it.
pub const SECURE_COOKIE: &str = "__Host-orgcache_session";

/// The token that a request came with, and the way it came.
///
/// A handler behind a [`SessionLayer`](crate::SessionLayer) takes it as an argument, to log out or to switch.
#[derive(Clone)]
pub struct Credential {
    token: String,
    by_cookie: bool,
}

impl Credential {
    /// The credential of a request, by `Authorization` or in a cookie of a name, if it has exactly one. A
    /// header `Authorization` counts alone, even if it is not understood; cookies of the same name that
    /// disagree count as none, since one may be somebody else's.
    #[must_use]
    pub fn of(headers: &HeaderMap, cookie: &str) -> Option<Self> {
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        if let Some(authorization) = authorizations.next() {
            let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
            let is_alone = authorizations.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
            return is_alone.then(|| Credential { token: token.trim().to_owned(), by_cookie: false });
        }
        let cookies = headers.get_all(COOKIE_HEADER).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut tokens = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter_map(|(name, token)| (name == cookie).then_some(token));
        let token = tokens.next()?;
        tokens.all(|other| other == token).then(|| Credential { token: token.to_owned(), by_cookie: true })
    }

    /// The token as text.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Did it come in a cookie, which a browser sends along by itself?
    #[must_use]
    pub fn is_by_cookie(&self) -> bool {
        self.by_cookie
    }

    /// May the request do what its method means? Whatever came by cookie and changes something has to prove that the
    /// sender could read an answer of ours.
    pub(crate) fn may_do(&self, method: &Method, headers: &HeaderMap) -> bool {
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
        let admitted = parts.extensions.get::<Admitted>().ok_or_else(Problem::no_layer)?;
        Ok(admitted.credential.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Option<(String, bool)> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Credential::of(&headers, COOKIE).map(|credential| (credential.token, credential.by_cookie))
    }

    #[test]
    fn one_credential_is_found() {
        let bearer = Some(("t".to_owned(), false));
        let cookie = Some(("t".to_owned(), true));
        assert_eq!(of(&[("authorization", "Bearer t")]), bearer);
        assert_eq!(of(&[("authorization", "bearer  t")]), bearer);
        assert_eq!(of(&[("authorization", "Bearer t"), ("cookie", "orgcache_session=x")]), bearer);
        assert_eq!(of(&[("cookie", "a=b; orgcache_session=t; c")]), cookie);
        assert_eq!(of(&[("cookie", "orgcache_session=t"), ("cookie", "orgcache_session=t")]), cookie);
    }

    #[test]
    fn none_or_several_are_none() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("authorization", "Basic dTpw"), ("cookie", "orgcache_session=t")]), None);
        assert_eq!(of(&[("authorization", "t")]), None);
        assert_eq!(of(&[("authorization", "Bearer t"), ("authorization", "Bearer u")]), None);
        assert_eq!(of(&[("cookie", "orgcache_session=t; orgcache_session=u")]), None);
        assert_eq!(of(&[("cookie", "xorgcache_session=t")]), None);
        assert_eq!(of(&[("cookie", "__Host-orgcache_session=t")]), None, "that of another way");
    }

    #[test]
    fn a_token_is_not_shown() {
        let credential = Credential { token: "secret".to_owned(), by_cookie: true };
        assert!(!format!("{credential:?}").contains("secret"));
    }
}
