//! `AssertionKey`: the keys that verify signed assertions.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use spki::der::asn1::UintRef;
use spki::der::{self, Decode, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The minimum length of an HS256 secret, in bytes (RFC 7518).
const MIN_SECRET_BYTES: usize = 32;

/// The minimum size of an RSA modulus, in bits (RFC 7518).
const MIN_RSA_BITS: usize = 2_048;

/// The algorithm that signs assertions. Tokens with another one are refused.
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
    /// HMAC with SHA-256 and a shared secret. The verifier can also sign.
    HS256,
}

impl AssertionAlgorithm {
    pub(super) fn as_jwt(self) -> Algorithm {
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

/// An algorithm and its keys: one, or two while a key is rotated.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    pub(super) algorithm: AssertionAlgorithm,
    pub(super) keys: Vec<DecodingKey>,
}

/// The reason why a key is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionKeyError {
    /// The text is not a public key in PEM for this algorithm.
    #[error("it is not a public key for {algorithm:?} in PEM (`BEGIN PUBLIC KEY`)")]
    NotAPublicKey {
        /// The configured algorithm.
        algorithm: AssertionAlgorithm,
    },
    /// The key is too short to be secure.
    #[error("it is too short: {algorithm:?} needs {needed}")]
    TooShort {
        /// The configured algorithm.
        algorithm: AssertionAlgorithm,
        /// The required length.
        needed: &'static str,
    },
}

impl AssertionKey {
    /// Creates a set without keys, which refuses every assertion.
    #[must_use]
    pub const fn new(algorithm: AssertionAlgorithm) -> Self {
        AssertionKey { algorithm, keys: Vec::new() }
    }

    /// Adds a key: a public key in PEM, or the secret for HS256. A newline at the end of a secret is removed.
    ///
    /// # Errors
    /// [`AssertionKeyError`].
    pub fn with(mut self, key: &[u8]) -> Result<Self, AssertionKeyError> {
        let algorithm = self.algorithm;
        let unusable = AssertionKeyError::NotAPublicKey { algorithm };
        let key = match algorithm {
            AssertionAlgorithm::HS256 => {
                let secret = key.strip_suffix(b"\r\n").or_else(|| key.strip_suffix(b"\n")).unwrap_or(key);
                if secret.len() < MIN_SECRET_BYTES {
                    return Err(AssertionKeyError::TooShort { algorithm, needed: "32 bytes" });
                }
                DecodingKey::from_secret(secret)
            }
            AssertionAlgorithm::EdDSA => {
                let point = parse_public_key(key, ED25519, None).filter(|point| point.len() == 32);
                DecodingKey::from_ed_der(&point.ok_or(unusable)?)
            }
            AssertionAlgorithm::ES256 | AssertionAlgorithm::ES384 => {
                // An uncompressed point has this length.
                let (curve, bytes) =
                    if algorithm == AssertionAlgorithm::ES256 { (P256, 65) } else { (P384, 97) };
                let point =
                    parse_public_key(key, ELLIPTIC_CURVE, Some(curve)).filter(|point| point.len() == bytes);
                DecodingKey::from_ec_der(&point.ok_or(unusable)?)
            }
            AssertionAlgorithm::RS256 | AssertionAlgorithm::PS256 => {
                let Some(key) = parse_public_key(key, RSA, None) else { return Err(unusable) };
                if rsa_bits(&key).map_err(|_| unusable)? < MIN_RSA_BITS {
                    return Err(AssertionKeyError::TooShort { algorithm, needed: "2,048 bits" });
                }
                DecodingKey::from_rsa_der(&key)
            }
        };
        self.keys.push(key);
        Ok(self)
    }

    /// Creates a token of this algorithm with an invalid signature.
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

/// Object identifiers of keys and curves (RFC 5480, RFC 8410, RFC 8017).
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Parses a public key in PEM. `None` unless it has the given kind and curve.
fn parse_public_key(pem: &[u8], kind: ObjectIdentifier, curve: Option<ObjectIdentifier>) -> Option<Vec<u8>> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let key = SubjectPublicKeyInfoRef::try_from(der.as_ref()).ok()?;
    let is_of_curve = curve.is_none_or(|curve| key.algorithm.parameters_oid() == Ok(curve));
    let bits = key.subject_public_key.as_bytes()?;
    (key.algorithm.oid == kind && is_of_curve).then(|| bits.to_vec())
}

/// The size of an RSA key's modulus, in bits. The key is a modulus and an exponent (RFC 8017).
fn rsa_bits(key: &[u8]) -> der::Result<usize> {
    let mut key = SliceReader::new(key)?;
    key.sequence(|key| {
        let (modulus, _exponent) = (UintRef::decode(key)?, UintRef::decode(key)?);
        let first = modulus.as_bytes().first().copied().unwrap_or_default();
        Ok::<_, der::Error>((modulus.as_bytes().len() * 8).saturating_sub(first.leading_zeros() as usize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_rsa_key_is_that_of_its_modulus() {
        let key = |modulus: &[u8]| {
            let length = u16::try_from(modulus.len()).unwrap().to_be_bytes();
            let number = [&[0x02, 0x82], length.as_slice(), modulus, &[0x02, 0x01, 0x03]].concat();
            let length = u16::try_from(number.len()).unwrap().to_be_bytes();
            [&[0x30, 0x82], length.as_slice(), &number].concat()
        };
        assert_eq!(rsa_bits(&key(&[[0].as_slice(), &[0x80; 256]].concat())).unwrap(), 2_048);
        assert_eq!(rsa_bits(&key(&[0x7f; 256])).unwrap(), 2_047);
        for wrong in [&[][..], &[0x30, 0x00], &[0x02, 0x01, 0x03], &key(&[0x7f; 256])[..200]] {
            rsa_bits(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_trailing_newline_is_not_part_of_a_secret() {
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
