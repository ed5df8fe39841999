//! Revisions: optional counters in the ERP's database by which an unchanged tree is known without reading it.
//!
//! Triggers on the five tables that a tree is read from count, for every client, the changes of its tree,
//! within the transaction that makes them. So a revision that was read is as new as the rows that were
//! committed, and a change that was rolled back was never counted. What concerns all clients (a change of an
//! organization type) has a counter of its own.
//!
//! Nothing of the ERP's own is altered. [`install`] adds a table and the triggers, [`remove`] takes them
//! away, and
//! [`are_kept`] says whether they do their work.
//!
//! # Costs
//! A change of a tree writes one row more, and two transactions that change the same client's tree wait for
//! each other, even if they change other rows. On PostgreSQL a transaction that is set to REPEATABLE READ or
//! higher may instead be refused, as if both had changed the same row.
//!
//! No revisions are kept where rows come in by logical replication, and after a user disabled and enabled
//! all triggers of a table, as an upgrade of the ERP may do: then [`install`] puts them in order again.
//!
//! # What makes a revision
//! Each change moves a counter to the clock in microseconds, or by one where the clock is behind, and gives
//! it a new random mark. A restored copy, point-in-time recovery or a failover sets the counter back; the
//! next change still makes a revision that was never there, because its mark is new. So a revision names one
//! state of the rows, independent of clocks.
//!
//! Which triggers there are, and when each was last altered, belongs to it too (on PostgreSQL also when the
//! server started). So triggers that were disabled for a while, or dropped and installed again, make another
//! revision, although they counted nothing.
//!
//! Triggers of an earlier version, which only added one, are not trusted: [`are_outdated`] says so, trees are
//! read at every login, and [`install`] replaces them.

mod counters;
mod error;
mod install;
mod table;

pub(crate) use counters::Counters;
pub use error::RevisionsError;
pub use install::{install, remove};
#[cfg(feature = "postgres")]
pub(crate) use table::ALL_CLIENTS;
pub(crate) use table::{Tables, VERSION, WATCHED, WatchedTable};

use session::ClientId;

use crate::backend::{Database, StatementError};

/// Whether revisions are kept: all counters and triggers are there and enabled, and this user may read them.
///
/// # Errors
/// [`StatementError`] if the database does not answer.
pub async fn are_kept(database: &Database) -> Result<bool, StatementError> {
    Ok(Counters::new(database.clone()).revision(ClientId::ZERO).await?.is_some())
}

/// Whether triggers are there that are not trusted: of an earlier version, incomplete or disabled.
///
/// # Errors
/// [`StatementError`] if the database does not answer.
pub async fn are_outdated(database: &Database) -> Result<bool, StatementError> {
    Ok(!are_kept(database).await? && Counters::new(database.clone()).are_installed().await?)
}
