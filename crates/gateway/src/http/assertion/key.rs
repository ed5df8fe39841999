//! `AssertionKey`: by which assertions are told from forgeries.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use jsonwebtoken::{Algorithm, DecodingKey};

/// The shortest secret of HS256, in bytes, as RFC 7518 has it.
const MIN_SECRET_BYTES: usize = 32;

/// The shortest RSA key, in bytes of its encoding: 2,048 bits.
const MIN_RSA_BYTES: usize = 256;

/// The algorithm that signs assertions. A token that names another one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub enum AssertionAlgorithm {
    /// Ed25519.
    EdDSA,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// RSA, PKCS #1 v1.5, with SHA-256.
    RS256,
    /// RSA-PSS with SHA-256.
    PS256,
    /// A secret that both sides share, with SHA-256: whoever checks can sign, too.
    HS256,
}

impl AssertionAlgorithm {
    pub(super) fn of_tokens(self) -> Algorithm {
        match self {
            AssertionAlgorithm::EdDSA => Algorithm::EdDSA,
            AssertionAlgorithm::ES256 => Algorithm::ES256,
            AssertionAlgorithm::ES384 => Algorithm::ES384,
            AssertionAlgorithm::RS256 => Algorithm::RS256,
            AssertionAlgorithm::PS256 => Algorithm::PS256,
            AssertionAlgorithm::HS256 => Algorithm::HS256,
        }
    }
}

/// An algorithm, and the keys for it: mostly one, two while one is being replaced by another.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    pub(super) algorithm: AssertionAlgorithm,
    pub(super) keys: Vec<DecodingKey>,
}

/// Why something is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionKeyError {
    /// It is not a public key in PEM, or one for another algorithm.
    #[error("it is not a public key for {algorithm:?} in PEM (`BEGIN PUBLIC KEY`)")]
    NotAPublicKey {
        /// The algorithm that it should be for.
        algorithm: AssertionAlgorithm,
    },
    /// It can be guessed.
    #[error("it is too short: {algorithm:?} needs {needed}")]
    TooShort {
        /// The algorithm.
        algorithm: AssertionAlgorithm,
        /// What would be long enough.
        needed: &'static str,
    },
}

impl AssertionKey {
    /// No keys yet. Without one every assertion is refused.
    #[must_use]
    pub const fn new(algorithm: AssertionAlgorithm) -> Self {
        AssertionKey { algorithm, keys: Vec::new() }
    }

    /// The same with one more key: a public key in PEM, or for HS256 the secret itself, to which one newline at its end does not
    /// belong.
    ///
    /// # Errors
    /// [`AssertionKeyError`].
    pub fn with(mut self, key: &[u8]) -> Result<Self, AssertionKeyError> {
        let algorithm = self.algorithm;
        let (key, is_right) = match algorithm {
            AssertionAlgorithm::HS256 => {
                let secret = key.strip_suffix(b"\r\n").or_else(|| key.strip_suffix(b"\n")).unwrap_or(key);
                if secret.len() < MIN_SECRET_BYTES {
                    return Err(AssertionKeyError::TooShort { algorithm, needed: "32 bytes" });
                }
                (Ok(DecodingKey::from_secret(secret)), true)
            }
            AssertionAlgorithm::EdDSA => has_length(DecodingKey::from_ed_pem(key), |length| length == 32),
            // A point, not compressed.
            AssertionAlgorithm::ES256 => has_length(DecodingKey::from_ec_pem(key), |length| length == 65),
            AssertionAlgorithm::ES384 => has_length(DecodingKey::from_ec_pem(key), |length| length == 97),
            AssertionAlgorithm::RS256 | AssertionAlgorithm::PS256 => {
                let (key, is_long) =
                    has_length(DecodingKey::from_rsa_pem(key), |length| length >= MIN_RSA_BYTES);
                if key.is_ok() && !is_long {
                    return Err(AssertionKeyError::TooShort { algorithm, needed: "2,048 bits" });
                }
                (key, is_long)
            }
        };
        let key = key.ok().filter(|_| is_right).ok_or(AssertionKeyError::NotAPublicKey { algorithm })?;
        self.keys.push(key);
        Ok(self)
    }

    /// A token of this algorithm that nobody signed.
    pub(super) fn decoy(&self) -> String {
        let part = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
        let header = format!(r#"{{"alg":"{:?}","typ":"JWT"}}"#, self.algorithm);
        let signature = match self.algorithm {
            AssertionAlgorithm::HS256 => 32,
            AssertionAlgorithm::EdDSA | AssertionAlgorithm::ES256 => 64,
            AssertionAlgorithm::ES384 => 96,
            AssertionAlgorithm::RS256 | AssertionAlgorithm::PS256 => 256,
        };
        format!("{}.{}.{}", part(header.as_bytes()), part(b"{}"), part(&vec![1; signature]))
    }
}

type Parsed = Result<DecodingKey, jsonwebtoken::errors::Error>;

fn has_length(key: Parsed, is_right: impl FnOnce(usize) -> bool) -> (Parsed, bool) {
    let length = key.as_ref().ok().and_then(|key| key.try_get_as_bytes().ok()).map(<[u8]>::len);
    (key, length.is_some_and(is_right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_its_end_does_not_belong_to_a_secret() {
        let secret = b"0123456789abcdef0123456789abcdef";
        let read = |end: &str| {
            let file = [secret.as_slice(), end.as_bytes()].concat();
            let key = AssertionKey::new(AssertionAlgorithm::HS256).with(&file).unwrap();
            let kept = key.keys[0].try_get_as_bytes().unwrap().strip_prefix(secret).unwrap();
            String::from_utf8(kept.to_vec()).unwrap()
        };
        for (end, kept) in [("", ""), ("\n", ""), ("\r\n", ""), ("\r", "\r"), ("\n\n", "\n"), (" \n", " ")] {
            assert_eq!(read(end), kept, "{end:?}");
        }
    }
}
