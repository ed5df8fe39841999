//! `ErpHashes`: the ERP's password hashes (`ad_user.password`), which are read and never written.
//!
//! | text | hash |
//! | --- | --- |
//! | without `$` | base64 of SHA-1 of the password |
//! | `1$salt$hash` | base64 of SHA-512 of the salt's text, followed by the password |

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use session::UserId;
use sha1::Sha1;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

/// The maximum number of unknown versions that are reported. More would be garbage.
const MAX_VERSIONS: usize = 64;

/// The maximum length of a version's name in the log. A longer text may be secret.
const MAX_VERSION_BYTES: usize = 12;

/// A supported hash.
#[derive(Clone)]
pub(crate) enum ErpHash {
    Sha1([u8; 20]),
    SaltedSha512 { salt: String, digest: [u8; 64] },
}

/// Why a stored text is not a supported hash.
#[derive(Debug, PartialEq, Eq)]
enum UnusableHash {
    Version(String),
    Malformed,
}

/// Parses stored hashes, and reports each unknown version once.
#[derive(Debug, Default)]
pub(crate) struct ErpHashes {
    reported: Mutex<BTreeSet<String>>,
}

impl ErpHashes {
    /// Parses the hash of a user. `None` if it is not supported. The stored text is never logged.
    pub(crate) fn read(&self, user: UserId, stored: &str) -> Option<ErpHash> {
        match ErpHash::parse(stored) {
            Ok(hash) => return Some(hash),
            Err(_) if stored.is_empty() => {}
            Err(UnusableHash::Malformed) => {
                tracing::info!(%user, "the ERP's password hash of this user cannot be read");
            }
            Err(UnusableHash::Version(version)) => {
                let mut reported = self.reported.lock();
                if reported.len() < MAX_VERSIONS && reported.insert(version.clone()) {
                    tracing::warn!(
                        %user,
                        version,
                        "the ERP's password hash of this user has a version that is not supported: users with \
                         such hashes cannot log in by them"
                    );
                }
            }
        }
        None
    }
}

impl ErpHash {
    fn parse(stored: &str) -> Result<Self, UnusableHash> {
        let Some((version, rest)) = stored.split_once('$') else {
            return Ok(ErpHash::Sha1(digest(stored)?));
        };
        match version {
            "1" => match rest.split_once('$') {
                Some((salt, hash)) if !salt.is_empty() => {
                    Ok(ErpHash::SaltedSha512 { salt: salt.to_owned(), digest: digest(hash)? })
                }
                _ => Err(UnusableHash::Malformed),
            },
            // Formats of other programs: `$2b$…`, `$argon2id$…`.
            "" => version_name(rest.split_once('$').map_or("", |(name, _)| name), |c| {
                c.is_ascii_alphanumeric() || c == '-'
            }),
            number => version_name(number, |c| c.is_ascii_digit()),
        }
    }

    /// Whether this is the hash of the password. All kinds of hashes take the same amount of work, and so
    /// does
    /// `None`.
    pub(crate) fn matches(hash: Option<&Self>, password: &str) -> bool {
        let (sha1, salt, sha512) = match hash {
            Some(ErpHash::Sha1(digest)) => (Some(digest), "", None),
            Some(ErpHash::SaltedSha512 { salt, digest }) => (None, salt.as_str(), Some(digest)),
            None => (None, "", None),
        };
        let unsalted: [u8; 20] = Sha1::digest(password).into();
        let salted: [u8; 64] = Sha512::new().chain_update(salt).chain_update(password).finalize().into();
        let fits_unsalted = unsalted.ct_eq(sha1.unwrap_or(&[0; 20]));
        let fits_salted = salted.ct_eq(sha512.unwrap_or(&[0; 64]));
        let matches =
            (bool::from(fits_unsalted) & sha1.is_some()) | (bool::from(fits_salted) & sha512.is_some());
        // The ERP may store the hash of an empty text for users without a password.
        matches & !password.is_empty()
    }
}

fn digest<const N: usize>(text: &str) -> Result<[u8; N], UnusableHash> {
    let bytes = STANDARD.decode(text).map_err(|_| UnusableHash::Malformed)?;
    bytes.try_into().map_err(|_| UnusableHash::Malformed)
}

/// The error with the version's name, if the text looks like one.
fn version_name(name: &str, is_part: impl Fn(char) -> bool) -> Result<ErpHash, UnusableHash> {
    let is_name = (1..=MAX_VERSION_BYTES).contains(&name.len()) && name.chars().all(is_part);
    Err(if is_name { UnusableHash::Version(name.to_owned()) } else { UnusableHash::Malformed })
}

/// Never prints the hash.
impl std::fmt::Debug for ErpHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErpHash").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-1 hash of `openbravo`, the default password.
    const SHA1: &str = "PwOd6SgWF74HY4u51bfrUxjtB9g=";

    #[test]
    fn invalid_hashes_are_refused_and_versions_are_named() {
        assert!(matches!(ErpHash::parse(SHA1), Ok(ErpHash::Sha1(_))));
        let sha512 = STANDARD.encode([7; 64]);
        assert!(matches!(
            ErpHash::parse(&format!("1$c2FsdA==${sha512}")),
            Ok(ErpHash::SaltedSha512 { salt, .. }) if salt == "c2FsdA=="
        ));
        for malformed in [
            "",
            "0",
            "openbravo",
            "PwOd6SgWF74HY4u51bfrUxjtB9g",
            " PwOd6SgWF74HY4u51bfrUxjtB9g=",
            "1$",
            "1$$",
            "1$salt$",
            "1$salt",
            &format!("1$${sha512}"),
            &format!("1$salt${sha512}$"),
            &format!("1$salt${SHA1}"),
            "a secret$text",
            "1234567890123$x$y",
            "$",
            "$$",
        ] {
            assert_eq!(ErpHash::parse(malformed).unwrap_err(), UnusableHash::Malformed, "{malformed}");
        }
        for (stored, version) in [
            (format!("2$salt${sha512}"), "2"),
            (format!("01$salt${sha512}"), "01"),
            ("$2b$10$abc".to_owned(), "2b"),
            ("$argon2id$v=19$m=1".to_owned(), "argon2id"),
        ] {
            assert_eq!(ErpHash::parse(&stored).unwrap_err(), UnusableHash::Version(version.to_owned()));
        }
    }

    #[test]
    fn each_version_is_reported_once() {
        let hashes = ErpHashes::default();
        for stored in ["2$a$b", "2$c$d", "3$a$b", SHA1, "", "rubbish"] {
            let usable = hashes.read(UserId::ZERO, stored).is_some();
            assert_eq!(usable, stored == SHA1, "{stored}");
        }
        assert_eq!(hashes.reported.lock().iter().collect::<Vec<_>>(), ["2", "3"]);
    }

    #[test]
    fn debug_output_contains_no_hash() {
        let shown = format!("{:?}", ErpHash::parse(SHA1));
        assert!(shown.contains("ErpHash") && !shown.contains("63"), "{shown}");
    }
}
