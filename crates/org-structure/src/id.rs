//! `OrgId`: the name of an organization, by value.

use core::fmt;
use core::str::FromStr;

use platform::text::{NAME_BYTES, shorten};

/// The longest id that an organization may have, in bytes of UTF-8.
pub const MAX_ID_BYTES: usize = 32;

/// The id of an organization: 1 to 32 bytes of UTF-8, compared byte for byte.
///
/// Openbravo's ids are 32 upper-case hexadecimal digits, or short numbers for rows that the product ships
/// (`0` is the organization `*`). Any other text within the length is an id too. There is no case folding.
///
/// The value is `Copy` and owns no heap: an id may cross threads and crates without an allocation.
///
/// # Memory
/// 33 bytes. (An [`OrgStructure`](crate::OrgStructure) does not keep ids in this form; it packs them.)
///
/// # Examples
/// ```
/// use org_structure::OrgId;
///
/// let id: OrgId = "19404EAD144C49A0AF37D54377CF452D".parse()?;
/// assert_eq!(id.as_str(), "19404EAD144C49A0AF37D54377CF452D");
/// assert!(OrgId::ZERO < id);
/// assert!("".parse::<OrgId>().is_err());
/// # Ok::<(), org_structure::InvalidId>(())
/// ```
#[derive(Clone, Copy)]
pub struct OrgId {
    // INVARIANT: `bytes[..len]` is UTF-8 of 1 to 32 bytes, and the rest is zero.
    len: u8,
    bytes: [u8; MAX_ID_BYTES],
}

/// Why a text cannot be an id: of an organization, a client, a role or a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("{kind} id must not be empty")]
    Empty {
        /// What the id names.
        kind: &'static str,
    },
    /// The text has more than [`MAX_ID_BYTES`] bytes.
    #[error("{kind} id `{id}` has {bytes} bytes; at most 32 are allowed")]
    TooLong {
        /// What the id names.
        kind: &'static str,
        /// The beginning of the text, enough to recognize it.
        id: String,
        /// The length of the whole text in bytes.
        bytes: usize,
    },
}

impl OrgId {
    /// The organization `0`, named `*`: the root of every client's tree in Openbravo.
    pub const ZERO: OrgId = {
        let mut bytes = [0; MAX_ID_BYTES];
        bytes[0] = b'0';
        OrgId { len: 1, bytes }
    };

    /// Takes a text as an id.
    ///
    /// # Errors
    /// [`InvalidId`] if the text is empty or longer than 32 bytes.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        Self::from_text("organization", text)
    }

    /// Takes a text as an id of the given kind.
    pub(crate) fn from_text(kind: &'static str, text: &str) -> Result<Self, InvalidId> {
        let mut bytes = [0; MAX_ID_BYTES];
        let Some(head) = bytes.get_mut(..text.len()) else {
            return Err(InvalidId::TooLong { kind, id: shorten(text, NAME_BYTES).into(), bytes: text.len() });
        };
        head.copy_from_slice(text.as_bytes());
        match u8::try_from(text.len()) {
            Ok(len) if len > 0 => Ok(OrgId { len, bytes }),
            _ => Err(InvalidId::Empty { kind }),
        }
    }

    /// An id of 32 hexadecimal digits.
    pub(crate) const fn from_digits(digits: [u8; MAX_ID_BYTES]) -> Self {
        OrgId { len: 32, bytes: digits }
    }

    /// An id from a text that is known to be valid.
    #[expect(clippy::expect_used, reason = "the text has been checked")]
    pub(crate) fn from_valid(text: &str) -> Self {
        Self::new(text).expect("a text of 1 to 32 bytes")
    }

    /// The id as text.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the invariant of `bytes`")]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("an id is UTF-8")
    }

    /// The bytes of the text.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "the invariant of `len`")]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Is this the organization `0`?
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl FromStr for OrgId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl TryFrom<&str> for OrgId {
    type Error = InvalidId;

    fn try_from(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

impl AsRef<str> for OrgId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for OrgId {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.bytes == other.bytes
    }
}

impl Eq for OrgId {}

impl PartialEq<str> for OrgId {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for OrgId {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl core::hash::Hash for OrgId {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for OrgId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrgId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl core::borrow::Borrow<str> for OrgId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgId({})", self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for OrgId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for OrgId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IdVisitor { kind: "organization" })
    }
}

/// Takes a text as an id of the given kind.
#[cfg(feature = "serde")]
pub(crate) struct IdVisitor {
    pub(crate) kind: &'static str,
}

#[cfg(feature = "serde")]
impl serde::de::Visitor<'_> for IdVisitor {
    type Value = OrgId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text of 1 to 32 bytes, the {} id", self.kind)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OrgId, E> {
        OrgId::from_text(self.kind, text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_any_text_of_up_to_32_bytes() {
        for text in ["0", "a", "19404EAD144C49A0AF37D54377CF452D", "ÄÖÜ", "with 'quote'", "\0"] {
            assert_eq!(OrgId::new(text).unwrap().as_str(), text);
        }
        assert_eq!(OrgId::new(""), Err(InvalidId::Empty { kind: "organization" }));
        assert!(OrgId::new(&"é".repeat(16)).is_ok());
    }

    #[test]
    fn names_the_beginning_of_an_over_long_id() {
        let error = OrgId::new(&"é".repeat(10_000)).unwrap_err();
        assert!(error.to_string().len() < 200, "{error}");
        assert!(matches!(error, InvalidId::TooLong { bytes: 20_000, .. }));
    }

    #[test]
    fn compares_byte_for_byte() {
        let id = |text| OrgId::new(text).unwrap();
        assert!(id("A") < id("a"));
        assert!(id("0") < id("00"));
        assert_ne!(id("a"), id("A"));
        assert!(id("Z") < id("É"));
        assert_ne!(id("\0"), id("\0\0"));
        assert!(id("A") == *"A" && id("A") != *"B");
        assert!(id("A") == "A" && id("A") != "B");
        assert!(id("0").is_zero() && !id("00").is_zero());
    }

    #[test]
    fn is_found_by_its_text() {
        use std::collections::BTreeSet;

        let id = |text| OrgId::new(text).unwrap();
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        for text in ["A", "19404EAD144C49A0AF37D54377CF452D"] {
            assert_eq!(hasher.hash_one(id(text)), hasher.hash_one(text));
        }
        assert_ne!(hasher.hash_one(id("A")), hasher.hash_one(id("B")));
        let ids = BTreeSet::from(["A", "C"].map(id));
        assert!(ids.contains("A") && !ids.contains("B") && ids.contains("C"));
        assert_eq!(format!("{:?}", id("A")), "OrgId(A)");
        assert_eq!(format!("{:>3}", id("A")), "  A");
    }
}
