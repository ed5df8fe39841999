//! `Finding`: an oddity of the rows that does not keep a tree from being built.

use core::fmt;

use crate::OrgId;

/// An oddity in the rows of a real database that does not prevent a tree from being built.
///
/// # Examples
/// ```
/// use org_structure::{OrgRow, OrgStructure};
///
/// let findings = OrgStructure::build([OrgRow::new("0"), OrgRow::new("A").under("gone")])?.findings;
/// let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
/// assert_eq!(texts, [
///     "parent `gone` of organization `A` is not in the tree; `A` is a root here",
///     "the tree has 2 roots: `0`, `A`",
/// ]);
/// # Ok::<(), org_structure::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(tag = "finding"))]
#[non_exhaustive]
pub enum Finding {
    /// The row names a parent that is not an organization of this tree. The organization became a root:
    /// keeping a missing parent's name would break the symmetry of the natural tree.
    DanglingParent {
        /// The organization.
        org: OrgId,
        /// What its row names as parent, cut after 64 bytes.
        parent: String,
    },
    /// There is more than one root.
    SeveralRoots {
        /// All roots, in tree order.
        roots: Vec<OrgId>,
    },
    /// The tree has organizations, but `0` is not one of them.
    NoOrganizationZero,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::DanglingParent { org, parent } => {
                write!(
                    f,
                    "parent `{parent}` of organization `{org}` is not in the tree; `{org}` is a root here"
                )
            }
            Finding::SeveralRoots { roots } => {
                write!(f, "the tree has {} roots: ", roots.len())?;
                crate::error::list_ids(f, roots)
            }
            Finding::NoOrganizationZero => f.write_str("the tree has no organization `0`"),
        }
    }
}
