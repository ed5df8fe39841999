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

use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, PgConnection, Row as _, SqlSafeStr, SqlStr};

pub(super) use self::certificates::problem;
use self::connections::{Connections, Trial};
pub(crate) use self::dialect::POSTGRES;
use self::lease::Lease;
use self::literal::fill;
use super::transaction::Running;
use super::{
    Backend, Boxed, Columns, ConnectError, Context, Database, Dialect, Limits, Row, Sending, Statement,
    StatementError, Visit, Work, probe, timed,
};

struct PostgresServer {
    connections: Connections,
    /// What sets the settings of the URL for one transaction.
    settings: String,
}

/// Connects to the server that a URL names.
pub(super) async fn connect(url: &str, limits: Limits) -> Result<Database, ConnectError> {
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

impl Backend for PostgresServer {
    fn dialect(&self) -> &'static Dialect {
        &POSTGRES
    }

    fn query<'a>(
        &'a self,
        context: &'a Context,
        statement: Statement<'a>,
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let message = message(self.preface(context), context, &statement);
            let mut visitor = Counted { visitor, rows: 0 };
            let mut trial = if statement.sending == Sending::Once { Trial::RoundTrip } else { Trial::None };
            loop {
                let mut lease = Lease::take(&self.connections, trial, context).await?;
                let connection = lease.connection(context.limits.statement)?;
                let outcome = show(connection, context, &message, &statement.sql, &mut visitor).await;
                // The connection was closed while it was idle, or the server goes down.
                if statement.sending == Sending::Repeatable
                    && trial == Trial::None
                    && visitor.rows == 0
                    && outcome.as_ref().is_err_and(StatementError::lost_connection)
                {
                    trial = Trial::RoundTrip;
                    continue;
                }
                // What does not pass by itself is an answer.
                if !outcome.as_ref().is_err_and(StatementError::is_transient) {
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
    ) -> Boxed<'a, Result<Box<dyn Running + 'a>, StatementError>> {
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
            Ok(Box::new(PostgresTransaction { context, lease, is_refused: false }) as Box<dyn Running>)
        })
    }

    fn close(&self) -> Boxed<'_, ()> {
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

impl Running for PostgresTransaction<'_> {
    fn query<'a>(
        &'a mut self,
        statement: Statement<'a>,
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>> {
        Box::pin(async move {
            let message = message(String::new(), self.context, &statement);
            let connection = self.lease.connection(self.context.limits.statement)?;
            let outcome = show(connection, self.context, &message, &statement.sql, visitor).await;
            self.is_refused |= outcome.is_err();
            outcome
        })
    }

    fn execute<'a>(&'a mut self, statement: Statement<'a>) -> Boxed<'a, Result<u64, StatementError>> {
        Box::pin(self.execute(AssertSqlSafe(fill(&statement)).into_sql_str()))
    }

    fn run_script(&mut self, sql: &'static str) -> Boxed<'_, Result<(), StatementError>> {
        Box::pin(async move { self.execute(sql.into_sql_str()).await.map(drop) })
    }

    fn commit<'a>(mut self: Box<Self>) -> Boxed<'a, Result<(), StatementError>>
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

/// Sends a message and shows `visitor` the rows of all its statements.
async fn show(
    connection: &mut PgConnection,
    context: &Context,
    message: &SqlStr,
    asked: &SqlStr,
    visitor: &mut dyn Visit,
) -> Result<(), StatementError> {
    let place = context.place.as_str();
    timed(place, context.limits.statement, async {
        let mut rows = sqlx::raw_sql(message.clone()).fetch(connection);
        while let Some(values) = rows.try_next().await? {
            if visitor.row(Row { values: &values, place, statement: asked.as_str() }).is_break() {
                break;
            }
        }
        Ok(())
    })
    .await
}

/// What is shown rows, and how many it was shown.
struct Counted<'a> {
    visitor: &'a mut dyn Visit,
    rows: u64,
}

impl Visit for Counted<'_> {
    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.rows += 1;
        self.visitor.row(row)
    }
}

impl Columns for PgRow {
    fn text(&self, column: usize) -> sqlx::Result<Option<&str>> {
        self.try_get(column)
    }

    fn bytes(&self, column: usize) -> sqlx::Result<Option<Vec<u8>>> {
        self.try_get(column)
    }

    fn number(&self, column: usize) -> sqlx::Result<Option<f64>> {
        self.try_get(column)
    }

    fn integer(&self, column: usize) -> sqlx::Result<Option<i64>> {
        self.try_get(column)
    }

    fn name(&self, column: usize) -> Option<String> {
        self.columns().get(column).map(|column| column.name().to_owned())
    }
}
