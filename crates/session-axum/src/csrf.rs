//! The CSRF value: proves that a page of the same site made the request.

use http::HeaderMap;
use session::Token;
use subtle::ConstantTimeEq;

/// The header in which a page sends the [`csrf_value`] back.
pub const CSRF_HEADER: &str = "x-orgcache-csrf";

/// The value that belongs to a token. Every node computes it and none stores it. It does not lead back to the
/// token.
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

/// Do the headers hold the value of the token?
pub(crate) fn matches(token: &Token, headers: &HeaderMap) -> bool {
    let expected = csrf_value(token);
    headers.get(CSRF_HEADER).is_some_and(|value| value.as_bytes().ct_eq(expected.as_bytes()).into())
}
