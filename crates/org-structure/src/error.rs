//! `BuildError`: why rows do not make a tree.

use core::fmt;

use crate::{InvalidId, OrgId};

/// Why rows could not be built into a tree. All are faults of the data: a retry does not help.
///
/// # Examples
/// ```
/// use org_structure::{BuildError, OrgRow, OrgStructure};
///
/// let rows = [OrgRow::new("B").under("A"), OrgRow::new("A").under("B")];
/// let error = OrgStructure::build(rows).unwrap_err();
/// let BuildError::Cycle(cycle) = &error else { panic!("{error}") };
/// assert_eq!(cycle.organizations(), ["A", "B"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An id is empty or over-long.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// Two rows have the same id.
    #[error("organization `{id}` occurs twice")]
    Duplicate {
        /// The id of both rows.
        id: OrgId,
    },
    /// An organization is its own parent.
    #[error("organization `{id}` is its own parent")]
    SelfParent {
        /// The organization.
        id: OrgId,
    },
    /// Organizations are each other's ancestors.
    #[error(transparent)]
    Cycle(#[from] Cycle),
    /// A row has flags that are not in [`OrgFlags`](crate::OrgFlags).
    #[error("organization `{id}` has unknown flags (bits {bits:#x})")]
    UnknownFlags {
        /// The organization.
        id: OrgId,
        /// The unknown bits.
        bits: u16,
    },
    /// There are more rows than the limit allows.
    #[error("more than {limit} organizations; a tree may have at most {limit}")]
    TooMany {
        /// The limit in force.
        limit: u32,
    },
}

/// Organizations that are each other's ancestors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    ids: Vec<OrgId>,
}

impl Cycle {
    pub(crate) fn new(ids: Vec<OrgId>) -> Self {
        Cycle { ids }
    }

    /// The organizations on the cycle, each followed by its parent, beginning with the smallest id; the
    /// parent of the last is the first.
    #[must_use]
    pub fn organizations(&self) -> &[OrgId] {
        &self.ids
    }
}

impl core::error::Error for Cycle {}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("organizations are each other's ancestors, each one's parent being the next: ")?;
        list_ids(f, &self.ids)
    }
}

/// Writes at most ten ids and the number of further ones, so that a message stays readable for a tree of any
/// size.
pub(crate) fn list_ids(f: &mut fmt::Formatter<'_>, ids: &[OrgId]) -> fmt::Result {
    const SHOWN: usize = 10;
    for (position, id) in ids.iter().take(SHOWN).enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        write!(f, "`{id}`")?;
    }
    match ids.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => write!(f, " and {more} more"),
        _ => Ok(()),
    }
}
