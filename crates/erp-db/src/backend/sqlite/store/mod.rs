//! Sessions in an SQLite file.

mod file;
mod job;
mod lock;
mod statements;
mod writer;

use std::time::Duration;

use org_structure::Fingerprint;
use session::{
    AccessHash, Contents, CreateOutcome, LastUse, NewSession, PortError, Scope, SessionId, SessionStore,
    StoredSession, async_trait,
};
use sqlx::AssertSqlSafe;

use self::job::{Change, Job, LoginBytes, LoginOutcome, SessionInsert};
use self::lock::FileLock;
use self::writer::Writer;
use crate::backend::{ConnectionLimits, Database, StatementError, Value, sqlite};
use crate::store::error::StoreError;
use crate::store::options::StoreOptions;
use crate::store::sql_store::SqlStore;
use crate::store::{migration, record};

/// Sessions in an SQLite file. Reads access the file directly; writes are queued for a single writer.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    database: Database,
    writer: Writer,
    /// The time limits for writes that concern one session, and for those that may concern many.
    limit: Duration,
    bulk: Duration,
}

/// Creates the file of a store if the URL says so, and refuses an unsuitable file.
pub(crate) fn prepare(url: &str) -> Result<(), StoreError> {
    file::create(url)?;
    file::check(url)
}

/// Fails if another process uses the file.
pub(crate) fn try_lock(url: &str) -> Result<(), StoreError> {
    FileLock::try_take(&sqlite::file_of(url)?)
}

impl SqliteStore {
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        file::check(&options.url)?;
        let lock = FileLock::take(&sqlite::file_of(&options.url)?)?;
        // One connection for the writer, and at least one for readers.
        let limits = ConnectionLimits {
            connections: options.limits.connections.max(2),
            // The writer's statements may concern many sessions. Each caller has a shorter limit of its own.
            statement: options.bulk.max(options.limits.statement),
            ..options.limits
        };
        let database = sqlite::open_own(&options.url, limits).await?;
        migration::check(&database).await?;
        let writer = Writer::start(database.clone(), lock);
        let limit = options.limits.acquire + options.limits.statement;
        Ok(SqliteStore { database, writer, limit, bulk: options.bulk })
    }

    async fn change(&self, limit: Duration, change: Change) -> Result<u64, PortError> {
        self.writer.send(limit, |reply| Job::Change(change, reply)).await
    }

    /// Are the tree and the access of a session stored with damaged bytes?
    async fn is_damaged(&self, new: &NewSession<'_>) -> Result<bool, PortError> {
        let Contents { tree, access } =
            self.contents(Some(&new.record.tree), Some(&new.record.access)).await?;
        Ok(tree.is_some_and(|tree| tree != new.tree_bytes())
            || access.is_some_and(|access| access != new.access_bytes()))
    }
}

#[async_trait]
impl SqlStore for SqliteStore {
    async fn use_once(&self, name: &[u8; 32], until: Duration) -> Result<bool, PortError> {
        let (name, until) = (*name, record::span(until));
        Ok(self.change(self.limit, Change::UseOnce { name, until }).await? > 0)
    }

    async fn forget_used(&self, now: Duration, limit: usize) -> Result<u64, PortError> {
        let (now, limit) = (record::span(now), record::limit(limit));
        self.change(self.bulk, Change::ForgetUsed { now, limit }).await
    }

    async fn close(&self) {
        self.writer.close().await;
        self.database.close().await;
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    fn is_shared(&self) -> bool {
        false
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError> {
        let mut login = SessionInsert::new(new);
        if self.is_damaged(new).await? {
            login.bytes = Some(LoginBytes::new(new));
        }
        loop {
            match self.writer.send(self.limit, |reply| Job::Create(login.clone(), reply)).await? {
                LoginOutcome::Created => return Ok(CreateOutcome::Done),
                LoginOutcome::ReplacedIsGone => return Ok(CreateOutcome::ReplacedIsGone),
                // With the bytes this cannot happen again.
                LoginOutcome::BytesMissing => login.bytes = Some(LoginBytes::new(new)),
            }
        }
    }

    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        let statement = AssertSqlSafe(format!("{}id = $1", statements::SESSIONS));
        Ok(self.database.first(statement, &[Value::Bytes(id.as_bytes())], record::stored).await?)
    }

    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        let names = [
            tree.map_or(Value::Null, |tree| Value::Bytes(tree.as_bytes())),
            access.map_or(Value::Null, |access| Value::Bytes(access.as_bytes())),
        ];
        let found = self
            .database
            .first(statements::CONTENTS, &names, |row| {
                Ok::<_, StatementError>(Contents { tree: row.bytes(0)?, access: row.bytes(1)? })
            })
            .await?;
        Ok(found.unwrap_or_default())
    }

    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError> {
        let seen = record::latest(seen);
        if seen.is_empty() {
            return Ok(());
        }
        self.change(self.limit, Change::Touch(seen)).await.map(drop)
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        let (scope, ago) = (*scope, record::span(ago));
        let limit = if matches!(scope, Scope::Session(_)) { self.limit } else { self.bulk };
        self.change(limit, Change::End(scope, ago)).await
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<[u8; 32]> = ids.iter().map(|id| *id.as_bytes()).collect();
        let names = [Value::Names(&names)];
        Ok(self.database.list(statements::MISSING, &names, |row| record::session_id(row, 0)).await?)
    }

    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError> {
        let (allowance, limit) = (record::span(allowance), record::limit(limit));
        self.change(self.bulk, Change::Sweep { allowance, limit }).await
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        let (grace, limit) = (record::span(grace), record::limit(limit));
        self.change(self.bulk, Change::Collect { grace, limit }).await
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        record::list(&self.database, statements::SESSIONS, scope, after, limit).await
    }
}

/// The statements with which a login stores its session.
#[cfg(test)]
pub(crate) fn login_statements() -> [(&'static str, String); 2] {
    [("store: look", statements::EXISTING.to_owned()), ("store: add", statements::ADD_SESSION.to_owned())]
}
