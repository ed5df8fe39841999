//! `Lease`: a connection that goes back to its pool only when nothing is left of what it was used for.
//!
//! A request may be dropped at any moment, also while it begins a transaction. The driver counts transactions
//! itself and loses count then; the next user of that connection would read an old snapshot. So transactions
//! are begun and ended by statements of our own, and a lease that was not brought back to rest cleans up: the
//! server's answer is awaited and the transaction rolled back, or the connection is closed.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use super::connections::{ConnectionInUse, Connections, Trial};
use crate::backend::{Context, StatementError};

/// How much longer than the statement may take its end is waited for: the server gives up at the same time.
const GRACE: Duration = Duration::from_secs(1);

/// A connection that is in use.
pub(super) struct Lease {
    /// Gone only while the lease is dropped.
    connection: Option<ConnectionInUse>,
    place: String,
    /// Whether a transaction was begun, or may have been.
    in_transaction: bool,
    /// Whether the server has answered all that it was asked.
    at_rest: bool,
    /// When the server has given up what it is doing.
    deadline: Instant,
}

impl Lease {
    pub(super) async fn take(
        connections: &Connections,
        trial: Trial,
        context: &Context,
    ) -> Result<Self, StatementError> {
        let place = context.place.clone();
        let taken = connections.take(trial).await;
        let taken = taken.map_err(|error| StatementError::new(&place, context.limits.acquire, error))?;
        let deadline = Instant::now();
        Ok(Lease { connection: Some(taken), place, in_transaction: false, at_rest: true, deadline })
    }

    /// The connection, for a statement that takes no longer than `limit`. The lease is not at rest until the
    /// caller says so.
    pub(super) fn connection(&mut self, limit: Duration) -> Result<&mut PgConnection, StatementError> {
        self.at_rest = false;
        self.deadline = Instant::now() + limit + GRACE;
        match &mut self.connection {
            Some(in_use) => Ok(&mut in_use.connection),
            None => Err(StatementError::new(&self.place, limit, sqlx::Error::PoolClosed)),
        }
    }

    /// Within which time the connection must begin to answer, if it may have been cut off.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.connection.as_ref().and_then(|in_use| in_use.silence)
    }

    /// Closes a connection on which nothing comes back.
    pub(super) fn abandon(mut self) {
        self.connection = None;
    }

    /// To be called before a transaction is begun.
    pub(super) fn begins(&mut self) {
        self.in_transaction = true;
    }

    /// To be called when all was answered. A transaction that was begun has ended.
    pub(super) fn rest(mut self) {
        (self.in_transaction, self.at_rest) = (false, true);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(in_use) = self.connection.take() else { return };
        if !self.in_transaction && self.at_rest {
            in_use.give_back();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let deadline = self.deadline.max(Instant::now() + GRACE);
            drop(runtime.spawn(clean_up(in_use, self.in_transaction, deadline)));
        }
    }
}

/// Brings a connection back to rest, or closes it.
///
/// Until then it counts against the pool's limit: each connection that is closed while the server works for
/// it leaves a process there, and requests that are dropped and repeated during a lock would use up all that
/// the server allows.
async fn clean_up(mut in_use: ConnectionInUse, in_transaction: bool, deadline: Instant) {
    let cleaning = async {
        // Either waits for what is under way first.
        if in_transaction {
            sqlx::raw_sql("ROLLBACK").execute(&mut in_use.connection).await.map(drop)
        } else {
            in_use.connection.ping().await
        }
    };
    if matches!(tokio::time::timeout_at(deadline.into(), cleaning).await, Ok(Ok(()))) {
        in_use.give_back();
    }
}
