//! `Transaction`: several statements that take effect together or not at all.

use sqlx::{SqlSafeStr, SqlStr};

use super::statement::{Sending, Statement, Visit, Visitor};
use super::{Boxed, Database, Row, StatementError, Value};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reading: it sees one moment of the database.
    Reads,
    /// Writing.
    Writes,
}

/// A running transaction of a product. Dropping it rolls it back.
pub(crate) trait Running: Send {
    /// Sends a statement and shows `visitor` its rows.
    fn query<'a>(
        &'a mut self,
        statement: Statement<'a>,
        visitor: &'a mut dyn Visit,
    ) -> Boxed<'a, Result<(), StatementError>>;

    /// Sends a statement; gives the number of rows that it changed.
    fn execute<'a>(&'a mut self, statement: Statement<'a>) -> Boxed<'a, Result<u64, StatementError>>;

    /// Sends several statements without arguments, separated by semicolons.
    fn run_script(&mut self, sql: &'static str) -> Boxed<'_, Result<(), StatementError>>;

    /// Makes everything that was done take effect.
    fn commit<'a>(self: Box<Self>) -> Boxed<'a, Result<(), StatementError>>
    where
        Self: 'a;
}

/// A running transaction. Dropping it without [`Transaction::commit`] rolls it back.
pub(crate) struct Transaction<'a> {
    database: &'a Database,
    running: Box<dyn Running + 'a>,
}

impl Database {
    /// Begins a transaction that is going to write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>, StatementError> {
        self.begin_to(Work::Writes).await
    }

    /// Begins a transaction.
    pub(crate) async fn begin_to(&self, work: Work) -> Result<Transaction<'_>, StatementError> {
        self.count_statement();
        Ok(Transaction { database: self, running: self.backend.begin(&self.context, work).await? })
    }
}

fn statement<'a>(sql: SqlStr, arguments: &'a [Value<'a>]) -> Statement<'a> {
    Statement { sql, arguments, sending: Sending::Once }
}

impl Transaction<'_> {
    /// Sends one statement and hands each row to `visit`.
    pub(crate) async fn each<E: From<StatementError> + Send>(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut visitor = Visitor::new(visit);
        self.database.count_statement();
        self.running.query(statement(sql.into_sql_str(), arguments), &mut visitor).await?;
        visitor.outcome()
    }

    /// Sends one statement and reads its first row, if there is one.
    pub(crate) async fn first<T: Send, E: From<StatementError> + Send>(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
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

    /// Whether a statement without arguments has a row to answer with.
    pub(crate) async fn has_row(&mut self, sql: &'static str) -> Result<bool, StatementError> {
        Ok(self.first(sql, &[], |_| Ok::<_, StatementError>(())).await?.is_some())
    }

    /// Sends one statement; gives the number of rows that it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
    ) -> Result<u64, StatementError> {
        self.database.count_statement();
        self.running.execute(statement(sql.into_sql_str(), arguments)).await
    }

    /// Sends several statements without arguments, separated by semicolons.
    pub(crate) async fn run_script(&mut self, sql: &'static str) -> Result<(), StatementError> {
        self.database.count_statement();
        self.running.run_script(sql).await
    }

    /// Makes everything that was done take effect. An error that may pass leaves open whether it did.
    pub(crate) async fn commit(self) -> Result<(), StatementError> {
        self.database.count_statement();
        self.running.commit().await
    }
}
