//! Reads an ERP's organization trees, roles and users from its own database: Openbravo's or Etendo's `ad_*` tables, on
//! SQLite and PostgreSQL.
//!
//! The rooms, in the order in which to read them:
//!
//! - [`Database`]: connections, time limits, errors;
//! - [`ErpReader`]: the questions, one method each. It only ever reads;
//! - [`import`]: fills `ad_*` tables from files;
//! - `ErpSource` (feature `session`): what the crate `session` asks an ERP at a login, and `revisions`, the optional
//!   counters by which it knows an unchanged tree without reading it;
//! - `SqlStore` and `PasswordTable` (feature `session`): where sessions and password hashes live, in tables of our own;
//! - `demo` (feature `demo`): a database with the sample rows, made on first use.
//!
//! | feature | default | what it brings |
//! | --- | --- | --- |
//! | `sqlite` | yes | the SQLite driver, and SQLite itself |
//! | `postgres` | yes | the PostgreSQL driver |
//! | `tls` | no | encrypted connections to PostgreSQL, by rustls |
//! | `session` | no | logins: `ErpSource`, `revisions`, `SqlStore` and `PasswordTable`; the crate `session` |
//! | `demo` | no | the demonstration database, about 80 KB of rows |
//!
//! Without any driver the crate has only the records that are read ([`Client`], [`Role`], [`Directory`] and so on).

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod blocking;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod database;
#[cfg(feature = "demo")]
pub mod demo;
mod erp;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod import;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub mod revisions;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
mod source;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
mod store;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod text;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use database::{ConnectError, Database, DatabaseKind, Limits, StatementError};
pub use erp::*;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use import::{ImportError, Imported, MAX_FILE_BYTES, RowPlace, ValueProblem, import};
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub use source::{ClientRoles, ErpSource, NamedRole};
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub use store::{PasswordTable, SqlStore, StoreError, StoreOptions};
