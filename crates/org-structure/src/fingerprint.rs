//! `Fingerprint`: the name of a tree in memory, in a database, in a cluster.

use core::fmt;
use core::str::FromStr;

use platform::text::{NAME_BYTES, hex, parse_hex, shorten};
use sha2::{Digest, Sha256};

use crate::OrgStructure;

/// The SHA-256 hash of a tree's canonical bytes: two trees with the same fingerprint are the same tree.
///
/// SHA-256, because every platform that reads the canonical bytes has it in its standard library.
///
/// # Memory
/// 32 bytes.
///
/// # Examples
/// ```
/// use org_structure::{Fingerprint, OrgRow, OrgStructure};
///
/// let one = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("0")])?.structure;
/// let same = OrgStructure::build([OrgRow::new("A").under("0"), OrgRow::new("0")])?.structure;
/// assert_eq!(one.fingerprint(), same.fingerprint());
///
/// let text = one.fingerprint().to_string();
/// assert_eq!(text.len(), 64);
/// assert_eq!(text.parse::<Fingerprint>()?, one.fingerprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of canonical bytes, whether or not they decode.
    #[must_use]
    pub fn from_canonical(canonical: &[u8]) -> Self {
        Fingerprint(Sha256::digest(canonical).into())
    }

    /// A fingerprint from its stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Fingerprint(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl OrgStructure {
    /// The name of this tree: the same for equal trees everywhere, and for no other.
    ///
    /// # Complexity
    /// O(n): the tree is encoded and hashed. Keep it if you need it often.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_canonical(&self.encode())
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a fingerprint of 64 lower-case hexadecimal digits")]
pub struct InvalidFingerprint {
    text: String,
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let invalid = || InvalidFingerprint { text: shorten(text, NAME_BYTES).into() };
        parse_hex(text).map(Fingerprint).ok_or_else(invalid)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
