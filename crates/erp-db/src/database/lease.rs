//! `Lease`: a connection of a pool that goes back only when nothing is left of what it was used for.
//!
//! A request may be dropped at any moment, also while it begins a transaction. The driver counts transactions
//! itself and loses count then; the next user of that connection would read an old snapshot. So transactions
//! are begun and ended by statements of our own, and a lease that was not brought back to rest cleans up:
//! PostgreSQL's answer is awaited and the transaction rolled back, or the connection is closed; in SQLite a
//! transaction ends with its connection.

#[cfg(feature = "postgres")]
use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use sqlx::Connection as _;
#[cfg(feature = "sqlite")]
use sqlx::{Sqlite, SqlitePool, pool::PoolConnection};

use super::Pool;
#[cfg(feature = "postgres")]
use super::connections::{Connections, InUse, Trial};
use super::statement::{Driver, Scope};

/// How much longer than the statement may take its end is waited for: the server gives up at the same time.
#[cfg(feature = "postgres")]
const GRACE: Duration = Duration::from_secs(1);

/// A connection that is in use.
pub(crate) struct Lease {
    /// Gone only while the lease is dropped.
    connection: Option<Leased>,
    /// Whether a transaction was begun, or may have been.
    in_transaction: bool,
    /// Whether the server has answered all that it was asked.
    at_rest: bool,
    /// When the server has given up what it is doing.
    #[cfg(feature = "postgres")]
    deadline: Instant,
}

enum Leased {
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(InUse),
}

impl Lease {
    pub(super) async fn take(
        pool: &Pool,
        #[cfg(feature = "postgres")] trial: Trial,
    ) -> Result<Self, sqlx::Error> {
        match pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => Self::take_sqlite(pool).await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => Self::take_postgres(pool, trial).await,
        }
    }

    #[cfg(feature = "sqlite")]
    async fn take_sqlite(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        Ok(Self::new(Leased::Sqlite(pool.acquire().await?)))
    }

    #[cfg(feature = "postgres")]
    pub(crate) async fn take_postgres(pool: &Connections, trial: Trial) -> Result<Self, sqlx::Error> {
        Ok(Self::new(Leased::Postgres(pool.take(trial).await?)))
    }

    fn new(connection: Leased) -> Self {
        Lease {
            connection: Some(connection),
            in_transaction: false,
            at_rest: true,
            #[cfg(feature = "postgres")]
            deadline: Instant::now(),
        }
    }

    /// The same, known to be to PostgreSQL.
    #[cfg(all(feature = "postgres", feature = "session"))]
    pub(crate) fn postgres(&mut self, scope: Scope<'_>) -> Result<&mut sqlx::PgConnection, sqlx::Error> {
        match self.driver(scope)? {
            Driver::Postgres(connection) => Ok(connection),
            #[cfg(feature = "sqlite")]
            Driver::Sqlite(_) => Err(sqlx::Error::PoolClosed),
        }
    }

    /// The connection, for a statement that takes no longer than `scope` says. The lease is not at rest until
    /// the caller says so.
    pub(crate) fn driver(&mut self, scope: Scope<'_>) -> Result<Driver<'_>, sqlx::Error> {
        self.at_rest = false;
        #[cfg(feature = "postgres")]
        {
            self.deadline = Instant::now() + scope.limit + GRACE;
        }
        #[cfg(not(feature = "postgres"))]
        let _ = scope;
        match &mut self.connection {
            #[cfg(feature = "sqlite")]
            Some(Leased::Sqlite(connection)) => Ok(Driver::Sqlite(connection)),
            #[cfg(feature = "postgres")]
            Some(Leased::Postgres(in_use)) => Ok(Driver::Postgres(&mut in_use.connection)),
            None => Err(sqlx::Error::PoolClosed),
        }
    }

    /// To be called before a transaction is begun.
    pub(super) fn begins(&mut self) {
        self.in_transaction = true;
    }

    /// To be called when all was answered. A transaction that was begun has ended.
    pub(crate) fn rest(mut self) {
        (self.in_transaction, self.at_rest) = (false, true);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.connection.take() {
            #[cfg(feature = "sqlite")]
            // Otherwise there is but a statement, which the driver's thread resets before the next one.
            Some(Leased::Sqlite(mut connection)) if self.in_transaction => connection.close_on_drop(),
            #[cfg(feature = "postgres")]
            Some(Leased::Postgres(in_use)) if self.in_transaction || !self.at_rest => {
                let in_transaction = self.in_transaction;
                let deadline = self.deadline.max(Instant::now() + GRACE);
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    drop(runtime.spawn(clean_up(in_use, in_transaction, deadline)));
                }
            }
            #[cfg(feature = "postgres")]
            Some(Leased::Postgres(in_use)) => in_use.give_back(),
            _ => {}
        }
    }
}

/// Brings a connection back to rest, or closes it.
///
/// Until then it counts against the pool's limit: each connection that is closed while the server works for
/// it leaves a process there, and requests that are dropped and repeated during a lock would use up all that
/// the server allows.
#[cfg(feature = "postgres")]
async fn clean_up(mut in_use: InUse, in_transaction: bool, deadline: Instant) {
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
