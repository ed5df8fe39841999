//! `Job`: a queued write, and its execution.

use std::sync::Arc;

use session::{NewSession, PortError, Scope, SessionId, SessionRecord};
use sqlx::AssertSqlSafe;
use tokio::sync::oneshot;

use super::statements;
use crate::backend::{Row, StatementError, Transaction, Value};
use crate::store::record;

/// The channel for an answer.
pub(super) type Reply<T> = oneshot::Sender<Result<T, PortError>>;

/// A queued write.
pub(super) enum Job {
    Create(SessionInsert, Reply<LoginOutcome>),
    Change(Change, Reply<u64>),
}

/// A change whose answer is the number of affected rows, or the recording of a used name.
pub(super) enum Change {
    Touch(Vec<(SessionId, i64)>),
    End(Scope, i64),
    Sweep { allowance: i64, limit: i64 },
    Collect { grace: i64, limit: i64 },
    UseOnce { name: [u8; 32], until: i64 },
    ForgetUsed { now: i64, limit: i64 },
}

/// A session to be stored.
#[derive(Clone)]
pub(super) struct SessionInsert {
    pub(super) record: Arc<SessionRecord>,
    pub(super) replaces: Option<SessionId>,
    pub(super) bytes: Option<LoginBytes>,
}

/// The bytes of a session's tree and access. Created only if they are not stored yet, or damaged.
#[derive(Clone)]
pub(super) struct LoginBytes {
    tree: Arc<[u8]>,
    access: Arc<[u8]>,
}

/// The outcome of storing a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginOutcome {
    Created,
    ReplacedIsGone,
    /// Nothing was changed: retry with the bytes.
    BytesMissing,
}

impl SessionInsert {
    pub(super) fn new(new: &NewSession<'_>) -> Self {
        SessionInsert { record: Arc::clone(new.record), replaces: new.replaces, bytes: None }
    }
}

impl LoginBytes {
    pub(super) fn new(new: &NewSession<'_>) -> Self {
        LoginBytes { tree: new.tree_bytes().into(), access: new.access_bytes().into() }
    }
}

/// A finished job of a transaction, to be acknowledged after the commit.
pub(super) struct FinishedJob {
    /// An error that ends the transaction. For example, on a full disk SQLite rolls the whole transaction
    /// back, and would execute further statements outside of it. A refused statement, such as one with a
    /// duplicate key, does not end the transaction.
    pub(super) breaks: Option<PortError>,
    answer: Box<dyn FnOnce(Option<PortError>) + Send>,
}

impl FinishedJob {
    fn new<T: Send + 'static>(reply: Reply<T>, outcome: Result<T, StatementError>) -> Self {
        let outcome = outcome.map_err(PortError::from);
        let breaks = outcome.as_ref().err().filter(|error| error.is_transient()).cloned();
        let answer = move |failed: Option<PortError>| drop(reply.send(failed.map_or(outcome, Err)));
        FinishedJob { breaks, answer: Box::new(answer) }
    }

    /// Acknowledges the job, or reports why the commit failed. Does nothing if the caller is gone.
    pub(super) fn acknowledge(self, failed: Option<PortError>) {
        (self.answer)(failed);
    }
}

impl Job {
    /// Was the caller dropped before the job began?
    pub(super) fn is_cancelled(&self) -> bool {
        match self {
            Job::Create(_, reply) => reply.is_closed(),
            Job::Change(_, reply) => reply.is_closed(),
        }
    }

    /// Refuses the job without executing it.
    pub(super) fn refuse(self, error: PortError) {
        match self {
            Job::Create(_, reply) => drop(reply.send(Err(error))),
            Job::Change(_, reply) => drop(reply.send(Err(error))),
        }
    }

    /// Executes the job within a transaction, all or nothing. An error means that the transaction is broken.
    pub(super) async fn run(self, transaction: &mut Transaction<'_>) -> Result<FinishedJob, StatementError> {
        Ok(match self {
            Job::Create(login, reply) => FinishedJob::new(reply, create(&login, transaction).await?),
            Job::Change(change, reply) => FinishedJob::new(reply, change.apply(transaction).await?),
        })
    }
}

impl Change {
    async fn apply(
        self,
        transaction: &mut Transaction<'_>,
    ) -> Result<Result<u64, StatementError>, StatementError> {
        let (statement, arguments) = match &self {
            Change::Touch(seen) => {
                return in_savepoint(transaction, async |transaction| touch(seen, transaction).await).await;
            }
            Change::Collect { grace, limit } => {
                return in_savepoint(transaction, async |transaction| {
                    collect(*grace, *limit, transaction).await
                })
                .await;
            }
            Change::End(scope, ago) => return Ok(end(scope, *ago, transaction).await),
            Change::Sweep { allowance, limit } => {
                (statements::SWEEP, [Value::Integer(*allowance), Value::Integer(*limit)])
            }
            Change::UseOnce { name, until } => {
                (statements::USE_ONCE, [Value::Bytes(name), Value::Integer(*until)])
            }
            Change::ForgetUsed { now, limit } => {
                (statements::FORGET_USED, [Value::Integer(*limit), Value::Integer(*now)])
            }
        };
        Ok(transaction.execute(statement, &arguments).await)
    }
}

/// Executes several writes in a savepoint, all or nothing. A single statement needs no savepoint.
///
/// The outer error means that the transaction is broken.
async fn in_savepoint<T>(
    transaction: &mut Transaction<'_>,
    work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, StatementError>,
) -> Result<Result<T, StatementError>, StatementError> {
    transaction.execute("SAVEPOINT job", &[]).await?;
    let done = work(transaction).await;
    if done.is_err() {
        transaction.execute("ROLLBACK TO job", &[]).await?;
    }
    transaction.execute("RELEASE job", &[]).await?;
    Ok(done)
}

/// Stores a session. If its tree and access are stored already, this takes one read and one row.
async fn create(
    login: &SessionInsert,
    transaction: &mut Transaction<'_>,
) -> Result<Result<LoginOutcome, StatementError>, StatementError> {
    let record = &*login.record;
    let (tree, access) = (Value::Bytes(record.tree.as_bytes()), Value::Bytes(record.access.as_bytes()));
    let old = login.replaces.as_ref().map(|old| Value::Bytes(old.as_bytes()));
    let names = [tree, access, old.unwrap_or(Value::Null)];
    let existing = match transaction.first(statements::EXISTING, &names, ExistingRows::read).await {
        Ok(existing) => existing.unwrap_or_default(),
        Err(error) => return Ok(Err(error)),
    };
    if old.is_some() && !existing.replaced {
        return Ok(Ok(LoginOutcome::ReplacedIsGone));
    }
    if login.bytes.is_none() && !(existing.tree && existing.access) {
        return Ok(Ok(LoginOutcome::BytesMissing));
    }
    let add = async |transaction: &mut Transaction<'_>| {
        add_session(record, transaction).await?;
        Ok(LoginOutcome::Created)
    };
    if old.is_none() && existing.tree && existing.access && !existing.unused && login.bytes.is_none() {
        return Ok(add(transaction).await);
    }
    in_savepoint(transaction, async |transaction| {
        if let Some(bytes) = &login.bytes {
            // Add missing rows, and repair damaged ones.
            transaction.execute(statements::ADD_TREE, &[tree, Value::Bytes(&bytes.tree)]).await?;
            transaction.execute(statements::ADD_ACCESS, &[access, Value::Bytes(&bytes.access)]).await?;
        }
        if existing.unused {
            transaction.execute(statements::USE_TREE, &[tree]).await?;
            transaction.execute(statements::USE_ACCESS, &[access]).await?;
        }
        if let Some(old) = old {
            transaction.execute(statements::END_SESSION, &[old]).await?;
        }
        add(transaction).await
    })
    .await
}

/// The rows that exist already when a session is stored.
#[derive(Default)]
struct ExistingRows {
    tree: bool,
    access: bool,
    replaced: bool,
    /// Is the tree or the access marked as unused?
    unused: bool,
}

impl ExistingRows {
    fn read(row: Row<'_>) -> Result<Self, StatementError> {
        let flag = |column| Ok::<_, StatementError>(row.integer(column)? == Some(1));
        Ok(ExistingRows { tree: flag(0)?, access: flag(1)?, replaced: flag(2)?, unused: flag(3)? })
    }
}

async fn add_session(
    record: &SessionRecord,
    transaction: &mut Transaction<'_>,
) -> Result<u64, StatementError> {
    let arguments = [
        Value::Bytes(record.id.as_bytes()),
        Value::Text(record.client.as_str()),
        Value::Text(record.user.as_str()),
        Value::Text(record.role.as_str()),
        Value::Text(record.org.as_str()),
        Value::Bytes(record.tree.as_bytes()),
        Value::Bytes(record.access.as_bytes()),
        Value::Integer(record::exact_span(record.lifetime.idle())),
        Value::Integer(record::exact_span(record.lifetime.absolute())),
    ];
    transaction.execute(statements::ADD_SESSION, &arguments).await
}

async fn touch(seen: &[(SessionId, i64)], transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    let mut touched = 0;
    for (id, ago) in seen {
        let arguments = [Value::Bytes(id.as_bytes()), Value::Integer(*ago)];
        touched += transaction.execute(statements::TOUCH, &arguments).await?;
    }
    Ok(touched)
}

async fn end(scope: &Scope, ago: i64, transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    if let Scope::Session(id) = scope {
        return transaction.execute(statements::END_SESSION, &[Value::Bytes(id.as_bytes())]).await;
    }
    let (condition, values) = record::condition(scope);
    let mut arguments = vec![Value::Integer(ago), Value::Null];
    arguments.extend(values);
    transaction.execute(AssertSqlSafe(format!("{}{condition}", statements::END)), &arguments).await
}

async fn collect(grace: i64, limit: i64, transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    let mut collected = 0;
    for referenced in statements::REFERENCED {
        let [used, unused, over] = statements::collect(referenced).map(AssertSqlSafe);
        transaction.execute(used, &[]).await?;
        transaction.execute(unused, &[Value::Integer(limit)]).await?;
        let rest = limit.saturating_sub(i64::try_from(collected).unwrap_or(limit));
        collected += transaction.execute(over, &[Value::Integer(rest), Value::Integer(grace)]).await?;
    }
    Ok(collected)
}
