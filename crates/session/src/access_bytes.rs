//! The canonical bytes of role access, and its hash: the name under which it is stored.

use core::fmt;
use core::ops::Range;

use org_structure::{Fingerprint, MAX_ID_BYTES, OrgId, OrgIndex, OrgSet, OrgStructure};

use crate::access::GrantedOrgs;
use crate::{ClientId, OrgSelection, RoleAccess, UserLevel};

const MAGIC: &[u8; 6] = b"orgacc";

/// The version of the canonical bytes of [`RoleAccess`] that this crate writes, and the newest it reads.
pub const ACCESS_FORMAT_VERSION: u16 = 1;

/// The BLAKE3 hash of the canonical bytes of a [`RoleAccess`]: its name in memory, in a store, in a cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessHash([u8; 32]);

impl AccessHash {
    /// The hash of canonical bytes, whether or not they decode.
    #[must_use]
    pub fn from_canonical(canonical: &[u8]) -> Self {
        AccessHash(*blake3::hash(canonical).as_bytes())
    }

    /// A hash from its stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        AccessHash(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AccessHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for AccessHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessHash({self})")
    }
}

/// Why bytes are not the canonical bytes of role access in a given tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessDecodeError {
    /// The bytes do not begin with the marker of role access.
    #[error("these bytes are not role access")]
    NotAccess,
    /// The bytes were written in a format that this version of the crate does not know.
    #[error("role access in format version {version}; versions up to {ACCESS_FORMAT_VERSION} can be read")]
    UnknownVersion {
        /// The version found.
        version: u16,
    },
    /// The access belongs to another tree.
    #[error("role access for tree `{found}`, not for `{expected}`")]
    AnotherTree {
        /// The tree that the bytes name.
        found: Fingerprint,
        /// The tree at hand.
        expected: Fingerprint,
    },
    /// The bytes end in the middle of the access.
    #[error("role access ends unexpectedly after {bytes} bytes")]
    Truncated {
        /// How many bytes there are.
        bytes: usize,
    },
    /// There are bytes after the access.
    #[error("{bytes} unexpected bytes after role access")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// Something is not in canonical form.
    #[error("role access is not canonical: {rule}")]
    NotCanonical {
        /// The rule that does not hold.
        rule: &'static str,
    },
}

impl AccessDecodeError {
    /// Did a newer version of this crate write the bytes? It can read them; this one never will.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, AccessDecodeError::UnknownVersion { .. })
    }
}

impl RoleAccess {
    /// The canonical bytes: equal access to equal trees has equal bytes, on every machine. They name the
    /// tree.
    ///
    /// # Complexity
    /// O(runs of consecutive organizations), 8 bytes each.
    #[must_use]
    pub fn encode(&self, tree: Fingerprint) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(MAGIC);
        bytes.extend(ACCESS_FORMAT_VERSION.to_le_bytes());
        bytes.extend(tree.as_bytes());
        write_text(&mut bytes, self.level.as_stored());
        write_selection(&mut bytes, &self.readable);
        write_selection(&mut bytes, &self.writable);
        write_count(&mut bytes, self.granted.len());
        for group in &self.granted {
            write_text(&mut bytes, group.client.as_str());
            write_selection(&mut bytes, &group.orgs);
        }
        bytes
    }

    /// Decodes access to a tree from its canonical bytes. The bytes may be untrusted.
    ///
    /// # Complexity
    /// O(bytes + organizations). Memory is bounded by the length of the bytes and the size of the tree.
    ///
    /// # Errors
    /// [`AccessDecodeError`] if the bytes are not exactly those that [`encode`](Self::encode) writes for some
    /// access to this tree.
    pub fn decode(
        bytes: &[u8],
        tree: &OrgStructure,
        fingerprint: Fingerprint,
    ) -> Result<Self, AccessDecodeError> {
        let mut reader = Reader { rest: bytes, length: bytes.len() };
        if reader.take(MAGIC.len()).ok() != Some(MAGIC) {
            return Err(AccessDecodeError::NotAccess);
        }
        let version = u16::from_le_bytes(reader.array()?);
        if version != ACCESS_FORMAT_VERSION {
            return Err(AccessDecodeError::UnknownVersion { version });
        }
        let found = Fingerprint::from_bytes(reader.array()?);
        if found != fingerprint {
            return Err(AccessDecodeError::AnotherTree { found, expected: fingerprint });
        }
        let level = UserLevel::new(reader.text()?)
            .map_err(|_| not_canonical("a user level has at most 240 bytes"))?;
        let readable = read_selection(&mut reader, tree)?;
        let writable = read_selection(&mut reader, tree)?;
        let count = reader.count(2 + 8)?;
        let mut granted: Vec<GrantedOrgs> = Vec::with_capacity(count);
        for _ in 0..count {
            let client =
                ClientId::new(reader.text()?).map_err(|_| not_canonical("a client id has 1 to 32 bytes"))?;
            if granted.last().is_some_and(|last| last.client >= client) {
                return Err(not_canonical("clients ascend"));
            }
            let orgs = read_selection(&mut reader, tree)?;
            if orgs.is_empty() {
                return Err(not_canonical("no group is empty"));
            }
            granted.push(GrantedOrgs { client, orgs });
        }
        match reader.rest.len() {
            0 => Ok(RoleAccess { level, readable, writable, granted: granted.into() }),
            bytes => Err(AccessDecodeError::LeftOver { bytes }),
        }
    }
}

fn not_canonical(rule: &'static str) -> AccessDecodeError {
    AccessDecodeError::NotCanonical { rule }
}

#[expect(clippy::expect_used, reason = "a role has fewer organizations than a tree may have")]
fn write_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u32::try_from(count).expect("a count of at most 32 bits").to_le_bytes());
}

#[expect(clippy::expect_used, reason = "ids have at most 32 bytes, user levels 240")]
fn write_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).expect("a length of at most 8 bits"));
    bytes.extend(text.as_bytes());
}

fn write_selection(bytes: &mut Vec<u8>, selection: &OrgSelection) {
    // Runs of consecutive ranks, each with its first and its end.
    let runs: Vec<Range<u32>> = selection.known().ranges().collect();
    write_count(bytes, runs.len());
    for run in runs {
        bytes.extend(run.start.to_le_bytes());
        bytes.extend(run.end.to_le_bytes());
    }
    write_count(bytes, selection.outside().len());
    for id in selection.outside() {
        write_text(bytes, id.as_str());
    }
}

fn read_selection(reader: &mut Reader<'_>, tree: &OrgStructure) -> Result<OrgSelection, AccessDecodeError> {
    let count = reader.count(8)?;
    let mut runs: Vec<(u32, u32)> = Vec::with_capacity(count);
    for _ in 0..count {
        let (start, end) = (reader.number()?, reader.number()?);
        if start >= end || runs.last().is_some_and(|&(_, last)| start <= last) {
            return Err(not_canonical("runs ascend, with a gap between any two"));
        }
        runs.push((start, end));
    }
    if runs.last().is_some_and(|&(_, end)| end as usize > tree.len()) {
        return Err(not_canonical("runs lie within the tree"));
    }
    let known: OrgSet = runs.iter().flat_map(|&(start, end)| start..end).map(OrgIndex::new).collect();
    let count = reader.count(2)?;
    let mut outside: Vec<OrgId> = Vec::with_capacity(count);
    for _ in 0..count {
        let text = reader.text()?;
        let id = OrgId::new(text).map_err(|_| not_canonical("an organization id has 1 to 32 bytes"))?;
        if outside.last().is_some_and(|last| *last >= id) {
            return Err(not_canonical("organizations outside the tree ascend"));
        }
        if tree.index_of(text).is_some() {
            return Err(not_canonical("an organization of the tree is not listed as outside"));
        }
        outside.push(id);
    }
    Ok(OrgSelection::from_parts(known, outside))
}

struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], AccessDecodeError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(AccessDecodeError::Truncated { bytes: self.length })?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AccessDecodeError> {
        self.take(N)?.try_into().map_err(|_| AccessDecodeError::Truncated { bytes: self.length })
    }

    fn number(&mut self) -> Result<u32, AccessDecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads an item count. Refuses a count for which the remaining bytes are too few, at `each` bytes per
    /// item.
    fn count(&mut self, each: usize) -> Result<usize, AccessDecodeError> {
        let count = self.number()? as usize;
        if self.rest.len() / each < count {
            return Err(AccessDecodeError::Truncated { bytes: self.length });
        }
        Ok(count)
    }

    fn text(&mut self) -> Result<&'a str, AccessDecodeError> {
        let [length] = self.array()?;
        core::str::from_utf8(self.take(usize::from(length))?).map_err(|_| not_canonical("a text is UTF-8"))
    }
}

// A text's length is written in one byte.
const _: () = assert!(MAX_ID_BYTES <= 255);
