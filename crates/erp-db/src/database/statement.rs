//! Sending statements, and handing their rows on one by one.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{SqlSafeStr, SqlStr};

use super::row::{Row, Values};
use super::{Database, Pool, StatementError};

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

impl Connection<'_> {
    /// Sends one statement and hands each row to `visit`.
    ///
    /// Of an ERP's tables no statement is kept prepared: a server refuses to run a kept one again once a column that it
    /// reads was altered, as the upgrade of an ERP may do while this process runs.
    pub(super) async fn each<E: From<StatementError>>(
        self,
        sql: SqlStr,
        arguments: &[Option<&str>],
        mut visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let Connection { driver, scope, kept } = self;
        scope
            .timed(async {
                match driver {
                    #[cfg(feature = "sqlite")]
                    Driver::Sqlite(connection) => {
                        let mut rows = bound!(sql, arguments).persistent(kept).fetch(connection);
                        while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                            visit(Row { values: Values::Sqlite(&row), place: scope.place })?;
                        }
                    }
                    #[cfg(feature = "postgres")]
                    Driver::Postgres(connection) => {
                        let mut rows = bound!(sql, arguments).persistent(kept).fetch(connection);
                        while let Some(row) = rows.try_next().await.map_err(|error| scope.error(error))? {
                            visit(Row { values: Values::Postgres(&row), place: scope.place })?;
                        }
                    }
                }
                Ok(())
            })
            .await
    }

    /// Sends one statement; gives the number of rows that it changed.
    pub(super) async fn execute(
        self,
        sql: SqlStr,
        arguments: &[Option<&str>],
    ) -> Result<u64, StatementError> {
        let Connection { driver, scope, .. } = self;
        scope
            .timed(async {
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
            })
            .await
    }

    /// Sends several statements without arguments, separated by semicolons.
    pub(super) async fn run_script(self, sql: &'static str) -> Result<(), StatementError> {
        let Connection { driver, scope, .. } = self;
        scope
            .timed(async {
                match driver {
                    #[cfg(feature = "sqlite")]
                    Driver::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
                    #[cfg(feature = "postgres")]
                    Driver::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
                }
                .map_err(|error| scope.error(error))
            })
            .await
    }
}

impl Database {
    /// Sends one statement and hands each row to `visit`. Placeholders are `$1`, `$2`, …, which both products
    /// understand; arguments are texts.
    ///
    /// # Errors
    /// What the database, the time limit or `visit` say first.
    pub(crate) async fn each<E: From<StatementError>>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let sql = sql.into_sql_str();
        let scope = Scope { place: self.place(), limit: self.limits().statement };
        let waiting = Scope { limit: self.limits().acquire, ..scope };
        self.count_statement();
        match self.pool() {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| waiting.error(error))?;
                Connection { driver: Driver::Sqlite(&mut connection), scope, kept: self.keeps_statements() }
                    .each(sql, arguments, visit)
                    .await
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| waiting.error(error))?;
                Connection { driver: Driver::Postgres(&mut connection), scope, kept: self.keeps_statements() }
                    .each(sql, arguments, visit)
                    .await
            }
        }
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
