//! `Claims`: the claims of an assertion, and the rules for its lifetime.

use std::time::Duration;

use serde::Deserialize;

/// The maximum time from `iat` to `exp`.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// Why an assertion is refused. Only the log contains the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionRefusal {
    #[error("malformed token, or a claim is missing")]
    Malformed,
    #[error("another algorithm")]
    Algorithm,
    #[error("the signature does not match the key")]
    Signature,
    #[error("another issuer")]
    Issuer,
    #[error("another audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet: check the clocks")]
    TooEarly,
    #[error("valid for more than {} s", LONGEST_LIFE.as_secs())]
    TooLongLived,
    #[error("used before")]
    Used,
    #[error("unknown user")]
    UnknownUser,
}

/// The tolerance for a front end's clock that is ahead.
const AHEAD: Duration = Duration::from_secs(5);

/// The maximum length of `jti`, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The claims of an assertion. Others are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    /// The issuer. Only a single text, although the standard allows several.
    #[serde(rename = "iss")]
    _issuer: String,
    /// The user's login name.
    #[serde(rename = "sub")]
    pub(crate) user: String,
    #[serde(rename = "exp")]
    expires: f64,
    #[serde(rename = "iat")]
    issued: f64,
    #[serde(rename = "nbf")]
    not_before: Option<f64>,
    #[serde(rename = "jti")]
    name: String,
}

impl Claims {
    /// Verifies that the claims are valid at the given time.
    pub(super) fn verify_at(self, now: Duration) -> Result<Self, AssertionRefusal> {
        let (now, latest) = (now.as_secs_f64(), (now + AHEAD).as_secs_f64());
        let life = self.expires - self.issued;
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || life < 0.0 {
            return Err(AssertionRefusal::Malformed);
        }
        if life > LONGEST_LIFE.as_secs_f64() {
            return Err(AssertionRefusal::TooLongLived);
        }
        if self.issued > latest || self.not_before.is_some_and(|not_before| not_before > latest) {
            return Err(AssertionRefusal::TooEarly);
        }
        if self.expires <= now {
            return Err(AssertionRefusal::Expired);
        }
        Ok(self)
    }

    /// The key under which the use of this assertion is recorded.
    pub(super) fn name(&self, issuer: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("orgcache 2026-11-22 name of an assertion v1");
        // The length prefix keeps different pairs of issuer and name from giving the same bytes.
        hasher.update(&u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(issuer.as_bytes()).update(self.name.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        serde_json::from_str(&format!(r#"{{"iss": "i", "sub": "u", "aud": "a", {json}}}"#)).unwrap()
    }

    fn at_1000(json: &str) -> Option<AssertionRefusal> {
        claims(json).verify_at(Duration::from_secs(1_000)).err()
    }

    #[test]
    fn claims_are_valid_for_a_minute_at_most() {
        assert_eq!(at_1000(r#""jti": "1", "iat": 1000, "exp": 1060"#), None);
        assert_eq!(at_1000(r#""jti": "1", "iat": 999.5, "exp": 1001.5, "nbf": 1005"#), None);
        assert_eq!(at_1000(r#""jti": "1", "iat": 941, "exp": 1001"#), None);
        assert_eq!(at_1000(r#""jti": "1", "iat": 940, "exp": 1000"#), Some(AssertionRefusal::Expired));
        assert_eq!(at_1000(r#""jti": "1", "iat": 1000, "exp": 1061"#), Some(AssertionRefusal::TooLongLived));
        assert_eq!(at_1000(r#""jti": "1", "iat": 0, "exp": 1e300"#), Some(AssertionRefusal::TooLongLived));
        assert_eq!(
            at_1000(r#""jti": "1", "iat": -1e300, "exp": 1e300"#),
            Some(AssertionRefusal::TooLongLived)
        );
        assert_eq!(at_1000(r#""jti": "1", "iat": 1005, "exp": 1060"#), None);
        assert_eq!(at_1000(r#""jti": "1", "iat": 1006, "exp": 1060"#), Some(AssertionRefusal::TooEarly));
        assert_eq!(
            at_1000(r#""jti": "1", "iat": 1000, "exp": 1060, "nbf": 1006"#),
            Some(AssertionRefusal::TooEarly)
        );
        assert_eq!(at_1000(r#""jti": "1", "iat": 1000, "exp": 999"#), Some(AssertionRefusal::Malformed));
        assert_eq!(at_1000(r#""jti": "", "iat": 1000, "exp": 1060"#), Some(AssertionRefusal::Malformed));
        let long = format!(r#""jti": "{}", "iat": 1000, "exp": 1060"#, "x".repeat(257));
        assert_eq!(at_1000(&long), Some(AssertionRefusal::Malformed));
    }

    #[test]
    fn the_key_separates_issuer_and_name() {
        let named = |name: &str| claims(&format!(r#""jti": "{name}", "iat": 0, "exp": 0"#));
        assert_ne!(named("bc").name("a"), named("c").name("ab"));
        assert_ne!(named("b").name("a"), named("c").name("a"));
        assert_eq!(named("b").name("a"), named("b").name("a"));
    }
}
