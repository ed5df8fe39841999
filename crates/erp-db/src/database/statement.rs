//! Sending statements, and handing their rows on one by one.

use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{SqlSafeStr, SqlStr};

use super::row::{Row, Values};
use super::{Boxed, Database, Pool, StatementError};

/// A connection that a statement may use, and what its errors need.
pub(super) struct Connection<'c> {
    pub(super) driver: Driver<'c>,
    pub(super) scope: Scope<'c>,
    /// Whether the statement stays prepared for the next time.
    pub(super) kept: bool,
}

pub(super) enum Driver<'c> {
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

/// A statement with its arguments bound.
macro_rules! bound {
    ($sql:expr, $arguments:expr) => {
        $arguments.iter().fold(sqlx::query($sql), |query, argument| query.bind(*argument))
    };
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

impl<'c> Connection<'c> {
    /// Sends one statement and shows `visitor` the rows.
    ///
    /// Of an ERP's tables no statement is kept prepared: a server refuses to run a kept one again once a column that it
    /// reads was altered, as the upgrade of an ERP may do while this process runs.
    pub(super) fn each<'a>(
        self,
        sql: SqlStr,
        arguments: &'a [Option<&'a str>],
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>>
    where
        'c: 'a,
    {
        let Connection { driver, scope, kept } = self;
        Box::pin(scope.timed(async move {
            match driver {
                #[cfg(feature = "sqlite")]
                Driver::Sqlite(connection) => {
                    let mut rows = bound!(sql, arguments).persistent(kept).fetch(connection);
                    while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                        if visitor.row(Row { values: Values::Sqlite(&row), place: scope.place }).is_break() {
                            break;
                        }
                    }
                }
                #[cfg(feature = "postgres")]
                Driver::Postgres(connection) => {
                    let mut rows = bound!(sql, arguments).persistent(kept).fetch(connection);
                    while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                        if visitor.row(Row { values: Values::Postgres(&row), place: scope.place }).is_break()
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
        let Connection { driver, scope, .. } = self;
        Box::pin(scope.timed(async move {
            match driver {
                #[cfg(feature = "sqlite")]
                Driver::Sqlite(connection) => {
                    bound!(sql, arguments).execute(connection).await.map(|done| done.rows_affected())
                }
                #[cfg(feature = "postgres")]
                Driver::Postgres(connection) => {
                    bound!(sql, arguments).execute(connection).await.map(|done| done.rows_affected())
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
        let kept = self.keeps_statements();
        self.count_statement();
        Box::pin(async move {
            match self.pool() {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(pool) => {
                    let mut connection = pool.acquire().await.map_err(|error| waiting.error(error))?;
                    let driver = Driver::Sqlite(&mut connection);
                    Connection { driver, scope, kept }.each(sql, arguments, visitor).await
                }
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => {
                    let mut connection = pool.acquire().await.map_err(|error| waiting.error(error))?;
                    let driver = Driver::Postgres(&mut connection);
                    Connection { driver, scope, kept }.each(sql, arguments, visitor).await
                }
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
