//! An ERP's organization tree, stored once.
//!
//! An ERP asks its organization tree in every operation: may a record of this organization refer to that one,
//! which legal entity owns this store, does this organization allow transactions? An [`OrgStructure`] answers
//! all of it from a few flat arrays: about 18 KB for 600 organizations in a tree of any shape. It is
//! immutable and shared.
//!
//! ```
//! use std::sync::Arc;
//! use org_structure::{OrgFlags, OrgRow, OrgStructure};
//!
//! // Rows in any order.
//! let built = OrgStructure::build([
//!     OrgRow::new("Madrid").under("Spain").with_flags(OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED),
//!     OrgRow::new("0"),
//!     OrgRow::new("Spain").under("0").with_flags(OrgFlags::READY | OrgFlags::LEGAL_ENTITY),
//!     OrgRow::new("USA").under("0"),
//! ])?;
//! assert!(built.findings.is_empty());
//! let tree = Arc::new(built.structure);
//!
//! // By index: two comparisons, no allocation.
//! let [spain, madrid, usa] = ["Spain", "Madrid", "USA"].map(|id| tree.index_of(id).unwrap());
//! assert!(tree.is_in_natural_tree(madrid, spain));
//! assert!(!tree.is_in_natural_tree(madrid, usa));
//! assert_eq!(tree.nearest(madrid, OrgFlags::LEGAL_ENTITY), Some(spain));
//!
//! // As a set, for SQL: bind it to `ad_org_id = ANY($1)`.
//! assert_eq!(tree.sql_ids(tree.natural_tree(spain)), ["0", "Spain", "Madrid"]);
//! # Ok::<(), org_structure::BuildError>(())
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! | --- | --- |
//! | building a tree, and what is refused or reported | [`OrgStructure::build`], [`BuildError`], [`Finding`] |
//! | yes or no, one organization, all organizations | [`OrgStructure`] |
//! | ancestors and descendants, without copying them | [`NaturalTree`], [`Ancestors`], [`Descendants`] |
//! | rows back out of a tree; what changed between two | [`OrgStructure::rows`], [`OrgStructure::diff`] |
//! | a tree for people | `Display`, [`OrgStructure::dot`], [`OrgStructure::mermaid`] |
//! | sets: union, intersection, iteration | [`OrgSet`] |
//! | storing a tree, and recognizing it again | [`OrgStructure::encode`], [`OrgStructure::decode`], [`Fingerprint`] |
//! | the methods of Openbravo's OrganizationStructureProvider | [`openbravo`] |
//!
//! # Words
//!
//! The *natural tree* of an organization is itself, its ancestors and its descendants. An [`OrgIndex`] is an
//! organization's position in the tree; an [`OrgId`] its name. [`ClientId`], [`RoleId`] and [`UserId`] name
//! the other things that a login consists of. Ids are compared byte for byte.
//!
//! # Compatibility
//!
//! Types that the crate returns are `#[non_exhaustive]`: errors, findings, changes, rows of a tree. Types
//! that a caller fills in are not: code that forgets a new field of [`OrgRow`] must not compile, since a
//! default could grant more than the ERP does.
//!
//! # Features
//!
//! `serde` (default): `Serialize` and `Deserialize` for trees, ids, indices, flags, sets, findings and
//! fingerprints, and `Serialize` for rows and changes, which borrow their texts. A tree is a list of rows in
//! formats for people, and its canonical bytes in binary ones.

mod build;
mod canonical;
mod change;
mod column;
mod display;
mod entity_id;
mod error;
mod finding;
mod fingerprint;
mod flags;
mod hex;
mod id;
mod index;
mod invariant;
mod iter;
mod nearest;
mod numbering;
pub mod openbravo;
mod relations;
mod roster;
mod row;
#[cfg(feature = "serde")]
mod serde_tree;
mod set;
mod sets;
mod side_table;
mod tree;
mod tree_row;
mod view;

pub use build::{BuildOutcome, MAX_ORGANIZATIONS};
pub use canonical::{DecodeError, FORMAT_VERSION};
pub use change::OrgChange;
pub use display::{Dot, Mermaid};
pub use entity_id::{ClientId, RoleId, UserId};
pub use error::{BuildError, Cycle};
pub use finding::Finding;
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use flags::OrgFlags;
pub use id::{InvalidId, MAX_ID_BYTES, OrgId};
pub use index::OrgIndex;
pub use iter::{Indices, PathToRoot, Siblings};
pub use openbravo::quoted_list;
pub use row::OrgRow;
pub use set::{OrgSet, OrgSetIntoIter, OrgSetIter, OrgSetRanges};
pub use sets::ResolvedIds;
pub use tree::OrgStructure;
pub use tree_row::{Rows, TreeRow};
pub use view::{Ancestors, Descendants, NaturalTree, ViewIter, ViewRanges};
