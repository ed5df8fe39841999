//! Sending statements, and handing their rows on one by one.

use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::TryStreamExt;
#[cfg(feature = "sqlite")]
use sqlx::Row as _;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

#[cfg(feature = "sqlite")]
use super::packed::unpack;
use super::row::{Row, Values};
use super::{Boxed, Database, Lease, Select, StatementError};
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

/// A statement that gives rows.
enum Statement<'a> {
    Rows(SqlStr),
    OfMany(&'a Select),
}

impl<'c> Connection<'c> {
    fn show<'a>(
        self,
        statement: Statement<'a>,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>>
    where
        'c: 'a,
    {
        match statement {
            Statement::Rows(sql) => self.each(sql, arguments, visitor),
            Statement::OfMany(select) => self.each_of_many(select, arguments, visitor),
        }
    }

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

    /// Sends a statement of many rows and shows `visitor` each.
    pub(super) fn each_of_many<'a>(
        self,
        select: &'a Select,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>>
    where
        'c: 'a,
    {
        let one_by_one = || AssertSqlSafe(select.one_by_one()).into_sql_str();
        let Connection { driver, scope, kept, preface, as_texts } = self;
        match driver {
            #[cfg(feature = "sqlite")]
            Driver::Sqlite(connection) => Box::pin(async move {
                let packed = reading(as_texts, AssertSqlSafe(select.packed()).into_sql_str());
                let asked = scope.timed(async {
                    let packed = bound(packed, arguments).persistent(kept).fetch_one(&mut *connection);
                    packed.await.map_err(|error| scope.error(error))
                });
                let row = match asked.await {
                    Err(error) if error.is_transient() => return Err(error),
                    row => row.ok(),
                };
                let packed = row.as_ref().and_then(|row| row.try_get::<Option<&str>, _>(0).ok());
                match packed {
                    Some(packed) => unpack(packed.unwrap_or_default(), select, scope, visitor).await,
                    // Nothing was shown yet. What JSON cannot hold, or one value is too short for, comes row
                    // by row; so does the error, if it is one.
                    None => {
                        let driver = Driver::Sqlite(connection);
                        let connection = Connection { driver, scope, kept, preface, as_texts };
                        connection.each(one_by_one(), arguments, visitor).await
                    }
                }
            }),
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => {
                Connection { driver, scope, kept, preface, as_texts }.each(one_by_one(), arguments, visitor)
            }
        }
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
        self.show(Statement::Rows(sql.into_sql_str()), arguments, &mut visitor).await?;
        visitor.outcome()
    }

    /// Sends a statement of many rows and hands each to `visit`.
    ///
    /// # Errors
    /// As for [`each`](Self::each).
    pub(crate) async fn each_of_many<E: From<StatementError> + Send>(
        &self,
        select: &Select,
        arguments: &[Option<&str>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = Visitor::new(visit);
        self.show(Statement::OfMany(select), arguments, &mut visitor).await?;
        visitor.outcome()
    }

    fn show<'a>(
        &'a self,
        statement: Statement<'a>,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>> {
        let scope = Scope { place: self.place(), limit: self.limits().statement };
        let waiting = Scope { limit: self.limits().acquire, ..scope };
        let (kept, preface, as_texts) = (self.keeps_statements(), self.preface(), self.as_texts());
        self.count_statement();
        Box::pin(async move {
            let mut lease = Lease::take(self.pool()).await.map_err(|error| waiting.error(error))?;
            let driver = lease.driver(scope).map_err(|error| scope.error(error))?;
            let connection = Connection { driver, scope, kept, preface, as_texts };
            let outcome = connection.show(statement, arguments, visitor).await;
            // What does not pass by itself is an answer.
            if !outcome.as_ref().is_err_and(StatementError::is_transient) {
                lease.rest();
            }
            outcome
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
