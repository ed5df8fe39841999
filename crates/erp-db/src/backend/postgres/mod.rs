//! PostgreSQL: a server, possibly behind a transaction-pooling proxy.
//!
//! Each statement is one message and leaves no state on its connection; see [`literal`]. The settings of a
//! URL and the time limit apply to one transaction.

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
use self::connections::{ConnectionCheck, Connections};
pub(crate) use self::dialect::POSTGRES;
use self::lease::Lease;
use self::literal::fill;
use super::transaction::OpenTransaction;
use super::{
    BoxedFuture, ConnectError, ConnectionLimits, Context, Database, DatabaseBackend, Dialect, Row,
    RowVisitor, SendPolicy, Statement, StatementError, Work, driver_row, probe, with_timeout,
};

struct PostgresServer {
    connections: Connections,
    /// The statements that apply the URL's settings to one transaction.
    settings: String,
}

/// Connects to the server that a URL names.
pub(super) async fn connect(url: &str, limits: ConnectionLimits) -> Result<Database, ConnectError> {
    let url::Server { options, place, settings } = url::server(url)?;
    // Proxies refuse this start-up parameter. A statement prepared on one server connection is unknown to the
    // next.
    let options = options.extra_float_digits(None).statement_cache_capacity(0);
    probe(options.connect(), &place, limits.connect).await?;
    let connections = Connections::new(options, &limits);
    Ok(Database::new(PostgresServer { connections, settings }, place, limits))
}

impl PostgresServer {
    /// The statements before the first one of a transaction, in the same message. As a start-up parameter,
    /// the time limit would be refused by connection poolers; set for a session, it would apply to the next
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
            let mut check = if statement.sending == SendPolicy::Once {
                ConnectionCheck::RoundTrip
            } else {
                ConnectionCheck::None
            };
            loop {
                let mut lease = Lease::take(&self.connections, check, context).await?;
                let silence = lease.silence();
                let connection = lease.connection(context.limits.statement)?;
                let mut visitor = |row: Row<'_>| {
                    has_rows = true;
                    visitor(row)
                };
                let showing = show(connection, context, &message, &statement.sql, &mut visitor, silence);
                let outcome = showing.await;
                if outcome.as_ref().is_err_and(StatementError::lost_connection) {
                    // The connection was closed or dropped while idle, or the server is going down.
                    lease.abandon();
                    self.connections.drop_idle();
                    if statement.sending == SendPolicy::Repeatable
                        && check == ConnectionCheck::None
                        && !has_rows
                    {
                        check = ConnectionCheck::RoundTrip;
                        continue;
                    }
                } else if !outcome.as_ref().is_err_and(StatementError::is_transient) {
                    // A failure that is not transient is an answer.
                    lease.release();
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
            let mut lease = Lease::take(&self.connections, ConnectionCheck::RoundTrip, context).await?;
            lease.mark_begun();
            let begin = match work {
                Work::Writes => "BEGIN;",
                Work::Reads => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
            };
            // The settings end with the transaction.
            let begin = AssertSqlSafe(format!("{begin}{}", self.preface(context)));
            let limit = context.limits.acquire;
            let beginning = sqlx::raw_sql(begin).execute(lease.connection(limit)?);
            with_timeout(&context.place, limit, beginning).await?;
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
    /// Was a statement refused? The server then answers a commit without an error, but rolls back.
    is_refused: bool,
}

impl PostgresTransaction<'_> {
    async fn execute(&mut self, message: SqlStr) -> Result<u64, StatementError> {
        let limit = self.context.limits.statement;
        let executing = sqlx::raw_sql(message).execute(self.lease.connection(limit)?);
        let outcome = with_timeout(&self.context.place, limit, executing).await;
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
            self.lease.release();
            Ok(())
        })
    }
}

/// A statement as one message. No statement stays prepared: a server refuses a prepared one after a change of
/// a column that it reads, as an upgrade of the ERP may make while this process runs.
fn message(preface: String, context: &Context, statement: &Statement<'_>) -> SqlStr {
    let message = preface + &context.as_texts + &fill(statement);
    AssertSqlSafe(Arc::<str>::from(message)).into_sql_str()
}

/// Sends a message and passes the rows of all its statements to `visitor`. If no answer begins within
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
    with_timeout(place, context.limits.statement, async {
        let mut rows = sqlx::raw_sql(message.clone()).fetch(connection);
        let mut next = match silence {
            Some(silence) => tokio::time::timeout(silence, rows.try_next()).await.unwrap_or_else(|_| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "no answer on this connection").into())
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
