//! `Transaction`: several statements that take effect together or not at all.

use sqlx::{AssertSqlSafe, SqlSafeStr};

#[cfg(feature = "postgres")]
use super::connections::Trial;
use super::row::Row;
use super::statement::{Connection, Scope, Visitor};
use super::{Boxed, Database, DatabaseKind, Lease, StatementError};

/// A running transaction. Dropping it without [`Transaction::commit`] rolls it back.
pub(crate) struct Transaction<'a> {
    database: &'a Database,
    lease: Lease,
    /// Whether PostgreSQL has refused a statement: it answers a commit then as if nothing had happened, and
    /// rolls back.
    refused: bool,
}

impl Database {
    /// Begins a transaction that is going to write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StatementError> {
        // The lock is taken at once: a reader that turns into a writer later could be refused half-way.
        self.begin_with("BEGIN IMMEDIATE", "BEGIN;").await
    }

    /// Begins a transaction that only reads, and sees one moment of the database.
    #[cfg(feature = "session")]
    pub(crate) async fn begin_reading(&self) -> Result<Transaction<'_>, StatementError> {
        self.begin_with("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;").await
    }

    fn begin_with(
        &self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Boxed<'_, Result<Transaction<'_>, StatementError>> {
        let scope = Scope { place: self.place(), limit: self.limits().acquire };
        Box::pin(async move {
            // What is done in a transaction is not repeated.
            #[cfg(feature = "postgres")]
            let lease = Lease::take(self.pool(), Trial::RoundTrip).await;
            #[cfg(not(feature = "postgres"))]
            let lease = Lease::take(self.pool()).await;
            let mut lease = lease.map_err(|error| scope.error(error))?;
            lease.begins();
            let mut transaction = Transaction { database: self, lease, refused: false };
            let begin = match self.kind() {
                DatabaseKind::Sqlite => sqlite.into_sql_str(),
                // What the transaction sets ends with it.
                DatabaseKind::Postgres => {
                    AssertSqlSafe(format!("{postgres}{}", self.preface())).into_sql_str()
                }
            };
            transaction.connection()?.execute(begin, &[]).await?;
            Ok(transaction)
        })
    }
}

impl Transaction<'_> {
    fn connection(&mut self) -> Result<Connection<'_>, StatementError> {
        self.database.count_statement();
        let scope = Scope { place: self.database.place(), limit: self.database.limits().statement };
        Ok(Connection {
            kept: self.database.keeps_statements(),
            preface: "",
            as_texts: self.database.as_texts(),
            scope,
            driver: self.lease.driver(scope).map_err(|error| scope.error(error))?,
        })
    }

    fn answered<T>(&mut self, outcome: Result<T, StatementError>) -> Result<T, StatementError> {
        self.refused |= outcome.is_err() && self.kind() == DatabaseKind::Postgres;
        outcome
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
        let outcome = self.connection()?.each(sql.into_sql_str(), arguments, &mut visitor).await;
        self.answered(outcome)?;
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
        let outcome = self.connection()?.execute(sql.into_sql_str(), arguments).await;
        self.answered(outcome)
    }

    /// Sends several statements without arguments, separated by semicolons.
    pub(crate) async fn run_script(&mut self, sql: &'static str) -> Result<(), StatementError> {
        let outcome = self.connection()?.run_script(sql).await;
        self.answered(outcome)
    }

    /// Makes everything that was done take effect. An error that may pass leaves open whether it did.
    pub(crate) async fn commit(mut self) -> Result<(), StatementError> {
        if self.refused {
            let cause = "an earlier statement of the transaction failed".into();
            return Err(StatementError::Refused { place: self.database.place().to_owned(), cause });
        }
        self.connection()?.execute("COMMIT".into_sql_str(), &[]).await?;
        self.lease.rest();
        Ok(())
    }
}
