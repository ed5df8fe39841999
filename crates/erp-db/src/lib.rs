//! Reads an ERP's organization trees, roles and users from its own database: Openbravo's or Etendo's `ad_*`
//! tables, on SQLite and PostgreSQL.
//!
//! # Start here
//!
//! With the feature `session`: logins over an ERP's database, which is never written to, and a session store
//! in the same or another database.
//!
//! ```no_run
//! # async fn backend() -> Result<(), Box<dyn std::error::Error>> {
//! use erp_db::{AutomaticRolesPolicy, Database, ErpReader, ErpSource, StoreOptions, store};
//! use session::{Options, Principal, SessionManager};
//!
//! let database = Database::connect("postgres://reader:secret@db.example.org/openbravo").await?;
//! let erp = ErpReader::open(database).await?;
//! let options = StoreOptions::new("postgres://orgcache:secret@db.example.org/sessions");
//! store::migrate(&options).await?;
//! let store = store::open(&options).await?;
//! let rule = erp.automatic_roles(AutomaticRolesPolicy::Detect).rule;
//! let options = Options::default().with(|options| options.automatic_roles = rule);
//! let sessions = SessionManager::new(ErpSource::new(erp), store, options);
//! let maintenance = sessions.start_maintenance();
//!
//! // When the ERP has authenticated user 100:
//! let login = sessions.login(Principal::new("100".parse()?)).await?;
//! // In every request:
//! let session = sessions.session(&login.token).await?;
//! assert!(session.can_read("0"));
//! # drop(maintenance);
//! # Ok(())
//! # }
//! ```
//!
//! A tree without sessions:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let erp = erp_db::ErpReader::open(erp_db::Database::connect("sqlite:erp.db").await?).await?;
//! let tree = erp.load_tree("23C59575B9CF467C9620760EB255B389".parse()?).await?.structure;
//! println!("{} organizations", tree.len());
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! In reading order:
//!
//! - [`Database`]: connections, time limits, errors;
//! - [`ErpReader`]: one method per question. It never writes;
//! - `ErpSource` (feature `session`): the queries of a login, and `revisions`, optional counters that show an
//!   unchanged tree without reading it;
//! - `store` (feature `session`): tables for sessions and password hashes;
//! - [`tables`]: the ERP's tables that this crate uses.
//!
//! The crate `orgcache-erp-import` fills these tables from files and creates a demonstration database.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `sqlite` | yes | the SQLite driver, and SQLite itself |
//! | `postgres` | yes | the PostgreSQL driver |
//! | `tls` | no | TLS connections to PostgreSQL, by rustls |
//! | `session` | no | logins: `ErpSource`, `revisions`, `SqlStore` and `PasswordTable`; the crate `session` |
//!
//! Enable at least one driver.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("erp-db needs a database driver: the feature `sqlite`, `postgres` or both");

#[cfg_attr(
    not(all(feature = "postgres", feature = "session")),
    expect(dead_code, reason = "the PostgreSQL store uses all of it")
)]
#[cfg_attr(not(feature = "postgres"), expect(unused_imports, reason = "PostgreSQL uses the rest"))]
mod backend;
mod blocking;
mod erp;
#[cfg(feature = "session")]
pub mod revisions;
mod rights;
#[cfg(feature = "session")]
mod source;
#[cfg(feature = "session")]
pub mod store;
mod text;

pub use backend::{ConnectError, ConnectionLimits, Database, DatabaseKind, StatementError, Transaction};
pub use erp::*;
pub use rights::{MissingRights, Purpose};
#[cfg(feature = "session")]
pub use source::{
    AutomaticRolesPolicy, ClientRoles, DamagedRole, DetectedAutomaticRoles, ErpSource, NamedRole,
};
#[cfg(feature = "session")]
pub use store::{PasswordTable, SqlStore, StoreError, StoreOptions};
