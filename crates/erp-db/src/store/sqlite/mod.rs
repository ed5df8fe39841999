//! Sessions in an SQLite file.

mod file;
mod job;
mod lock;
mod statements;
mod writer;

use std::time::Duration;

use org_structure::Fingerprint;
use session::{AccessHash, Contents, Created, NewSession, PortError, Scope, SessionId, StoredSession};

use self::job::{Job, Login, LoginBytes, LoginOutcome};
use self::lock::FileLock;
use self::writer::Writer;
use super::record::{self, ListedSession, ScopeIds};
use super::{StoreError, StoreOptions, migration};
use crate::database::{Database, Limits, StatementError};
use crate::hex;

/// Sessions in an SQLite file. Reads go to the file at once; whatever writes is queued for the one writer.
#[derive(Debug)]
pub(super) struct SqliteStore {
    database: Database,
    writer: Writer,
    /// How long to wait for a write that concerns one session, and for one that may concern many.
    limit: Duration,
    bulk: Duration,
}

/// Makes the file of a store where the URL creates it, and refuses one that cannot be a store's.
pub(super) fn prepare(url: &str) -> Result<(), StoreError> {
    file::create(url)?;
    file::check(url)
}

impl SqliteStore {
    pub(super) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        file::check(&options.url)?;
        let lock = FileLock::take(&Database::file_of(&options.url)?)?;
        // One for the writer, and at least one for readers.
        let limits = Limits {
            connections: options.limits.connections.max(2),
            // The writer's statements may concern many sessions. Who waits for one has a limit of his own.
            statement: options.bulk.max(options.limits.statement),
            ..options.limits
        };
        let database = Database::open_own(&options.url, limits).await?;
        migration::check(&database).await?;
        let writer = Writer::start(database.clone(), lock);
        let limit = options.limits.acquire + options.limits.statement;
        Ok(SqliteStore { database, writer, limit, bulk: options.bulk })
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.database.close().await;
    }

    pub(super) async fn create(&self, new: &NewSession<'_>) -> Result<Created, PortError> {
        let mut login = Login::new(new);
        if self.is_damaged(new).await? {
            login.bytes = Some(LoginBytes::new(new));
        }
        loop {
            match self.writer.send(self.limit, |reply| Job::Create(login.clone(), reply)).await? {
                LoginOutcome::Created => return Ok(Created::Done),
                LoginOutcome::ReplacedIsGone => return Ok(Created::ReplacedIsGone),
                // With the bytes it cannot happen again.
                LoginOutcome::BytesMissing => login.bytes = Some(LoginBytes::new(new)),
            }
        }
    }

    /// Are the tree and the access of a session stored with other bytes than they have?
    async fn is_damaged(&self, new: &NewSession<'_>) -> Result<bool, PortError> {
        let Contents { tree, access } =
            self.contents(Some(&new.record.tree), Some(&new.record.access)).await?;
        Ok(tree.is_some_and(|tree| tree != new.tree_bytes())
            || access.is_some_and(|access| access != new.access_bytes()))
    }

    pub(super) async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        let id = hex::encode(id.as_bytes());
        Ok(self.database.first(statements::SESSION, &[Some(&id)], record::stored).await?)
    }

    pub(super) async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        let tree = tree.map(|tree| hex::encode(tree.as_bytes()));
        let access = access.map(|access| hex::encode(access.as_bytes()));
        let found = self
            .database
            .first(statements::CONTENTS, &[tree.as_deref(), access.as_deref()], |row| {
                Ok::<_, StatementError>(Contents {
                    tree: record::bytes(row, 0)?,
                    access: record::bytes(row, 1)?,
                })
            })
            .await?;
        Ok(found.unwrap_or_default())
    }

    pub(super) async fn touch(&self, seen: Vec<(SessionId, i64)>) -> Result<(), PortError> {
        self.writer.send(self.limit, |reply| Job::Touch(seen, reply)).await.map(drop)
    }

    pub(super) async fn end(&self, scope: &Scope, ago: i64) -> Result<u64, PortError> {
        let ids = ScopeIds::new(scope);
        let limit = if ids.session.is_some() { self.limit } else { self.bulk };
        self.writer.send(limit, |reply| Job::End(ids, ago, reply)).await
    }

    pub(super) async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        let names = json_list(ids);
        let names = [Some(names.as_str())];
        Ok(self.database.list(statements::MISSING, &names, |row| record::session_id(row, 0)).await?)
    }

    pub(super) async fn sweep(&self, allowance: i64, limit: usize) -> Result<u64, PortError> {
        self.writer.send(self.bulk, |reply| Job::Sweep { allowance, limit, reply }).await
    }

    pub(super) async fn collect(&self, grace: i64, limit: usize) -> Result<u64, PortError> {
        self.writer.send(self.bulk, |reply| Job::Collect { grace, limit, reply }).await
    }

    pub(super) async fn use_once(&self, name: &[u8; 32], until: i64) -> Result<bool, PortError> {
        let name = hex::encode(name);
        Ok(self.writer.send(self.limit, |reply| Job::UseOnce { name, until, reply }).await? > 0)
    }

    pub(super) async fn forget_used(&self, now: i64, limit: usize) -> Result<u64, PortError> {
        self.writer.send(self.bulk, |reply| Job::ForgetUsed { now, limit, reply }).await
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<ListedSession>, PortError> {
        let ScopeIds { session, client, user, role } = ScopeIds::new(scope);
        let after = after.map(|id| hex::encode(id.as_bytes())).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).to_string();
        let (statement, ids) = match (&session, &user, &role) {
            (Some(_), ..) => (statements::LIST_SESSION, [session, None]),
            (_, Some(_), _) => (statements::LIST_USER, [client, user]),
            (.., Some(_)) => (statements::LIST_ROLE, [client, role]),
            _ => (statements::LIST_CLIENT, [client, None]),
        };
        let [first, second] = &ids;
        let arguments = [Some(after.as_str()), Some(&limit), first.as_deref(), second.as_deref()];
        // A statement with fewer placeholders takes fewer arguments.
        let arguments = arguments.get(..3 + usize::from(second.is_some())).unwrap_or(&arguments);
        Ok(self.database.list(statement, arguments, record::listed).await?)
    }
}

/// An array of names in JSON, which SQLite takes apart. The names are nothing but digits.
fn json_list(ids: &[SessionId]) -> String {
    let names = hex::list(ids.iter().map(SessionId::as_bytes));
    format!("[\"{}\"]", names.replace(',', "\",\""))
}
