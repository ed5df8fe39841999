//! `Transaction`: several statements that take effect together or not at all.

use sqlx::SqlSafeStr;

#[cfg(feature = "session")]
use super::Select;
use super::row::Row;
use super::statement::{Connection, Driver, Scope, Visitor};
use super::{Boxed, Database, DatabaseKind, Pool, StatementError};

/// A running transaction. Dropping it without [`Transaction::commit`] rolls it back.
pub(crate) struct Transaction<'a> {
    database: &'a Database,
    running: Running,
}

enum Running {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteTransaction<'static>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgTransaction<'static>),
}

impl Database {
    /// Begins a transaction that is going to write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StatementError> {
        // The lock is taken at once: a reader that turns into a writer later could be refused half-way.
        self.begin_with("BEGIN IMMEDIATE", "BEGIN").await
    }

    /// Begins a transaction that only reads, and sees one moment of the database.
    #[cfg(feature = "session")]
    pub(crate) async fn begin_reading(&self) -> Result<Transaction<'_>, StatementError> {
        self.begin_with("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    fn begin_with(
        &self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Boxed<'_, Result<Transaction<'_>, StatementError>> {
        let scope = Scope { place: self.place(), limit: self.limits().acquire };
        self.count_statement();
        Box::pin(async move {
            let running = match self.pool() {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(pool) => {
                    Running::Sqlite(pool.begin_with(sqlite).await.map_err(|error| scope.error(error))?)
                }
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => {
                    Running::Postgres(pool.begin_with(postgres).await.map_err(|error| scope.error(error))?)
                }
            };
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            let _ = (sqlite, postgres);
            Ok(Transaction { database: self, running })
        })
    }
}

impl Transaction<'_> {
    fn connection(&mut self) -> Connection<'_> {
        self.database.count_statement();
        Connection {
            kept: self.database.keeps_statements(),
            scope: Scope { place: self.database.place(), limit: self.database.limits().statement },
            driver: match &mut self.running {
                #[cfg(feature = "sqlite")]
                Running::Sqlite(transaction) => Driver::Sqlite(transaction),
                #[cfg(feature = "postgres")]
                Running::Postgres(transaction) => Driver::Postgres(transaction),
            },
        }
    }

    /// The product behind it.
    pub(crate) fn kind(&self) -> DatabaseKind {
        self.database.kind()
    }

    /// Sends one statement and hands each row to `visit`.
    pub(crate) async fn each<E: From<StatementError> + Send>(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = Visitor::new(visit);
        self.connection().each(sql.into_sql_str(), arguments, &mut visitor).await?;
        visitor.outcome()
    }

    /// Sends a statement of many rows and hands each to `visit`.
    #[cfg(feature = "session")]
    pub(crate) async fn each_of_many<E: From<StatementError> + Send>(
        &mut self,
        select: &Select,
        arguments: &[Option<&str>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = Visitor::new(visit);
        self.connection().each_of_many(select, arguments, &mut visitor).await?;
        visitor.outcome()
    }

    /// Sends one statement and reads its first row, if there is one.
    #[cfg(feature = "session")]
    pub(crate) async fn first<T: Send, E: From<StatementError> + Send>(
        &mut self,
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

    /// Sends one statement; gives the number of rows that it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Option<&str>],
    ) -> Result<u64, StatementError> {
        self.connection().execute(sql.into_sql_str(), arguments).await
    }

    /// Sends several statements without arguments, separated by semicolons.
    pub(crate) async fn run_script(&mut self, sql: &'static str) -> Result<(), StatementError> {
        self.connection().run_script(sql).await
    }

    /// Makes everything that was done take effect. An error that may pass leaves open whether it did.
    pub(crate) async fn commit(self) -> Result<(), StatementError> {
        self.database.count_statement();
        self.committing().await
    }
}

impl<'a> Transaction<'a> {
    fn committing(self) -> Boxed<'a, Result<(), StatementError>> {
        let scope = Scope { place: self.database.place(), limit: self.database.limits().statement };
        Box::pin(scope.timed(async move {
            match self.running {
                #[cfg(feature = "sqlite")]
                Running::Sqlite(transaction) => transaction.commit().await,
                #[cfg(feature = "postgres")]
                Running::Postgres(transaction) => transaction.commit().await,
            }
            .map_err(|error| scope.error(error))
        }))
    }
}
