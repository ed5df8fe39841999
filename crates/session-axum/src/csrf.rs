//! The CSRF value: proves that a page of the same site sent the request.

use http::HeaderMap;
use session::Token;
use subtle::ConstantTimeEq;

/// The header in which a page returns the [`csrf_value`].
pub const CSRF_HEADER: &str = "x-orgcache-csrf";

/// Derives the CSRF value of a token. Nodes compute it and never store it. It does not reveal the token.
///
/// # Examples
/// ```
/// let token = session::Token::from_bytes([7; 32]);
/// let csrf = session_axum::csrf_value(&token);
/// assert_eq!(csrf.len(), 64);
/// assert_ne!(csrf, token.expose());
/// ```
#[must_use]
pub fn csrf_value(token: &Token) -> String {
    let digest = blake3::derive_key("orgcache 2026-11-21 csrf value v1", token.expose().as_bytes());
    blake3::Hash::from_bytes(digest).to_hex().to_string()
}

/// Do the headers have the CSRF value of the token?
pub(crate) fn matches(token: &Token, headers: &HeaderMap) -> bool {
    let expected = csrf_value(token);
    headers.get(CSRF_HEADER).is_some_and(|value| value.as_bytes().ct_eq(expected.as_bytes()).into())
}
