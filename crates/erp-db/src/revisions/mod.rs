//! Revisions: optional counters in the ERP's database that show an unchanged tree without reading it.
//!
//! Triggers on the five tables of a tree count the changes of each client's tree, in the transaction that
//! makes them. So a revision is as new as the committed rows, and a rolled-back change is never counted.
//! Changes that concern all clients (such as that of an organization type) have a counter of their own.
//!
//! The ERP's own objects are not altered. [`install`] adds a table and the triggers, [`remove`] removes them,
//! and [`are_kept`] checks that they work.
//!
//! # Costs
//! A change of a tree writes one more row, and two transactions that change the same client's tree wait for
//! each other, even if they change different rows. On PostgreSQL a transaction with REPEATABLE READ or higher
//! may instead be refused, as if both had changed the same row.
//!
//! No revisions are kept for a table that receives rows by logical replication, nor after a user disabled and
//! enabled all triggers of a table, as an upgrade of the ERP may do: call [`install`] again.
//!
//! # How a revision is made
//! Each change sets a counter to the clock in microseconds, or increments it if the clock is behind, and
//! gives it a new random mark. A restored copy, a point-in-time recovery or a failover sets the counter back;
//! the next change still makes a unique revision, because its mark is new. So a revision names one state of
//! the rows, regardless of clocks.
//!
//! A revision also covers which triggers exist and when each was last altered (on PostgreSQL also when the
//! server started). So triggers that were disabled for a while, or dropped and installed again, change the
//! revision, although they counted nothing.
//!
//! Triggers of an earlier version, which only incremented, are not trusted: [`are_outdated`] reports them,
//! every login reads the tree, and [`install`] replaces them.

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

/// Are revisions kept: do all counters and triggers exist, are they enabled, and may this user read them?
///
/// # Errors
/// [`StatementError`] if the database does not answer.
pub async fn are_kept(database: &Database) -> Result<bool, StatementError> {
    Ok(Counters::new(database.clone()).revision(ClientId::ZERO).await?.is_some())
}

/// Are there untrusted triggers: of an earlier version, incomplete or disabled?
///
/// # Errors
/// [`StatementError`] if the database does not answer.
pub async fn are_outdated(database: &Database) -> Result<bool, StatementError> {
    Ok(!are_kept(database).await? && Counters::new(database.clone()).are_installed().await?)
}
