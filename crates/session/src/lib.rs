//! Logins of an ERP, each with the organization tree and the role's access **as they were at that moment**.
//!
//! A [`Session`] answers everything an ERP operation asks about organizations from memory: may this role read
//! that record, may it write there, may one record refer to another, which legal entity owns this store.
//! Nothing that happens in the database, or on another node, changes an answer before the next login, refresh
//! or switch. Sessions on equal trees share one tree; sessions with equal access share that.
//!
//! # Ten lines
//!
//! ```
//! # use session::{CompanyFacts, Facts, LoadedTree, PortError, Revision, async_trait};
//! # use org_structure::{OrgRow, OrgStructure};
//! # #[derive(Debug)] struct Erp;
//! # #[async_trait]
//! # impl session::OrgSource for Erp {
//! #     async fn revision(&self, _: &session::ClientId) -> Result<Option<Revision>, PortError> { Ok(None) }
//! #     async fn load_tree(&self, _: &session::ClientId) -> Result<LoadedTree, PortError> {
//! #         let rows = [OrgRow::new("0"), OrgRow::new("Madrid").under("0"), OrgRow::new("Boston").under("0")];
//! #         Ok(LoadedTree::new(OrgStructure::build(rows).unwrap().structure, None))
//! #     }
//! #     async fn facts(&self, _: &session::Principal) -> Result<Facts, PortError> {
//! #         let madrid: org_structure::OrgId = "Madrid".parse().unwrap();
//! #         let (client, role) = ("C".parse().unwrap(), "R".parse().unwrap());
//! #         Ok(Facts::Companies(Some(CompanyFacts { client, role, companies: vec![madrid], default: madrid })))
//! #     }
//! # }
//! # async fn backend() -> Result<(), Box<dyn std::error::Error>> {
//! use session::{MemoryStore, Options, Principal, SessionManager, Token};
//!
//! let sessions = SessionManager::new(Erp, MemoryStore::default(), Options::default());
//! let maintenance = sessions.start_maintenance();
//!
//! // When a user has logged in to the ERP:
//! let login = sessions.login(Principal::new("100".parse()?)).await?;
//! let cookie = login.token.expose();
//!
//! // In every request:
//! let token = Token::parse(&cookie).ok_or("log in first")?;
//! let session = sessions.session(&token).await?;
//! assert!(session.can_write("Madrid") && !session.can_read("Boston"));
//! assert!(!session.may_reference("Madrid", "Boston"));
//!
//! sessions.logout(&token).await?;
//! # drop(maintenance);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(backend()).unwrap();
//! ```
//!
//! `Erp` is your [`OrgSource`]: three reads of the ERP's database. For Openbravo and Etendo on PostgreSQL or
//! SQLite the crate `erp-db` has one, and a durable [`SessionStore`].
//!
//! # Rooms
//!
//! | where | what |
//! | --- | --- |
//! | [`SessionManager`] | login, lookup, refresh, switch, end, list, limits, maintenance |
//! | [`Session`], [`RoleAccess`] | what a session answers |
//! | [`openbravo`] | the rules of access and login as pure functions of rows, and what OrgTree answered |
//! | [`OrgSource`], [`SessionStore`] | the two ports; [`MemoryStore`] is the default store |
//! | [`Clock`], [`Entropy`] | where time and random bits come from |
//! | `contract` (feature `contract`) | the test suite that every store passes |
//!
//! # What holds when
//!
//! * **Always.** An answer of a session never changes. A login's tree is no older than the moment at which
//!   the login began. A token means one session with one tree and one access, on every node. A login is in
//!   the store before it is acknowledged. An end said on this node holds here when the call returns, whatever
//!   the store does.
//! * **After a time.** An end said on another node holds here within [`Options::revalidate_within`] (5 s) and
//!   the time that the store takes to answer; a hint of the store may make it sooner. Other nodes learn of
//!   use after [`Options::flush_interval`] (30 s). With a shared store, and after a restart, an idle session
//!   may live two of these longer than its idle time; else it ends to the millisecond.
//! * **Approximately.** Limits: each node counts its own sessions.
//! * **Not at all.** The tree and the role's rows are two reads, both after the login began; a change between
//!   them may be in one and not in the other. A change of roles has no revision: it is seen by every login,
//!   and by no session.
//!
//! # If a database is away
//!
//! Sessions that this node holds go on for [`Options::fail_open`], counted. Sessions that it does not hold,
//! and logins, get a transient error. Ends hold here and are told to the store when it answers. After an
//! outage nothing is swept until all nodes had time to report use.
//!
//! # Formats
//!
//! Stores keep trees and accesses as canonical bytes, each in a format that has a version
//! ([`org_structure::FORMAT_VERSION`], [`ACCESS_FORMAT_VERSION`]). Each node writes one version and reads
//! that one. A node that meets a newer version answers with a transient error and ends nothing: a newer node
//! can continue the session. A node that meets version 1 of a tree ends the session with
//! [`SessionError::Outdated`], and the collection of unused contents removes the bytes.
//!
//! # What may grow
//!
//! Structs and enums are `#[non_exhaustive]`, but for what an implementation of a port has to give or to
//! handle in full: rows ([`SessionRecord`], [`StoredSession`], [`Contents`], [`LastUse`], [`CompanyFacts`],
//! the facts and options in [`openbravo`]) and [`Scope`]. A field that is added there must not compile where
//! it is forgotten: a default could grant more than the ERP does.
//!
//! # Memory
//!
//! A session takes 152 bytes in one allocation, of which 12 are about organizations, and 49 to 98 bytes in
//! three tables, as their load is: the manager's, that of its users (both hold a pointer), and the store's in
//! memory. Sessions share trees, accesses, and roles with their access. A million sessions of a million users
//! on one tree of 600 organizations take 242 MB with [`MemoryStore`]. [`SessionManager::footprint`] is exact.

mod access;
mod access_bytes;
mod cached_session;
mod company;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod findings;
mod interner;
mod manager;
mod memory_store;
mod moment;
pub mod openbravo;
mod options;
mod pinned;
mod pool;
mod port_error;
mod principal;
mod record;
mod selection;
mod session;
mod sharded;
mod source;
mod stats;
mod store;
mod table;
mod token;
mod user_level;
mod users;

pub use access::RoleAccess;
pub use access_bytes::{ACCESS_FORMAT_VERSION, AccessDecodeError, AccessHash};
pub use async_trait::async_trait;
pub use company::CompanyFacts;
pub use error::{LoginError, SessionError, Unreadable};
pub use findings::Findings;
#[cfg(not(shuttle))]
pub use manager::MaintenanceTask;
pub use manager::{Login, ManagerFootprint, Notice, Revocation, SessionManager, TreeInUse};
pub use memory_store::MemoryStore;
pub use options::{AtLimit, Options};
pub use org_structure::{ClientId, InvalidId, RoleId, UserId};
pub use platform::{Clock, Entropy, ManualClock, NoEntropy, OsEntropy, SystemClock};
pub use port_error::PortError;
pub use principal::Principal;
pub use record::{Lifetime, Scope, SessionRecord, StoredSession};
pub use selection::OrgSelection;
pub use session::{Session, SessionFootprint};
pub use source::{Facts, LoadedTree, OrgSource, Revision};
pub use stats::Stats;
pub use store::{BATCH, Contents, CreateOutcome, Hint, LastUse, NewSession, SessionStore};
pub use token::{InvalidSessionId, SessionId, Token};
pub use user_level::{InvalidUserLevel, UserLevel};
