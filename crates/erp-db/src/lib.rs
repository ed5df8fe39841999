//! Reads an ERP's organization trees, roles and users from its own database: Openbravo's or Etendo's `ad_*`
//! tables, on SQLite and PostgreSQL.
//!
//! # Start here
//!
//! With the feature `session`: logins over an ERP's database, which is only read, and a session store in the
//! same or another database.
//!
//! ```
//! # async fn backend() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("erp.db");
//! # erp_db::demo::create(&file).await?;
//! # let (erp_url, store_url) = (format!("sqlite:{}", file.display()), format!("sqlite:{}.sessions?mode=rwc", file.display()));
//! use erp_db::{AutomaticRolesPolicy, Database, ErpReader, ErpSource, StoreOptions, store};
//! use session::{Options, Principal, SessionManager};
//!
//! let erp = ErpReader::open(Database::connect(&erp_url).await?).await?; // postgres://… or sqlite:…
//! let options = StoreOptions::new(&store_url);
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
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(backend()).unwrap();
//! ```
//!
//! A tree without sessions:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let erp = erp_db::ErpReader::open(erp_db::Database::connect("sqlite:erp.db").await?).await?;
//! let tree = erp.load_tree("23C59575B9CF467C9620760EB255B389").await?.structure;
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
//! - `import` (feature `import`) fills `ad_*` tables from files; `demo` (feature `demo`) creates a database
//!   with the sample rows.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `sqlite` | yes | the SQLite driver, and SQLite itself |
//! | `postgres` | yes | the PostgreSQL driver |
//! | `tls` | no | encrypted connections to PostgreSQL, by rustls |
//! | `session` | no | logins: `ErpSource`, `revisions`, `SqlStore` and `PasswordTable`; the crate `session` |
//! | `import` | no | `import`: the ERP's tables, filled from files |
//! | `demo` | no | the demonstration database, about 80 KB of rows; includes `import` |
//!
//! Without a driver the crate has only the record types ([`Client`], [`Role`], [`Directory`] and so on).

#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[cfg_attr(
    not(all(feature = "postgres", feature = "session")),
    expect(dead_code, reason = "the PostgreSQL store uses all of it")
)]
#[cfg_attr(not(feature = "postgres"), expect(unused_imports, reason = "PostgreSQL uses the rest"))]
mod backend;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod blocking;
#[cfg(feature = "demo")]
pub mod demo;
mod erp;
#[cfg(all(feature = "import", any(feature = "sqlite", feature = "postgres")))]
mod import;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub mod revisions;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod rights;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
mod source;
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub mod store;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod text;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use backend::{ConnectError, Database, DatabaseKind, Limits, StatementError};
pub use erp::*;
#[cfg(all(feature = "import", any(feature = "sqlite", feature = "postgres")))]
pub use import::{ImportError, Imported, MAX_FILE_BYTES, RowPlace, ValueProblem, import};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use rights::{MissingRights, Purpose};
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub use source::{
    AutomaticRolesPolicy, ClientRoles, DamagedRole, DetectedAutomaticRoles, ErpSource, NamedRole,
};
#[cfg(all(feature = "session", any(feature = "sqlite", feature = "postgres")))]
pub use store::{PasswordTable, SqlStore, StoreError, StoreOptions};
