//! `Claims`: what an assertion says, and for how long it may say it.

use std::time::Duration;

use serde::Deserialize;

/// The longest time from `iat` to `exp`.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// Why an assertion is refused: for the log. The caller is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionRefusal {
    #[error("it is not a token with the claims that an assertion has")]
    Malformed,
    #[error("it names another algorithm")]
    Algorithm,
    #[error("its signature is not by the key")]
    Signature,
    #[error("it is by another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("its time is over")]
    Expired,
    #[error("its time has not come; perhaps clocks differ")]
    TooEarly,
    #[error("it would live for longer than {} s", LONGEST_LIFE.as_secs())]
    TooLongLived,
    #[error("it was used before")]
    Used,
    #[error("there is no such user")]
    UnknownUser,
}

/// By how much the front end's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(5);

/// The longest name of an assertion, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// What an assertion says. Further claims do not matter.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    /// By whom; of one kind only, where the standard would allow several.
    #[serde(rename = "iss")]
    _issuer: String,
    /// The name by which the user logs in.
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
    /// The claims, if they hold now.
    pub(super) fn at(self, now: Duration) -> Result<Self, AssertionRefusal> {
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

    /// The name under which the use is recorded, unique to this assertion.
    pub(super) fn name(&self, issuer: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("orgcache 2026-11-22 name of an assertion v1");
        // The length first, so that no other issuer and name run together into the same bytes.
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
        claims(json).at(Duration::from_secs(1_000)).err()
    }

    #[test]
    fn a_minute_at_most_and_only_now() {
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
    fn issuer_and_name_do_not_run_together() {
        let named = |name: &str| claims(&format!(r#""jti": "{name}", "iat": 0, "exp": 0"#));
        assert_ne!(named("bc").name("a"), named("c").name("ab"));
        assert_ne!(named("b").name("a"), named("c").name("a"));
        assert_eq!(named("b").name("a"), named("b").name("a"));
    }
}
