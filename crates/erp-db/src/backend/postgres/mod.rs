//! PostgreSQL: a server, perhaps behind a proxy that gives every transaction another connection.
//!
//! Each statement is one message, which leaves nothing behind on its connection; see [`literal`]. What a URL
//! or a time limit sets, it sets for the one transaction.

mod certificates;
mod connections;
mod dialect;
mod lease;
mod literal;
#[cfg(feature = "session")]
mod revisions;
mod search_path;
mod settings;
#[cfg(feature = "session")]
pub(crate) mod store;
mod url;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, SqlSafeStr, SqlStr};

pub(super) use self::certificates::problem;
use self::connections::{Connections, Trial};
pub(crate) use self::dialect::POSTGRES;
use self::lease::Lease;
use self::literal::fill;
use super::transaction::OpenTransaction;
use super::{
    BoxedFuture, ConnectError, ConnectionLimits, Context, Database, DatabaseBackend, Dialect, Row,
    RowVisitor, SendPolicy, Statement, StatementError, Work, driver_row, probe, timed,
};

struct PostgresServer {
    connections: Connections,
    /// What sets the settings of the URL for one transaction.
    settings: String,
}

/// Connects to the server that a URL names.
pub(super) async fn connect(url: &str, limits: ConnectionLimits) -> Result<Database, ConnectError> {
    let url::Server { options, place, settings } = url::server(url)?;
    // A start-up parameter that proxies refuse, and statements that one server would keep and the next not
    // know.
    let options = options.extra_float_digits(None).statement_cache_capacity(0);
    probe(options.connect(), &place, limits.connect).await?;
    let connections = Connections::new(options, &limits);
    Ok(Database::new(PostgresServer { connections, settings }, place, limits))
}

impl PostgresServer {
    /// What precedes the first statement of a transaction, in the same message. As a start-up parameter the
    /// time limit would be refused by connection poolers; set for a session it would hold for the next
    /// user of the connection.
    fn preface(&self, context: &Context) -> String {
        let limit = context.limits.statement.as_millis().clamp(1, 2_147_483_647);
        format!("SET LOCAL statement_timeout = {limit};{}{}", self.settings, context.settings)
    }
}

impl DatabaseBackend for PostgresServer {
    fn dialect(&self) -> &'static Dialect {
        &POSTGRES
    }

    fn query<'a>(
        &'a self,
        context: &'a Context,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let message = message(self.preface(context), context, &statement);
            let mut has_rows = false;
            let mut trial =
                if statement.sending == SendPolicy::Once { Trial::RoundTrip } else { Trial::None };
            loop {
                let mut lease = Lease::take(&self.connections, trial, context).await?;
                let silence = lease.silence();
                let connection = lease.connection(context.limits.statement)?;
                let mut visitor = |row: Row<'_>| {
                    has_rows = true;
                    visitor(row)
                };
                let showing = show(connection, context, &message, &statement.sql, &mut visitor, silence);
                let outcome = showing.await;
                if outcome.as_ref().is_err_and(StatementError::lost_connection) {
                    // The connection was closed or cut off while it was idle, or the server goes down.
                    lease.abandon();
                    self.connections.drop_idle();
                    if statement.sending == SendPolicy::Repeatable && trial == Trial::None && !has_rows {
                        trial = Trial::RoundTrip;
                        continue;
                    }
                } else if !outcome.as_ref().is_err_and(StatementError::is_transient) {
                    // A failure that is not transient is an answer.
                    lease.rest();
                }
                return outcome;
            }
        })
    }

    fn begin<'a>(
        &'a self,
        context: &'a Context,
        work: Work,
    ) -> BoxedFuture<'a, Result<Box<dyn OpenTransaction + 'a>, StatementError>> {
        Box::pin(async move {
            let mut lease = Lease::take(&self.connections, Trial::RoundTrip, context).await?;
            lease.begins();
            let begin = match work {
                Work::Writes => "BEGIN;",
                Work::Reads => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
            };
            // What the transaction sets ends with it.
            let begin = AssertSqlSafe(format!("{begin}{}", self.preface(context)));
            let limit = context.limits.acquire;
            let beginning = sqlx::raw_sql(begin).execute(lease.connection(limit)?);
            timed(&context.place, limit, beginning).await?;
            Ok(Box::new(PostgresTransaction { context, lease, is_refused: false })
                as Box<dyn OpenTransaction>)
        })
    }

    fn close(&self) -> BoxedFuture<'_, ()> {
        Box::pin(self.connections.close())
    }
}

struct PostgresTransaction<'a> {
    context: &'a Context,
    lease: Lease,
    /// Whether a statement was refused: the server answers a commit then as if nothing had happened, and
    /// rolls back.
    is_refused: bool,
}

impl PostgresTransaction<'_> {
    async fn execute(&mut self, message: SqlStr) -> Result<u64, StatementError> {
        let limit = self.context.limits.statement;
        let executing = sqlx::raw_sql(message).execute(self.lease.connection(limit)?);
        let outcome = timed(&self.context.place, limit, executing).await;
        self.is_refused |= outcome.is_err();
        Ok(outcome?.rows_affected())
    }
}

impl OpenTransaction for PostgresTransaction<'_> {
    fn query<'a>(
        &'a mut self,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let message = message(String::new(), self.context, &statement);
            let connection = self.lease.connection(self.context.limits.statement)?;
            let outcome = show(connection, self.context, &message, &statement.sql, visitor, None).await;
            self.is_refused |= outcome.is_err();
            outcome
        })
    }

    fn execute<'a>(&'a mut self, statement: Statement<'a>) -> BoxedFuture<'a, Result<u64, StatementError>> {
        Box::pin(self.execute(AssertSqlSafe(fill(&statement)).into_sql_str()))
    }

    fn run_script(&mut self, sql: &'static str) -> BoxedFuture<'_, Result<(), StatementError>> {
        Box::pin(async move { self.execute(sql.into_sql_str()).await.map(drop) })
    }

    fn commit<'a>(mut self: Box<Self>) -> BoxedFuture<'a, Result<(), StatementError>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            if self.is_refused {
                let cause = "an earlier statement of the transaction failed".into();
                return Err(StatementError::Refused { place: self.context.place.clone(), cause });
            }
            self.execute("COMMIT".into_sql_str()).await?;
            self.lease.rest();
            Ok(())
        })
    }
}

/// A statement as one message. No statement is kept prepared: a server refuses to run a kept one again once a
/// column that it reads was altered, as the upgrade of an ERP may do while this process runs.
fn message(preface: String, context: &Context, statement: &Statement<'_>) -> SqlStr {
    let message = preface + &context.as_texts + &fill(statement);
    AssertSqlSafe(Arc::<str>::from(message)).into_sql_str()
}

/// Sends a message and shows `visitor` the rows of all its statements. If nothing comes back within
/// `silence`, the connection counts as lost.
async fn show(
    connection: &mut PgConnection,
    context: &Context,
    message: &SqlStr,
    asked: &SqlStr,
    visitor: &mut RowVisitor<'_>,
    silence: Option<Duration>,
) -> Result<(), StatementError> {
    let place = context.place.as_str();
    timed(place, context.limits.statement, async {
        let mut rows = sqlx::raw_sql(message.clone()).fetch(connection);
        let mut next = match silence {
            Some(silence) => tokio::time::timeout(silence, rows.try_next()).await.unwrap_or_else(|_| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "nothing comes back on this connection").into())
            })?,
            None => rows.try_next().await?,
        };
        while let Some(values) = next {
            if visitor(Row { values: &values, place, statement: asked.as_str() }).is_break() {
                break;
            }
            next = rows.try_next().await?;
        }
        Ok(())
    })
    .await
}

driver_row!(PgRow);
