//! Reads an ERP's own tables, and never writes to them.
//!
//! In reading order: `tree` (the rows of a client's organization tree, by one statement), `directory` (names
//! and sibling order), then small questions about clients, organizations, roles and users. `tables` is the
//! ERP's schema, and `schema` the part of it that a database has.

mod administration;
mod clients;
mod directory;
mod error;
mod finding;
mod organizations;
mod reader;
mod roles;
mod rows;
mod schema;
#[cfg(feature = "session")]
mod snapshot;
pub mod tables;
mod tree;
mod types;
mod users;

pub use administration::Administration;
pub use directory::{Directory, DirectoryEntry};
pub use error::ReadError;
pub use finding::{RowFinding, TreeFinding};
pub use reader::ErpReader;
pub use schema::Schema;
#[cfg(feature = "session")]
pub(crate) use snapshot::repeat_if_lost;
pub use tree::ErpTree;
#[cfg(all(test, feature = "session", feature = "sqlite", feature = "postgres"))]
pub(crate) use tree::tree_statement;
pub use types::{Client, OrgTreeLevel, OrganizationStatus, Role, StoredOrgInfo, User, UserRoleLink};
