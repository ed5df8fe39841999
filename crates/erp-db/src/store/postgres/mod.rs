//! Sessions in PostgreSQL.

mod hint;
mod link;
mod signal;
mod statements;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use org_structure::Fingerprint;
use parking_lot::Mutex;
use session::{AccessHash, Contents, Created, Hint, NewSession, PortError, Scope, SessionId, StoredSession};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::hint::Hints;
use self::link::{Failure, Link};
use self::signal::Ear;
use super::record::{self, ListedSession, ScopeIds};
use super::{StoreError, StoreOptions, migration};
use crate::database::{Literal, Row, StatementError, fill, stateless_postgres};
use crate::hex;

/// How often a statement is tried again when somebody else collected what it needs, or needs what it
/// collects.
const ATTEMPTS: usize = 5;

/// In the place of a name where there is none.
const NONE: &[u8] = &[];

/// The most hashes of stored trees and accesses that are remembered.
const STORED: usize = 4_096;

/// The most notifications that wait to be sent; further ones are lost.
const NOTIFICATIONS: usize = 1_024;

/// Sends a notification, as an ordinary statement with one argument.
pub(super) const NOTIFY: &str = statements::NOTIFY;

/// The notification that sessions of a scope ended.
pub(super) fn notification(scope: &Scope) -> String {
    hint::write(scope)
}

/// Sessions in PostgreSQL.
#[derive(Debug)]
pub(super) struct PostgresStore {
    link: Arc<Link>,
    bulk: Duration,
    hints: Arc<Hints>,
    notifications: mpsc::Sender<String>,
    /// Trees and accesses that are likely to be stored: hashes of those that were.
    stored: Mutex<HashSet<[u8; 32]>>,
    /// Sends and receives notifications; ends with this value.
    tasks: Mutex<JoinSet<()>>,
}

impl PostgresStore {
    pub(super) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let (pool, place, settings) = stateless_postgres(&options.url, &options.limits).await?;
        let link = Arc::new(Link::new(pool, place, settings, options.limits));
        let one = |sql: &str| {
            let (link, sql) = (Arc::clone(&link), sql.to_owned());
            async move {
                let found = link.run(sql, link.limits().statement, |row| row.integer(0)).await;
                found
                    .map_err(|failure| failed(&link, failure))
                    .map(|found| found.into_iter().next().flatten())
            }
        };
        let found = match one(migration::POSTGRES_HAS_JOURNAL).await? {
            Some(_) => one(migration::POSTGRES_VERSION).await?.unwrap_or_default(),
            None => 0,
        };
        migration::require(link.place(), found)?;
        let hints = Arc::new(Hints::default());
        let ear =
            Ear::new(options.direct_url().to_owned(), options.limits, options.heartbeat, options.reconnect);
        let listener = ear.open().await?;
        let (notifications, texts) = mpsc::channel(NOTIFICATIONS);
        let mut tasks = JoinSet::new();
        tasks.spawn(signal::tell(Arc::clone(&link), texts));
        tasks.spawn(ear.hear(listener, Arc::clone(&hints)));
        let (bulk, stored, tasks) = (options.bulk, Mutex::default(), Mutex::new(tasks));
        Ok(PostgresStore { link, bulk, hints, notifications, stored, tasks })
    }

    pub(super) async fn close(&self) {
        self.tasks.lock().abort_all();
        self.link.close().await;
    }

    async fn run<T>(
        &self,
        sql: String,
        read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> Result<Vec<T>, PortError> {
        let limit = self.link.limits().statement;
        Ok(self.link.run(sql, limit, read).await.map_err(|failure| failed(&self.link, failure))?)
    }

    /// Runs statements that only read.
    async fn look<T>(
        &self,
        sql: &str,
        read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
    ) -> Result<Vec<T>, PortError> {
        let (rows, _) = self.link.run_repeatable(sql, read).await;
        Ok(rows.map_err(|failure| failed(&self.link, failure))?)
    }

    /// Runs a statement whose answer is one number, and again where somebody else was faster.
    async fn count(&self, sql: &str, limit: Duration) -> Result<u64, PortError> {
        for _ in 0..ATTEMPTS {
            match self.link.run(sql.to_owned(), limit, |row| row.integer(0)).await {
                Ok(counts) => {
                    let count = counts.into_iter().next().flatten().unwrap_or_default();
                    return Ok(u64::try_from(count).unwrap_or_default());
                }
                Err(Failure::Reference) => {}
                Err(Failure::Statement(error)) => return Err(error.into()),
            }
        }
        Err(failed(&self.link, Failure::Reference).into())
    }

    fn notify(&self, scope: &Scope) {
        // Where too many wait already this one is lost, as any may be.
        let _ = self.notifications.try_send(hint::write(scope));
    }

    pub(super) async fn create(&self, new: &NewSession<'_>) -> Result<Created, PortError> {
        let record = new.record;
        let right = (new.tree_bytes(), new.access_bytes());
        let digests = (Sha256::digest(&right.0), Sha256::digest(&right.1));
        let hashes = [*record.tree.as_bytes(), *record.access.as_bytes()];
        // Sent where they are missing, or may well be: nothing is stored for a session that shall replace one
        // which is gone.
        let mut sent = match new.replaces {
            None => hashes.map(|hash| !self.stored.lock().contains(&hash)),
            Some(_) => [false; 2],
        };
        // Whether an earlier message may have created the session without saying so.
        let mut in_doubt = false;
        for _ in 0..ATTEMPTS {
            let values = [
                Literal::Bytes(record.tree.as_bytes()),
                Literal::Bytes(record.access.as_bytes()),
                Literal::Bytes(record.id.as_bytes()),
                Literal::Text(record.client.as_str()),
                Literal::Text(record.user.as_str()),
                Literal::Text(record.role.as_str()),
                Literal::Text(record.org.as_str()),
                Literal::Number(record::exact_span(record.lifetime.idle())),
                Literal::Number(record::exact_span(record.lifetime.absolute())),
                Literal::Bytes(new.replaces.as_ref().map_or(NONE, |id| id.as_bytes())),
                Literal::Bytes(&right.0),
                Literal::Bytes(&right.1),
                Literal::Bytes(&digests.0),
                Literal::Bytes(&digests.1),
            ];
            let mut sql = String::new();
            for (is_sent, add) in sent.into_iter().zip([statements::ADD_TREE, statements::ADD_ACCESS]) {
                if is_sent {
                    sql.push_str(&fill(add, &values));
                }
            }
            let create =
                if new.replaces.is_some() { statements::CREATE_REPLACING } else { statements::CREATE };
            sql.push_str(&fill(create, &values));
            let read = |row: Row<'_>| Ok((row.integer(0)? == Some(1), row.integer(1)? == Some(1)));
            let (answer, repeated) = self.link.run_repeatable(&sql, read).await;
            in_doubt |= repeated;
            match answer.map(|rows| rows.into_iter().next().unwrap_or_default()) {
                Ok((true, _)) => return Ok(self.created(new)),
                // Nobody else makes a session of this name.
                Err(Failure::Statement(StatementError::Conflict { .. })) if in_doubt => {
                    return Ok(self.created(new));
                }
                Ok((false, true)) if in_doubt && self.is_there(&record.id).await? => {
                    return Ok(self.created(new));
                }
                // Everything is there but the session to be replaced.
                Ok((false, true)) => return Ok(Created::ReplacedIsGone),
                Ok((false, false)) | Err(Failure::Reference) => {}
                Err(Failure::Statement(error)) => return Err(error.into()),
            }
            if let Some(old) = &new.replaces
                && !self.is_there(old).await?
            {
                let is_made = in_doubt && self.is_there(&record.id).await?;
                return Ok(if is_made { self.created(new) } else { Created::ReplacedIsGone });
            }
            sent = [true; 2];
        }
        Err(failed(&self.link, Failure::Reference).into())
    }

    fn created(&self, new: &NewSession<'_>) -> Created {
        let mut stored = self.stored.lock();
        if stored.len() >= STORED {
            stored.clear();
        }
        stored.extend([*new.record.tree.as_bytes(), *new.record.access.as_bytes()]);
        drop(stored);
        if let Some(old) = new.replaces {
            self.notify(&Scope::Session(old));
        }
        Created::Done
    }

    async fn is_there(&self, id: &SessionId) -> Result<bool, PortError> {
        let sql = fill(statements::IS_THERE, &[Literal::Bytes(id.as_bytes())]);
        Ok(self.count(&sql, self.link.limits().statement).await? > 0)
    }

    pub(super) async fn session(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        let sql = fill(statements::SESSION, &[Literal::Bytes(id.as_bytes())]);
        Ok(self.look(&sql, record::stored).await?.into_iter().next())
    }

    pub(super) async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        let values = [
            Literal::Bytes(tree.map_or(NONE, |tree| tree.as_bytes())),
            Literal::Bytes(access.map_or(NONE, |access| access.as_bytes())),
        ];
        let mut sql = String::new();
        if tree.is_some() {
            sql.push_str(&fill(statements::TREE, &values));
        }
        if access.is_some() {
            sql.push_str(&fill(statements::ACCESS, &values));
        }
        let mut contents = Contents::default();
        self.look(&sql, |row| {
            let bytes = record::bytes(row, 0)?;
            match row.integer(1)? {
                Some(0) => contents.tree = bytes,
                _ => contents.access = bytes,
            }
            Ok(())
        })
        .await?;
        Ok(contents)
    }

    pub(super) async fn touch(&self, seen: Vec<(SessionId, i64)>) -> Result<(), PortError> {
        let (names, agos): (Vec<[u8; 32]>, Vec<i64>) =
            seen.into_iter().map(|(id, ago)| (*id.as_bytes(), ago)).unzip();
        let sql = fill(statements::TOUCH, &[Literal::Names(&names), Literal::Numbers(&agos)]);
        self.run(sql, |_| Ok(())).await.map(drop)
    }

    pub(super) async fn end(&self, scope: &Scope, ago: i64) -> Result<u64, PortError> {
        let ScopeIds { client, user, role, .. } = ScopeIds::new(scope);
        let text = |id: &Option<String>| id.clone().unwrap_or_default();
        let (client, user, role) = (text(&client), text(&user), text(&role));
        let ago = Literal::Number(ago);
        let (sql, limit) = match scope {
            Scope::Session(id) => (
                fill(statements::END_SESSION, &[Literal::Bytes(id.as_bytes())]),
                self.link.limits().statement,
            ),
            Scope::User(..) => {
                (fill(statements::END_USER, &[ago, Literal::Text(&client), Literal::Text(&user)]), self.bulk)
            }
            Scope::Role(..) => {
                (fill(statements::END_ROLE, &[ago, Literal::Text(&client), Literal::Text(&role)]), self.bulk)
            }
            _ => (fill(statements::END_CLIENT, &[ago, Literal::Text(&client)]), self.bulk),
        };
        let ended = self.count(&sql, limit).await?;
        if ended > 0 {
            self.notify(scope);
        }
        Ok(ended)
    }

    pub(super) async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        let names: Vec<[u8; 32]> = ids.iter().map(|id| *id.as_bytes()).collect();
        let sql = fill(statements::MISSING, &[Literal::Names(&names)]);
        self.look(&sql, |row| record::session_id(row, 0)).await
    }

    pub(super) async fn sweep(&self, allowance: i64, limit: usize) -> Result<u64, PortError> {
        let sql = fill(statements::SWEEP, &[Literal::Number(allowance), number(limit)]);
        self.count(&sql, self.bulk).await
    }

    pub(super) async fn collect(&self, grace: i64, limit: usize) -> Result<u64, PortError> {
        let mut collected = 0;
        for statement in [statements::COLLECT_TREES, statements::COLLECT_ACCESSES] {
            let rest = limit.saturating_sub(usize::try_from(collected).unwrap_or(limit));
            let sql = fill(statement, &[Literal::Number(grace), number(rest), number(limit)]);
            collected += self.count(&sql, self.bulk).await?;
        }
        Ok(collected)
    }

    pub(super) async fn use_once(&self, name: &[u8; 32], until: i64) -> Result<bool, PortError> {
        let sql = fill(statements::USE_ONCE, &[Literal::Bytes(name), Literal::Number(until)]);
        Ok(self.count(&sql, self.link.limits().statement).await? > 0)
    }

    pub(super) async fn forget_used(&self, now: i64, limit: usize) -> Result<u64, PortError> {
        let sql = fill(statements::FORGET_USED, &[number(limit), Literal::Number(now)]);
        self.count(&sql, self.bulk).await
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<ListedSession>, PortError> {
        let ScopeIds { session, client, user, role } = ScopeIds::new(scope);
        let session = session.as_deref().and_then(hex::decode).unwrap_or_default();
        let (client, user, role) =
            (client.unwrap_or_default(), user.unwrap_or_default(), role.unwrap_or_default());
        let (statement, first, second) = match scope {
            Scope::Session(_) => (statements::LIST_SESSION, Literal::Bytes(&session), Literal::Text("")),
            Scope::User(..) => (statements::LIST_USER, Literal::Text(&client), Literal::Text(&user)),
            Scope::Role(..) => (statements::LIST_ROLE, Literal::Text(&client), Literal::Text(&role)),
            _ => (statements::LIST_CLIENT, Literal::Text(&client), Literal::Text("")),
        };
        let after = Literal::Bytes(after.map_or(NONE, |id| id.as_bytes()));
        self.look(&fill(statement, &[after, number(limit), first, second]), record::listed).await
    }

    pub(super) async fn next_hint(&self) -> Hint {
        self.hints.next().await
    }
}

fn number(limit: usize) -> Literal<'static> {
    Literal::Number(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// The error of a message. One that lost a race as often as it was tried may do better later.
fn failed(link: &Link, failure: Failure) -> StatementError {
    match failure {
        Failure::Statement(error) => error,
        Failure::Reference => StatementError::Unreachable {
            place: link.place().to_owned(),
            cause: "the same rows are being stored and collected again and again".into(),
        },
    }
}
