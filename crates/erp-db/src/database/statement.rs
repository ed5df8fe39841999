//! Sending statements, and handing their rows on one by one.

use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

#[cfg(feature = "postgres")]
use super::connections::Trial;
use super::row::{Row, Values};
use super::{Boxed, Database, Lease, StatementError};
#[cfg(feature = "postgres")]
use super::{Literal, fill};

/// A connection that a statement may use, and what its errors need.
pub(super) struct Connection<'c> {
    pub(super) driver: Driver<'c>,
    pub(super) scope: Scope<'c>,
    /// Whether SQLite keeps the statement prepared for the next time.
    pub(super) kept: bool,
    /// What precedes each statement to PostgreSQL, in the same message.
    pub(super) preface: &'c str,
    /// What begins each statement that reads.
    pub(super) as_texts: &'c str,
}

/// The driver's connection.
pub(crate) enum Driver<'c> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut sqlx::PgConnection),
}

/// Where a statement runs, and how long it may.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) place: &'a str,
    pub(crate) limit: Duration,
}

impl Scope<'_> {
    pub(crate) fn error(self, error: sqlx::Error) -> StatementError {
        StatementError::new(self.place, self.limit, error)
    }

    pub(crate) async fn timed<T, E: From<StatementError>>(
        self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(StatementError::TimedOut { place: self.place.to_owned(), limit: self.limit }.into())
            }
        }
    }
}

/// A statement with its arguments bound, for SQLite.
#[cfg(feature = "sqlite")]
fn bound<'a>(
    sql: SqlStr,
    arguments: &[Option<&'a str>],
) -> sqlx::query::Query<'a, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    arguments.iter().fold(sqlx::query(sql), |query, argument| query.bind(*argument))
}

/// A statement with its arguments, for PostgreSQL: one message that leaves nothing on the connection, so that
/// a proxy which pools transactions may stand in between. No statement is kept prepared: a server refuses to
/// run a kept one again once a column that it reads was altered, as the upgrade of an ERP may do while this
/// process runs.
#[cfg(feature = "postgres")]
fn message(preface: &str, sql: &SqlStr, arguments: &[Option<&str>]) -> sqlx::RawSql {
    let mut text = preface.to_owned();
    if arguments.is_empty() {
        text.push_str(sql.as_str());
    } else {
        let values: Vec<Literal<'_>> = arguments.iter().map(|argument| Literal::from(*argument)).collect();
        text.push_str(&fill(sql.as_str(), &values));
    }
    sqlx::raw_sql(AssertSqlSafe(text))
}

/// A statement that reads, with what has to begin it.
fn reading(as_texts: &str, sql: SqlStr) -> SqlStr {
    if as_texts.is_empty() {
        sql
    } else {
        AssertSqlSafe(format!("{as_texts}{}", sql.as_str())).into_sql_str()
    }
}

/// What is shown the rows of an answer.
pub(super) trait Visit: Send {
    /// Takes a row, and says whether it wants more.
    fn row(&mut self, row: Row<'_>) -> ControlFlow<()>;
}

/// A function that is shown the rows of an answer, and the error at which it stopped.
pub(super) struct Visitor<F, E> {
    visit: F,
    stopped: Option<E>,
}

impl<F, E> Visitor<F, E> {
    pub(super) fn new(visit: F) -> Self {
        Visitor { visit, stopped: None }
    }

    pub(super) fn outcome(self) -> Result<(), E> {
        self.stopped.map_or(Ok(()), Err)
    }
}

impl<F: FnMut(Row<'_>) -> Result<(), E> + Send, E: Send> Visit for Visitor<F, E> {
    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        match (self.visit)(row) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.stopped = Some(error);
                ControlFlow::Break(())
            }
        }
    }
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

impl<'c> Connection<'c> {
    /// Sends one statement and shows `visitor` the rows.
    pub(super) fn each<'a>(
        self,
        sql: SqlStr,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>>
    where
        'c: 'a,
    {
        let Connection { driver, scope, kept, preface, as_texts } = self;
        let statement = sql.clone();
        let sql = reading(as_texts, sql);
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        let _ = (kept, preface);
        Box::pin(scope.timed(async move {
            match driver {
                #[cfg(feature = "sqlite")]
                Driver::Sqlite(connection) => {
                    let mut rows = bound(sql, arguments).persistent(kept).fetch(connection);
                    while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                        if visitor
                            .row(Row {
                                values: Values::Sqlite(&row),
                                place: scope.place,
                                statement: statement.as_str(),
                            })
                            .is_break()
                        {
                            break;
                        }
                    }
                }
                #[cfg(feature = "postgres")]
                Driver::Postgres(connection) => {
                    let mut rows = message(preface, &sql, arguments).fetch(connection);
                    while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                        if visitor
                            .row(Row {
                                values: Values::Postgres(&row),
                                place: scope.place,
                                statement: statement.as_str(),
                            })
                            .is_break()
                        {
                            break;
                        }
                    }
                }
            }
            Ok(())
        }))
    }

    /// Sends one statement; gives the number of rows that it changed.
    pub(super) fn execute<'a>(
        self,
        sql: SqlStr,
        arguments: &'a [Option<&'a str>],
    ) -> Boxed<'a, Result<u64, StatementError>>
    where
        'c: 'a,
    {
        let Connection { driver, scope, kept, preface, .. } = self;
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        let _ = (kept, preface);
        Box::pin(scope.timed(async move {
            match driver {
                #[cfg(feature = "sqlite")]
                Driver::Sqlite(connection) => {
                    let statement = bound(sql, arguments).persistent(kept);
                    statement.execute(connection).await.map(|done| done.rows_affected())
                }
                #[cfg(feature = "postgres")]
                Driver::Postgres(connection) => {
                    let message = message(preface, &sql, arguments);
                    message.execute(connection).await.map(|done| done.rows_affected())
                }
            }
            .map_err(|error| scope.error(error))
        }))
    }

    /// Sends several statements without arguments, separated by semicolons.
    pub(super) fn run_script(self, sql: &'static str) -> Boxed<'c, Result<(), StatementError>> {
        let Connection { driver, scope, .. } = self;
        Box::pin(scope.timed(async move {
            match driver {
                #[cfg(feature = "sqlite")]
                Driver::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
                #[cfg(feature = "postgres")]
                Driver::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
            }
            .map_err(|error| scope.error(error))
        }))
    }
}

impl Database {
    /// Sends one statement and hands each row to `visit`. Placeholders are `$1`, `$2`, …, which both products
    /// understand; arguments are texts.
    ///
    /// # Errors
    /// What the database, the time limit or `visit` say first.
    pub(crate) async fn each<E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = Visitor::new(visit);
        self.show(sql.into_sql_str(), arguments, &mut visitor).await?;
        visitor.outcome()
    }

    fn show<'a>(
        &'a self,
        sql: SqlStr,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>> {
        let scope = Scope { place: self.place(), limit: self.limits().statement };
        let waiting = Scope { limit: self.limits().acquire, ..scope };
        let (kept, preface, as_texts) = (self.keeps_statements(), self.preface(), self.as_texts());
        Box::pin(async move {
            let mut visitor = Counted { visitor, rows: 0 };
            #[cfg(feature = "postgres")]
            let mut trial = Trial::None;
            loop {
                self.count_statement();
                #[cfg(feature = "postgres")]
                let lease = Lease::take(self.pool(), trial).await;
                #[cfg(not(feature = "postgres"))]
                let lease = Lease::take(self.pool()).await;
                let mut lease = lease.map_err(|error| waiting.error(error))?;
                let driver = lease.driver(scope).map_err(|error| scope.error(error))?;
                let connection = Connection { driver, scope, kept, preface, as_texts };
                let outcome = connection.each(sql.clone(), arguments, &mut visitor).await;
                // The connection was closed while it was idle, or the server goes down. A read is repeated.
                #[cfg(feature = "postgres")]
                if trial == Trial::None
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

    /// Sends one statement and gathers what `read` makes of each row.
    pub(crate) async fn list<T: Send, E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
        mut read: impl FnMut(Row<'_>) -> Result<T, E> + Send,
    ) -> Result<Vec<T>, E> {
        let mut all = Vec::new();
        self.each(sql, arguments, |row| {
            all.push(read(row)?);
            Ok::<(), E>(())
        })
        .await?;
        Ok(all)
    }

    /// Whether a statement without arguments has a row to answer with.
    #[cfg(feature = "session")]
    pub(crate) async fn has_row(&self, sql: &'static str) -> Result<bool, StatementError> {
        Ok(self.first(sql, &[], |_| Ok::<_, StatementError>(())).await?.is_some())
    }

    /// Sends one statement and reads its first row, if there is one.
    pub(crate) async fn first<T: Send, E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
        mut read: impl FnMut(Row<'_>) -> Result<T, E> + Send,
    ) -> Result<Option<T>, E> {
        let mut found = None;
        self.each(sql, arguments, |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok::<(), E>(())
        })
        .await?;
        Ok(found)
    }
}
