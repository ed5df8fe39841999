//! `Job`: what waits for the writer, and how it is done.

use std::sync::Arc;

use session::{NewSession, PortError, SessionId, SessionRecord};
use tokio::sync::oneshot;

use super::statements;
use crate::database::{Row, StatementError, Transaction};
use crate::hex;
use crate::store::record::{self, ScopeIds};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, PortError>>;

/// A call that writes.
pub(super) enum Job {
    Create(Login, Reply<LoginOutcome>),
    Touch(Vec<(SessionId, i64)>, Reply<u64>),
    End(ScopeIds, i64, Reply<u64>),
    Sweep { allowance: i64, limit: usize, reply: Reply<u64> },
    Collect { grace: i64, limit: usize, reply: Reply<u64> },
    UseOnce { name: String, until: i64, reply: Reply<u64> },
    ForgetUsed { now: i64, limit: usize, reply: Reply<u64> },
}

/// A session to be stored.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) record: Arc<SessionRecord>,
    pub(super) replaces: Option<SessionId>,
    pub(super) bytes: Option<LoginBytes>,
}

/// What a session is pinned to, in hexadecimal digits. Made only where it is not stored yet, or with other
/// bytes.
#[derive(Clone)]
pub(super) struct LoginBytes {
    tree: Arc<str>,
    access: Arc<str>,
}

/// What became of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginOutcome {
    Created,
    ReplacedIsGone,
    /// Nothing was changed: try again with the bytes.
    BytesMissing,
}

impl Login {
    pub(super) fn new(new: &NewSession<'_>) -> Self {
        Login { record: Arc::clone(new.record), replaces: new.replaces, bytes: None }
    }
}

impl LoginBytes {
    pub(super) fn new(new: &NewSession<'_>) -> Self {
        LoginBytes {
            tree: hex::encode(&new.tree_bytes()).into(),
            access: hex::encode(&new.access_bytes()).into(),
        }
    }
}

/// A job that was done in a transaction, to be acknowledged when that is committed.
pub(super) enum Done {
    Login(Reply<LoginOutcome>, Result<LoginOutcome, PortError>),
    Count(Reply<u64>, Result<u64, PortError>),
}

impl Done {
    /// The error of a job after which nothing more may be done in its transaction. On a full disk, for one,
    /// SQLite rolls the whole transaction back, and would do what follows outside of any. What it refuses, as
    /// a key that is there already, concerns one statement alone.
    pub(super) fn breaks(&self) -> Option<&PortError> {
        let error = match self {
            Done::Login(_, outcome) => outcome.as_ref().err(),
            Done::Count(_, outcome) => outcome.as_ref().err(),
        };
        error.filter(|error| error.is_transient())
    }

    /// Acknowledges the job, or says why the commit failed. Who has gone away does not hear it.
    pub(super) fn acknowledge(self, failed: Option<&PortError>) {
        match self {
            Done::Login(reply, outcome) => drop(reply.send(failed.cloned().map_or(outcome, Err))),
            Done::Count(reply, outcome) => drop(reply.send(failed.cloned().map_or(outcome, Err))),
        }
    }
}

impl Job {
    /// Whether nobody waits for it any more: it was never begun, so it need not be.
    pub(super) fn is_given_up(&self) -> bool {
        match self {
            Job::Create(_, reply) => reply.is_closed(),
            Job::Touch(_, reply) | Job::End(_, _, reply) => reply.is_closed(),
            Job::Sweep { reply, .. } | Job::Collect { reply, .. } => reply.is_closed(),
            Job::UseOnce { reply, .. } | Job::ForgetUsed { reply, .. } => reply.is_closed(),
        }
    }

    /// Answers without having done anything.
    pub(super) fn refuse(self, error: PortError) {
        match self {
            Job::Create(_, reply) => drop(reply.send(Err(error))),
            Job::Touch(_, reply) | Job::End(_, _, reply) => drop(reply.send(Err(error))),
            Job::Sweep { reply, .. } | Job::Collect { reply, .. } => drop(reply.send(Err(error))),
            Job::UseOnce { reply, .. } | Job::ForgetUsed { reply, .. } => drop(reply.send(Err(error))),
        }
    }

    /// Does the job as a part of a transaction: as a whole or not at all.
    pub(super) async fn run(self, transaction: &mut Transaction<'_>) -> Result<Done, StatementError> {
        Ok(match self {
            Job::Create(login, reply) => {
                Done::Login(reply, create(&login, transaction).await?.map_err(Into::into))
            }
            Job::Touch(seen, reply) => {
                let touched = in_one(transaction, async |transaction| touch(&seen, transaction).await);
                Done::Count(reply, touched.await?.map_err(Into::into))
            }
            Job::End(ids, ago, reply) => {
                Done::Count(reply, end(&ids, ago, transaction).await.map_err(Into::into))
            }
            Job::Sweep { allowance, limit, reply } => {
                let arguments = [allowance.to_string(), limit.to_string()];
                let [allowance, limit] = &arguments;
                let swept = transaction.execute(statements::SWEEP, &[Some(allowance), Some(limit)]).await;
                Done::Count(reply, swept.map_err(Into::into))
            }
            Job::Collect { grace, limit, reply } => {
                let collected =
                    in_one(transaction, async |transaction| collect(grace, limit, transaction).await);
                Done::Count(reply, collected.await?.map_err(Into::into))
            }
            Job::UseOnce { name, until, reply } => {
                let arguments = [Some(name.as_str()), Some(&*until.to_string())];
                let used = transaction.execute(statements::USE_ONCE, &arguments).await;
                Done::Count(reply, used.map_err(Into::into))
            }
            Job::ForgetUsed { now, limit, reply } => {
                let (limit, now) = (limit.to_string(), now.to_string());
                let arguments = [Some(limit.as_str()), Some(&*now)];
                let forgotten = transaction.execute(statements::FORGET_USED, &arguments).await;
                Done::Count(reply, forgotten.map_err(Into::into))
            }
        })
    }
}

/// Does what takes several statements that write, as a whole or not at all. A single one is that by itself.
///
/// The outer error says that the transaction is broken.
async fn in_one<T>(
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

/// Stores a session, by as little as it takes: where nobody was first on its tree and access, by a look and
/// one row.
async fn create(
    login: &Login,
    transaction: &mut Transaction<'_>,
) -> Result<Result<LoginOutcome, StatementError>, StatementError> {
    let record = &*login.record;
    let tree = hex::encode(record.tree.as_bytes());
    let access = hex::encode(record.access.as_bytes());
    let old = login.replaces.map(|old| hex::encode(old.as_bytes()));
    let there = match transaction
        .first(statements::THERE, &[Some(&tree), Some(&access), old.as_deref()], There::read)
        .await
    {
        Ok(there) => there.unwrap_or_default(),
        Err(error) => return Ok(Err(error)),
    };
    if old.is_some() && !there.replaced {
        return Ok(Ok(LoginOutcome::ReplacedIsGone));
    }
    if login.bytes.is_none() && !(there.tree && there.access) {
        return Ok(Ok(LoginOutcome::BytesMissing));
    }
    let add = async |transaction: &mut Transaction<'_>| {
        add_session(record, &tree, &access, transaction).await?;
        Ok(LoginOutcome::Created)
    };
    if old.is_none() && there.tree && there.access && !there.unused && login.bytes.is_none() {
        return Ok(add(transaction).await);
    }
    in_one(transaction, async |transaction| {
        if let Some(bytes) = &login.bytes {
            // What is there already has other bytes.
            transaction.execute(statements::ADD_TREE, &[Some(&tree), Some(&bytes.tree)]).await?;
            transaction.execute(statements::ADD_ACCESS, &[Some(&access), Some(&bytes.access)]).await?;
        }
        if there.unused {
            transaction.execute(statements::USE_TREE, &[Some(&tree)]).await?;
            transaction.execute(statements::USE_ACCESS, &[Some(&access)]).await?;
        }
        if let Some(old) = &old {
            transaction.execute(statements::END_SESSION, &[Some(old)]).await?;
        }
        add(transaction).await
    })
    .await
}

/// What is stored already when a session comes.
#[derive(Default)]
struct There {
    tree: bool,
    access: bool,
    replaced: bool,
    /// Whether the tree or the access was noted as unused.
    unused: bool,
}

impl There {
    fn read(row: Row<'_>) -> Result<Self, StatementError> {
        let flag = |column| Ok::<_, StatementError>(row.integer(column)? == Some(1));
        Ok(There { tree: flag(0)?, access: flag(1)?, replaced: flag(2)?, unused: flag(3)? })
    }
}

async fn add_session(
    record: &SessionRecord,
    tree: &str,
    access: &str,
    transaction: &mut Transaction<'_>,
) -> Result<u64, StatementError> {
    let id = hex::encode(record.id.as_bytes());
    let idle = record::exact_span(record.lifetime.idle()).to_string();
    let absolute = record::exact_span(record.lifetime.absolute()).to_string();
    let arguments = [
        &id,
        record.client.as_str(),
        record.user.as_str(),
        record.role.as_str(),
        record.org.as_str(),
        tree,
        access,
        &idle,
        &absolute,
    ];
    transaction.execute(statements::ADD_SESSION, &arguments.map(Some)).await
}

async fn touch(seen: &[(SessionId, i64)], transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    let mut touched = 0;
    for (id, ago) in seen {
        let (id, ago) = (hex::encode(id.as_bytes()), ago.to_string());
        touched += transaction.execute(statements::TOUCH, &[Some(&id), Some(&ago)]).await?;
    }
    Ok(touched)
}

async fn end(ids: &ScopeIds, ago: i64, transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    let ago = ago.to_string();
    let ago = Some(ago.as_str());
    let client = ids.client.as_deref();
    if ids.session.is_some() {
        transaction.execute(statements::END_SESSION, &[ids.session.as_deref()]).await
    } else if ids.user.is_some() {
        transaction.execute(statements::END_USER, &[ago, client, ids.user.as_deref()]).await
    } else if ids.role.is_some() {
        transaction.execute(statements::END_ROLE, &[ago, client, ids.role.as_deref()]).await
    } else {
        transaction.execute(statements::END_CLIENT, &[ago, client]).await
    }
}

async fn collect(grace: i64, limit: usize, transaction: &mut Transaction<'_>) -> Result<u64, StatementError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let grace = grace.to_string();
    let mut collected = 0;
    for [used, unused, over] in [statements::COLLECT_TREES, statements::COLLECT_ACCESSES] {
        transaction.execute(used, &[]).await?;
        let all = limit.min(1 << 31).to_string();
        transaction.execute(unused, &[Some(&all)]).await?;
        let rest = (limit - collected).min(1 << 31).to_string();
        collected += transaction.execute(over, &[Some(&rest), Some(&grace)]).await?;
    }
    Ok(collected)
}
