//! `Link`: messages to PostgreSQL that leave no state on a connection.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgPool};

use crate::database::{Boxed, Lease, Limits, Row, Scope, StatementError, give_up_after};

/// Connections to PostgreSQL, perhaps through a proxy that gives every transaction another one.
#[derive(Debug)]
pub(super) struct Link {
    pool: PgPool,
    place: String,
    /// What sets the settings of the URL for one transaction.
    settings: String,
    limits: Limits,
}

/// Why a message failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A row refers, or is referred to, against the rule: somebody else was faster.
    Reference,
    /// Anything else.
    Statement(StatementError),
}

impl From<StatementError> for Failure {
    fn from(error: StatementError) -> Self {
        Failure::Statement(error)
    }
}

impl Link {
    pub(super) fn new(pool: PgPool, place: String, settings: String, limits: Limits) -> Self {
        Link { pool, place, settings, limits }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// Sends statements as one message, which is one transaction, and reads the rows of all answers.
    pub(super) async fn run<T>(
        &self,
        sql: String,
        limit: Duration,
        mut read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> Result<Vec<T>, Failure> {
        let rows = self.send(sql, limit).await?;
        rows.iter().map(|row| read(Row::of_postgres(row, &self.place)).map_err(Failure::from)).collect()
    }

    fn send(&self, sql: String, limit: Duration) -> Boxed<'_, Result<Vec<PgRow>, Failure>> {
        let waiting = Scope { place: &self.place, limit: self.limits.acquire };
        let scope = Scope { place: &self.place, limit };
        let sql = give_up_after(limit) + &self.settings + &sql;
        Box::pin(async move {
            let mut lease = Lease::take_postgres(&self.pool).await.map_err(|error| waiting.error(error))?;
            let connection = lease.postgres(scope).map_err(|error| scope.error(error))?;
            let answer = scope
                .timed(async {
                    let sent = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
                    match sent {
                        Err(sqlx::Error::Database(error)) => Ok(Err(error)),
                        other => other.map(Ok).map_err(|error| scope.error(error)),
                    }
                })
                .await?;
            // The server has answered, so the connection is at rest.
            lease.rest();
            match answer {
                Ok(rows) => Ok(rows),
                Err(error) if error.is_foreign_key_violation() => Err(Failure::Reference),
                Err(error) => Err(scope.error(sqlx::Error::Database(error)).into()),
            }
        })
    }
}
