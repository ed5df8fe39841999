//! Sends statements and passes on their rows one by one.

use std::ops::ControlFlow;

use sqlx::{SqlSafeStr, SqlStr};

use super::{BoxedFuture, Database, Row, StatementError, Value};

/// A statement with its arguments, for the placeholders `$1`, `$2`, … of both databases.
#[derive(Clone)]
pub(crate) struct Statement<'a> {
    pub(crate) sql: SqlStr,
    pub(crate) arguments: &'a [Value<'a>],
    pub(crate) sending: SendPolicy,
}

/// How to send a statement, given that connections get lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendPolicy {
    /// For a read: sent without checking the connection, and once more if the connection is lost.
    Repeatable,
    /// Sent without checking the connection. The caller handles a lost connection.
    Unchecked,
    /// Sent once, on a connection that was checked first.
    Once,
}

/// Receives the rows of an answer one by one, and decides whether to continue.
pub(crate) type RowVisitor<'a> = dyn FnMut(Row<'_>) -> ControlFlow<()> + Send + 'a;

/// A visitor that stops at the first error of `visit` and stores it.
pub(super) fn until_error<'a, E: Send>(
    error: &'a mut Option<E>,
    mut visit: impl FnMut(Row<'_>) -> Result<(), E> + Send + 'a,
) -> impl FnMut(Row<'_>) -> ControlFlow<()> + Send + 'a {
    move |row| match visit(row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(first) => {
            *error = Some(first);
            ControlFlow::Break(())
        }
    }
}

/// A visitor that stops after the first row and stores the result of `read`.
pub(super) fn first_row<'a, T: Send, E>(
    found: &'a mut Option<T>,
    mut read: impl FnMut(Row<'_>) -> Result<T, E> + Send + 'a,
) -> impl FnMut(Row<'_>) -> Result<(), E> + Send + 'a {
    move |row| {
        if found.is_none() {
            *found = Some(read(row)?);
        }
        Ok(())
    }
}

impl Database {
    /// Sends one read and passes each row to `visit`.
    ///
    /// # Errors
    /// The first error of the database, the time limit or `visit`.
    pub(crate) async fn each<E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let statement = Statement { sql: sql.into_sql_str(), arguments, sending: SendPolicy::Repeatable };
        self.send(statement, visit).await
    }

    /// Sends a statement and passes each row to `visit`. On PostgreSQL it may be several, separated by
    /// semicolons: they run in one transaction, and their rows come one after the other.
    ///
    /// # Errors
    /// As for [`each`](Self::each).
    pub(crate) async fn send<E: From<StatementError> + Send>(
        &self,
        statement: Statement<'_>,
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut error = None;
        self.show(statement, &mut until_error(&mut error, visit)).await?;
        error.map_or(Ok(()), Err)
    }

    fn show<'a>(
        &'a self,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>> {
        self.count_statement();
        self.backend.query(&self.context, statement, visitor)
    }

    /// Sends one read and collects the results of `read` for each row.
    pub(crate) async fn list<T: Send, E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
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

    /// Does a statement without arguments return a row?
    pub(crate) async fn has_row(&self, sql: &'static str) -> Result<bool, StatementError> {
        Ok(self.first(sql, &[], |_| Ok::<_, StatementError>(())).await?.is_some())
    }

    /// Sends one read and reads its first row, if there is one.
    pub(crate) async fn first<T: Send, E: From<StatementError> + Send>(
        &self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T, E> + Send,
    ) -> Result<Option<T>, E> {
        let mut found = None;
        self.each(sql, arguments, first_row(&mut found, read)).await?;
        Ok(found)
    }
}
