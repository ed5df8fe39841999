//! Reading an ERP's own tables. Nothing here ever writes to them.
//!
//! In the order to read: `tree` (the rows of a client's organization tree, by one statement), `directory`
//! (names and sibling order beside it), then the small questions about clients, organizations, roles and
//! users. `schema` knows which tables and columns the database at hand has.

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
mod schema;
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
pub(crate) use schema::{Schema, table_names};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use tree::LoadedTree;
pub use types::{Client, ClientOrganization, OrgTreeLevel, Role, StoredOrgInfo, User, UserRole};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use users::USER_COLUMNS;
