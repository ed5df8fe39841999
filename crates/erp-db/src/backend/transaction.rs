//! `Transaction`: several statements that take effect together or not at all.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::statement::{RowVisitor, SendPolicy, Statement, first_row, until_error};
use super::{BoxedFuture, Database, DatabaseKind, Row, StatementError, Value};
use crate::erp::Schema;

/// The purpose of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reading, in one snapshot.
    Reads,
    /// Writing.
    Writes,
}

/// A running transaction of a product. Dropping it rolls it back.
pub(crate) trait OpenTransaction: Send {
    /// Sends a statement and passes its rows to `visitor`.
    fn query<'a>(
        &'a mut self,
        statement: Statement<'a>,
        visitor: &'a mut RowVisitor<'a>,
    ) -> BoxedFuture<'a, Result<(), StatementError>>;

    /// Sends a statement and returns the number of affected rows.
    fn execute<'a>(&'a mut self, statement: Statement<'a>) -> BoxedFuture<'a, Result<u64, StatementError>>;

    /// Sends several statements without arguments, separated by semicolons.
    fn run_script(&mut self, sql: &'static str) -> BoxedFuture<'_, Result<(), StatementError>>;

    /// Commits the transaction.
    fn commit<'a>(self: Box<Self>) -> BoxedFuture<'a, Result<(), StatementError>>
    where
        Self: 'a;
}

/// Several statements that take effect together or not at all. Dropping it without
/// [`commit`](Transaction::commit) rolls it back.
///
/// The reader of this crate needs no transaction. It is for programs that fill an ERP's tables, such as the
/// crate `orgcache-erp-import`.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), erp_db::StatementError> {
/// # let database = erp_db::Database::connect("sqlite:demo.db").await.unwrap();
/// let mut transaction = database.begin().await?;
/// let name = Some("Company");
/// transaction.write("UPDATE ad_client SET name = $1 WHERE ad_client_id = $2", &[name, Some("C")]).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub struct Transaction<'a> {
    database: &'a Database,
    running: Box<dyn OpenTransaction + 'a>,
}

impl Database {
    /// Begins a transaction for writing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(&self) -> Result<Transaction<'_>, StatementError> {
        self.begin_to(Work::Writes).await
    }

    /// Begins a transaction.
    pub(crate) async fn begin_to(&self, work: Work) -> Result<Transaction<'_>, StatementError> {
        self.count_statement();
        Ok(Transaction { database: self, running: self.backend.begin(&self.context, work).await? })
    }
}

fn statement<'a>(sql: SqlStr, arguments: &'a [Value<'a>]) -> Statement<'a> {
    Statement { sql, arguments, sending: SendPolicy::Once }
}

impl Transaction<'_> {
    /// Sends one statement and passes each row to `visit`.
    pub(crate) async fn each<E: From<StatementError> + Send>(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
        visit: impl FnMut(Row<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut error = None;
        self.database.count_statement();
        let statement = statement(sql.into_sql_str(), arguments);
        self.running.query(statement, &mut until_error(&mut error, visit)).await?;
        error.map_or(Ok(()), Err)
    }

    /// Sends one statement and reads its first row, if there is one.
    pub(crate) async fn first<T: Send, E: From<StatementError> + Send>(
        &mut self,
        sql: impl SqlSafeStr,
        arguments: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T, E> + Send,
    ) -> Result<Option<T>, E> {
        let mut found = None;
        self.each(sql, arguments, first_row(&mut found, read)).await?;
        Ok(found)
    }

    /// Sends one statement and returns the number of affected rows.
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

    /// Sends one statement with texts or nulls for its placeholders `$1`, `$2`, …, and returns the number of
    /// affected rows.
    ///
    /// # Errors
    /// The database refuses, or does not answer.
    pub async fn write(
        &mut self,
        sql: impl Into<String>,
        texts: &[Option<&str>],
    ) -> Result<u64, StatementError> {
        let arguments: Vec<Value<'_>> = texts.iter().copied().map(Value::from).collect();
        self.execute(AssertSqlSafe(sql.into()), &arguments).await
    }

    /// Does a statement return a row?
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub async fn finds(
        &mut self,
        sql: impl Into<String>,
        texts: &[Option<&str>],
    ) -> Result<bool, StatementError> {
        let arguments: Vec<Value<'_>> = texts.iter().copied().map(Value::from).collect();
        let found = self.first(AssertSqlSafe(sql.into()), &arguments, |_| Ok::<_, StatementError>(()));
        Ok(found.await?.is_some())
    }

    /// The ERP's tables and columns as seen by this transaction.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn schema(&mut self) -> Result<Schema, StatementError> {
        let mut schema = Schema::default();
        let statement = Schema::statement(self.database.dialect());
        self.each(statement, &[], |row| schema.add(row)).await?;
        Ok(schema)
    }

    /// The product of the database.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.database.kind()
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// The database refuses, or does not answer. After a [transient](StatementError::is_transient) error the
    /// commit may or may not have taken effect.
    pub async fn commit(self) -> Result<(), StatementError> {
        self.database.count_statement();
        self.running.commit().await
    }
}
