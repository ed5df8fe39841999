//! `Link`: messages to PostgreSQL that leave no state on a connection.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::database::{Boxed, Connections, Lease, Limits, Row, Scope, StatementError, Trial, give_up_after};

/// Connections to PostgreSQL, perhaps through a proxy that gives every transaction another one.
#[derive(Debug)]
pub(super) struct Link {
    pool: Connections,
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
    pub(super) fn new(pool: Connections, place: String, settings: String, limits: Limits) -> Self {
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

    /// Sends statements as one message, which is one transaction, and reads the rows of all answers. On a
    /// connection that was tried first: what was sent is not sent again.
    pub(super) async fn run<T>(
        &self,
        sql: String,
        limit: Duration,
        read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> Result<Vec<T>, Failure> {
        let rows = self.send(self.message(&sql, limit), limit, Trial::RoundTrip).await?;
        self.read(&rows, read)
    }

    /// The same for what may be sent twice: without a trial, and again if the connection turns out to be
    /// lost. Says whether it was sent again.
    pub(super) async fn run_repeatable<T>(
        &self,
        sql: &str,
        read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> (Result<Vec<T>, Failure>, bool) {
        let limit = self.limits.statement;
        let message = self.message(sql, limit);
        let (answer, repeated) = match self.send(message.clone(), limit, Trial::None).await {
            Err(Failure::Statement(error)) if error.lost_connection() => {
                (self.send(message, limit, Trial::RoundTrip).await, true)
            }
            answer => (answer, false),
        };
        (answer.and_then(|rows| self.read(&rows, read)), repeated)
    }

    fn message(&self, sql: &str, limit: Duration) -> SqlStr {
        let message = give_up_after(limit) + &self.settings + sql;
        AssertSqlSafe(Arc::<str>::from(message)).into_sql_str()
    }

    fn read<T>(
        &self,
        rows: &[PgRow],
        mut read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> Result<Vec<T>, Failure> {
        rows.iter().map(|row| read(Row::of_postgres(row, &self.place)).map_err(Failure::from)).collect()
    }

    fn send(&self, sql: SqlStr, limit: Duration, trial: Trial) -> Boxed<'_, Result<Vec<PgRow>, Failure>> {
        let waiting = Scope { place: &self.place, limit: self.limits.acquire };
        let scope = Scope { place: &self.place, limit };
        Box::pin(async move {
            let lease = Lease::take_postgres(&self.pool, trial).await;
            let mut lease = lease.map_err(|error| waiting.error(error))?;
            let connection = lease.postgres(scope).map_err(|error| scope.error(error))?;
            let answer = scope
                .timed(async {
                    let sent = sqlx::raw_sql(sql).fetch_all(connection).await;
                    match sent {
                        Err(sqlx::Error::Database(error)) => Ok(Err(error)),
                        other => other.map(Ok).map_err(|error| scope.error(error)),
                    }
                })
                .await?;
            match answer {
                // The server has answered, so the connection is at rest.
                Ok(rows) => {
                    lease.rest();
                    Ok(rows)
                }
                Err(error) if error.is_foreign_key_violation() => {
                    lease.rest();
                    Err(Failure::Reference)
                }
                Err(error) => {
                    let error = scope.error(sqlx::Error::Database(error));
                    if !error.lost_connection() {
                        lease.rest();
                    }
                    Err(error.into())
                }
            }
        })
    }
}
