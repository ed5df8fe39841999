//! An ERP's organization tree, stored once.

mod error;
mod finding;
mod flags;
mod id;
mod index;
mod row;

pub use error::{BuildError, Cycle};
pub use finding::Finding;
pub use flags::OrgFlags;
pub use id::{InvalidId, MAX_ID_BYTES, OrgId};
pub use index::OrgIndex;
pub use row::OrgRow;
