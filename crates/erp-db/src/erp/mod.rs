//! Reading an ERP's own tables. Nothing here ever writes to them.
//!
//! In the order to read: `tree` (the rows of a client's organization tree, by one statement), `directory`
//! (names and sibling order beside it), then the small questions about clients, organizations, roles and
//! users. `tables` is the ERP's schema, and `schema` knows what of it the database at hand has.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod administration;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod clients;
mod directory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod error;
mod finding;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod organizations;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod reader;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod roles;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod rows;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[cfg_attr(not(feature = "import"), expect(dead_code, reason = "an import uses the rest"))]
mod schema;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[cfg_attr(not(feature = "import"), expect(dead_code, reason = "an import uses the rest"))]
pub(crate) mod tables;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod tree;
mod types;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod users;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use administration::Administration;
pub use directory::{Directory, DirectoryEntry};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use error::ReadError;
pub use finding::{RowFinding, TreeFinding};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use reader::ErpReader;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use schema::Schema;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use tree::LoadedTree;
pub use types::{Client, ClientOrganization, OrgTreeLevel, Role, StoredOrgInfo, User, UserRole};
