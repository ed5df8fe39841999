//! Why bytes are not the canonical bytes of a tree.

use super::FORMAT_VERSION;
use crate::{InvalidId, OrgId};

/// Why bytes are not the canonical bytes of a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes do not begin with the marker of a tree.
    #[error("these bytes are not an organization tree")]
    NotATree,
    /// The tree has an older format, which is no longer read.
    #[error("organization tree in format version {version}, made by an older version of this program")]
    OlderVersion {
        /// The version found.
        version: u16,
    },
    /// The tree has a newer format.
    #[error(
        "organization tree in format version {version}, newer than this program, which reads version \
         {FORMAT_VERSION}"
    )]
    NewerVersion {
        /// The version found.
        version: u16,
    },
    /// The tree has sections that this version of the crate does not know.
    #[error("organization tree with unknown sections (bits {bits:#x}), newer than this program")]
    NewerSections {
        /// The unknown bits.
        bits: u32,
    },
    /// An organization has flags that this version of the crate does not know.
    #[error("organization tree with unknown flags (bits {bits:#x} at rank {rank}), newer than this program")]
    NewerFlags {
        /// The rank of the organization.
        rank: u32,
        /// The unknown bits.
        bits: u16,
    },
    /// The bytes end before the tree does.
    #[error("organization tree cut short: {what} end after {bytes} bytes")]
    Truncated {
        /// The part in which the bytes end.
        what: &'static str,
        /// How many bytes there are.
        bytes: usize,
    },
    /// There are bytes after the tree.
    #[error("{bytes} bytes left over after the organization tree")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// An id is empty or over-long.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// An id occurs twice.
    #[error("organization `{id}` occurs twice")]
    Duplicate {
        /// The id.
        id: OrgId,
    },
    /// Something is not in canonical form.
    #[error("organization tree is not canonical at {place}: {rule}")]
    NotCanonical {
        /// The rank of an organization, or the number of a text, as the rule says.
        place: u32,
        /// The rule that does not hold.
        rule: &'static str,
    },
}

impl DecodeError {
    /// Did a newer version of this crate write the bytes? That version can read them.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        use DecodeError::{NewerFlags, NewerSections, NewerVersion};
        matches!(self, NewerVersion { .. } | NewerSections { .. } | NewerFlags { .. })
    }

    /// Did an older version of this crate write the bytes, in a format that is no longer read?
    #[must_use]
    pub fn is_older(&self) -> bool {
        matches!(self, DecodeError::OlderVersion { .. })
    }
}
