//! An ERP's organization tree, stored once.

mod build;
mod canonical;
mod column;
mod error;
mod finding;
mod fingerprint;
mod flags;
mod hex;
mod id;
mod index;
mod nearest;
mod numbering;
pub mod openbravo;
mod relations;
mod roster;
mod row;
mod set;
mod sets;
mod side_table;
mod tree;

pub use build::{Built, MAX_ORGANIZATIONS};
pub use canonical::{DecodeError, FORMAT_VERSION};
pub use error::{BuildError, Cycle};
pub use finding::Finding;
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use flags::OrgFlags;
pub use id::{InvalidId, MAX_ID_BYTES, OrgId};
pub use index::OrgIndex;
pub use row::OrgRow;
pub use set::OrgSet;
pub use sets::{Resolved, quoted_list};
pub use tree::OrgStructure;
