//! `Lease`: returns a connection to its pool only if no transaction or answer is left on it.
//!
//! A request may be dropped at any moment, also while it begins a transaction. The driver counts transactions
//! itself and then loses count; the next user of that connection would read an old snapshot. So transactions
//! begin and end by our own statements, and a lease that is dropped early cleans up: it waits for the
//! server's answer and rolls the transaction back, or closes the connection.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use super::connections::{ConnectionCheck, ConnectionInUse, Connections};
use crate::backend::{Context, StatementError};

/// How much longer than the statement limit to wait for its end: the server cancels it at the limit.
const GRACE: Duration = Duration::from_secs(1);

/// A connection that is in use.
pub(super) struct Lease {
    /// `None` only while the lease is dropped.
    connection: Option<ConnectionInUse>,
    place: String,
    /// Was a transaction begun, possibly?
    in_transaction: bool,
    /// Has the server answered everything?
    is_idle: bool,
    /// When the server has cancelled its current statement.
    deadline: Instant,
}

impl Lease {
    pub(super) async fn take(
        connections: &Connections,
        check: ConnectionCheck,
        context: &Context,
    ) -> Result<Self, StatementError> {
        let place = context.place.clone();
        let taken = connections.take(check).await;
        let taken = taken.map_err(|error| StatementError::new(&place, context.limits.acquire, error))?;
        let deadline = Instant::now();
        Ok(Lease { connection: Some(taken), place, in_transaction: false, is_idle: true, deadline })
    }

    /// The connection, for a statement that takes no longer than `limit`. The lease counts as busy until the
    /// caller calls [`release`](Self::release).
    pub(super) fn connection(&mut self, limit: Duration) -> Result<&mut PgConnection, StatementError> {
        self.is_idle = false;
        self.deadline = Instant::now() + limit + GRACE;
        match &mut self.connection {
            Some(in_use) => Ok(&mut in_use.connection),
            None => Err(StatementError::new(&self.place, limit, sqlx::Error::PoolClosed)),
        }
    }

    /// The time within which the connection must begin to answer, if it may have been dropped silently.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.connection.as_ref().and_then(|in_use| in_use.silence)
    }

    /// Closes a connection that does not answer.
    pub(super) fn abandon(mut self) {
        self.connection = None;
    }

    /// Call this before a transaction is begun.
    pub(super) fn mark_begun(&mut self) {
        self.in_transaction = true;
    }

    /// Call this when everything was answered and any transaction has ended.
    pub(super) fn release(mut self) {
        (self.in_transaction, self.is_idle) = (false, true);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(in_use) = self.connection.take() else { return };
        if !self.in_transaction && self.is_idle {
            in_use.release();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let deadline = self.deadline.max(Instant::now() + GRACE);
            drop(runtime.spawn(clean_up(in_use, self.in_transaction, deadline)));
        }
    }
}

/// Finishes the work on a connection and returns it to the pool, or closes it.
///
/// Until then it counts against the pool's limit. If a connection is closed while the server works for it, a
/// server process remains. Requests that are dropped and retried during a lock would use up the server's
/// connection limit.
async fn clean_up(mut in_use: ConnectionInUse, in_transaction: bool, deadline: Instant) {
    let cleaning = async {
        // Both statements first wait for the current one.
        if in_transaction {
            sqlx::raw_sql("ROLLBACK").execute(&mut in_use.connection).await.map(drop)
        } else {
            in_use.connection.ping().await
        }
    };
    if matches!(tokio::time::timeout_at(deadline.into(), cleaning).await, Ok(Ok(()))) {
        in_use.release();
    }
}
