//! ERP sessions that pin the organization tree and the role's access **at login**.
//!
//! A [`Session`] answers from memory what an ERP operation asks about organizations: may this role read that
//! record, may it write there, may one record refer to another, which legal entity owns this store. Later
//! changes in the database or on another node do not affect a session: the next login, refresh or switch pins
//! the current state. Sessions with equal trees share one tree, and sessions with equal access share one
//! access.
//!
//! # Example
//!
//! ```
#![doc = include_str!("../doc/erp.txt")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
//! ```
//!
//! `Erp` is your [`OrgSource`]: three reads of the ERP's database. For Openbravo and Etendo on PostgreSQL or
//! SQLite the crate `erp-db` has one, and a durable [`SessionStore`].
//!
//! # Overview
//!
//! | where | what |
//! | --- | --- |
//! | [`SessionManager`] | login, lookup, refresh, switch, end, list, limits, maintenance |
//! | [`Session`], [`RoleAccess`] | what a session answers |
//! | [`openbravo`] | the rules of access and login as pure functions of rows, and the answers of OrgTree |
//! | [`OrgSource`], [`SessionStore`] | the two ports; [`MemoryStore`] is the default store |
//! | [`Clock`], [`Entropy`] | where time and random bits come from |
//! | `contract` (feature `contract`) | the test suite that every store passes |
//!
//! # Guarantees
//!
//! * **Always.** An answer of a session never changes. A login's tree is no older than the start of the
//!   login. A token means one session with one tree and one access, on every node. A login is in the store
//!   before it is acknowledged. A revocation on this node takes effect here before the call returns, even if
//!   the store fails.
//! * **Eventually.** A revocation on another node takes effect here within [`Options::revalidate_within`]
//!   (5 s) plus the store's response time, or sooner if the store sends a hint. Other nodes see the last use
//!   of a session after [`Options::flush_interval`] (30 s). With a shared store, and after a restart, an idle
//!   session may outlive its idle time by two flush intervals; otherwise it ends to the millisecond.
//! * **Approximately.** Limits: each node counts its own sessions.
//! * **Never.** The tree and the role's rows are two reads, both after the start of the login: a change
//!   between them may be in one and not in the other. Role changes have no revision: every login sees them,
//!   and no existing session does.
//!
//! # If a database is unavailable
//!
//! Sessions in memory stay valid for [`Options::fail_open`], and are counted. Other sessions, and logins, get
//! a transient error. Revocations take effect here and are propagated when the store answers again. After an
//! outage nothing is swept until all nodes had time to report use.
//!
//! # Formats
//!
//! Stores keep trees and accesses as canonical bytes, in versioned formats
//! ([`org_structure::FORMAT_VERSION`], [`ACCESS_FORMAT_VERSION`]). Each node writes and reads one version.
//! For a newer version a node answers with a transient error and ends nothing, since a newer node can
//! continue the session. For version 1 of a tree it ends the session with [`SessionError::Outdated`], and the
//! collection of unused contents removes the bytes.
//!
//! # Compatibility
//!
//! Structs and enums are `#[non_exhaustive]`, except those that an implementation of a port must fill in or
//! match in full: rows ([`SessionRecord`], [`StoredSession`], [`Contents`], [`LastUse`], [`CompanyFacts`],
//! the facts and options in [`openbravo`]) and [`Scope`]. Code that forgets a new field there must not
//! compile: a default could grant more than the ERP does.
//!
//! # Memory
//!
//! A session takes 152 bytes in one allocation, 12 of them about organizations, and 49 to 98 bytes in three
//! tables, depending on their load: the manager's, the one by user (both hold a pointer), and that of the
//! store in memory. Sessions share trees, accesses, and roles with their access. A million sessions of a
//! million users on one tree of 600 organizations take 242 MB with [`MemoryStore`].
//! [`SessionManager::footprint`] is exact.

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
mod spare_capacity;
mod stats;
mod store;
mod table;
mod token;
mod user_level;
mod users;

pub use access::RoleAccess;
pub use access_bytes::{ACCESS_FORMAT_VERSION, AccessDecodeError, AccessHash};
/// For implementations of [`OrgSource`] and [`SessionStore`]: the attribute of the crate `async-trait`.
#[doc(inline)]
pub use async_trait::async_trait;
pub use company::CompanyFacts;
pub use error::{LoginError, SessionError, UnreadableCause};
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
