//! Sessions in PostgreSQL.

mod hint;
mod signal;
mod statements;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use org_structure::Fingerprint;
use parking_lot::Mutex;
use session::{
    AccessHash, Contents, CreateOutcome, Hint, LastUse, NewSession, PortError, Scope, SessionId,
    SessionStore, StoredSession, async_trait,
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::hint::Hints;
use self::signal::Listener;
use crate::backend::{Database, Row, SendPolicy, Statement, StatementError, Value, postgres};
use crate::store::error::StoreError;
use crate::store::options::StoreOptions;
use crate::store::sql_store::SqlStore;
use crate::store::{migration, record};

/// The most attempts for a statement that races with a collection of unused trees.
const ATTEMPTS: usize = 5;

/// Stands for "no name".
const NONE: &[u8] = &[];

/// The most hashes of stored trees and accesses that are cached.
const STORED: usize = 4_096;

/// The most queued notifications; further ones are lost.
const NOTIFICATIONS: usize = 1_024;

/// The notification that the sessions of a scope ended.
pub(in crate::backend) fn notification(scope: &Scope) -> String {
    hint::write(scope)
}

/// Sessions in PostgreSQL. Every call is one message and one transaction.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    database: Database,
    /// The same database with the time limit for calls that may concern many sessions.
    bulk: Database,
    hints: Arc<Hints>,
    notifications: mpsc::Sender<String>,
    /// A cache of the hashes of trees and accesses that are probably stored.
    stored: Mutex<HashSet<[u8; 32]>>,
    /// The tasks that send and receive notifications. They end with this value.
    tasks: Mutex<JoinSet<()>>,
}

fn listener(options: &StoreOptions) -> Listener {
    let url = options.direct_url().to_owned();
    Listener::new(url, options.limits, options.heartbeat, options.reconnect)
}

/// Fails if notifications cannot be received, for example through a transaction-pooling proxy.
pub(crate) async fn try_listening(options: &StoreOptions) -> Result<(), StoreError> {
    listener(options).open().await?;
    Ok(())
}

impl PostgresStore {
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        // The driver reads no other format of bytes.
        let database = postgres::connect(&options.url, options.limits).await?;
        let database = database.reading(String::new(), "SET LOCAL bytea_output = 'hex';");
        migration::check(&database).await?;
        let hints = Arc::new(Hints::default());
        let connection = listener(options);
        let listener = connection.open().await?;
        let (notifications, texts) = mpsc::channel(NOTIFICATIONS);
        let mut tasks = JoinSet::new();
        tasks.spawn(signal::send(database.clone(), &database.dialect().store, texts));
        tasks.spawn(connection.run(listener, Arc::clone(&hints)));
        let bulk = database.with_statement_limit(options.bulk);
        let (stored, tasks) = (Mutex::default(), Mutex::new(tasks));
        Ok(PostgresStore { database, bulk, hints, notifications, stored, tasks })
    }

    fn notify(&self, scope: &Scope) {
        // If the queue is full, this notification is lost, as any may be.
        let _ = self.notifications.try_send(hint::write(scope));
    }

    fn created(&self, new: &NewSession<'_>) -> CreateOutcome {
        let mut stored = self.stored.lock();
        if stored.len() >= STORED {
            stored.clear();
        }
        stored.extend([*new.record.tree.as_bytes(), *new.record.access.as_bytes()]);
        drop(stored);
        if let Some(old) = new.replaces {
            self.notify(&Scope::Session(old));
        }
        CreateOutcome::Done
    }

    async fn session_exists(&self, id: &SessionId) -> Result<bool, PortError> {
        let id = [Value::Bytes(id.as_bytes())];
        let found = self.database.first(statements::EXISTS, &id, |_| Ok::<_, StatementError>(()));
        Ok(found.await?.is_some())
    }
}

/// Sends a statement once.
async fn send<T: Send>(
    database: &Database,
    statement: &str,
    arguments: &[Value<'_>],
    sending: SendPolicy,
    mut read: impl FnMut(Row<'_>) -> Result<T, StatementError> + Send,
) -> Result<Option<T>, StatementError> {
    let sql = AssertSqlSafe(statement.to_owned()).into_sql_str();
    let mut found = None;
    let visit = |row: Row<'_>| {
        found = Some(read(row)?);
        Ok::<(), StatementError>(())
    };
    database.send(Statement { sql, arguments, sending }, visit).await?;
    Ok(found)
}

/// Sends a statement that returns one number. Retries if a concurrent statement violated a foreign key.
async fn count(database: &Database, statement: &str, arguments: &[Value<'_>]) -> Result<u64, PortError> {
    for _ in 0..ATTEMPTS {
        match send(database, statement, arguments, SendPolicy::Once, |row| row.integer(0)).await {
            Ok(count) => return Ok(u64::try_from(count.flatten().unwrap_or_default()).unwrap_or_default()),
            Err(error) if error.breaks_reference() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(lost_every_race(database).into())
}

/// The error of a statement that lost every race. A later retry may succeed.
fn lost_every_race(database: &Database) -> StatementError {
    StatementError::Unreachable {
        place: database.place().to_owned(),
        cause: "the same rows are being stored and collected again and again".into(),
    }
}

#[async_trait]
impl SqlStore for PostgresStore {
    async fn use_once(&self, name: &[u8; 32], until: Duration) -> Result<bool, PortError> {
        let arguments = [Value::Bytes(name), Value::Integer(record::span(until))];
        Ok(count(&self.database, statements::USE_ONCE, &arguments).await? > 0)
    }

    async fn forget_used(&self, now: Duration, limit: usize) -> Result<u64, PortError> {
        let arguments = [Value::Integer(record::limit(limit)), Value::Integer(record::span(now))];
        count(&self.bulk, statements::FORGET_USED, &arguments).await
    }

    async fn close(&self) {
        self.tasks.lock().abort_all();
        self.database.close().await;
    }
}

#[async_trait]
impl SessionStore for PostgresStore {
    fn is_shared(&self) -> bool {
        true
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError> {
        let record = new.record;
        let right = (new.tree_bytes(), new.access_bytes());
        let digests = (Sha256::digest(&right.0), Sha256::digest(&right.1));
        let values = [
            Value::Bytes(record.tree.as_bytes()),
            Value::Bytes(record.access.as_bytes()),
            Value::Bytes(record.id.as_bytes()),
            Value::Text(record.client.as_str()),
            Value::Text(record.user.as_str()),
            Value::Text(record.role.as_str()),
            Value::Text(record.org.as_str()),
            Value::Integer(record::exact_span(record.lifetime.idle())),
            Value::Integer(record::exact_span(record.lifetime.absolute())),
            Value::Bytes(new.replaces.as_ref().map_or(NONE, |id| id.as_bytes())),
            Value::Bytes(&right.0),
            Value::Bytes(&right.1),
            Value::Bytes(&digests.0),
            Value::Bytes(&digests.1),
        ];
        let create = if new.replaces.is_some() { statements::CREATE_REPLACING } else { statements::CREATE };
        let hashes = [*record.tree.as_bytes(), *record.access.as_bytes()];
        // Send the bytes if they are missing or may be. Store none for a replacement whose old session is
        // gone.
        let mut sent = match new.replaces {
            None => hashes.map(|hash| !self.stored.lock().contains(&hash)),
            Some(_) => [false; 2],
        };
        // Do not check the connection first. If the connection is lost, the session may have been created.
        let mut sending = SendPolicy::Unchecked;
        for _ in 0..ATTEMPTS {
            let mut statement = String::new();
            for (is_sent, add) in sent.into_iter().zip([statements::ADD_TREE, statements::ADD_ACCESS]) {
                if is_sent {
                    statement.push_str(add);
                }
            }
            statement.push_str(create);
            let read = |row: Row<'_>| Ok((row.integer(0)? == Some(1), row.integer(1)? == Some(1)));
            let answer = send(&self.database, &statement, &values, sending, read).await;
            let in_doubt = sending == SendPolicy::Once;
            match answer.map(Option::unwrap_or_default) {
                Ok((true, _)) => return Ok(self.created(new)),
                // No other call creates a session with this id.
                Err(StatementError::Conflict { .. }) if in_doubt => return Ok(self.created(new)),
                Ok((false, true)) if in_doubt && self.session_exists(&record.id).await? => {
                    return Ok(self.created(new));
                }
                // Everything exists except the session to be replaced.
                Ok((false, true)) => return Ok(CreateOutcome::ReplacedIsGone),
                Ok((false, false)) => {}
                Err(error) if error.breaks_reference() => {}
                Err(error) if error.lost_connection() && !in_doubt => {
                    sending = SendPolicy::Once;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            if let Some(old) = &new.replaces
                && !self.session_exists(old).await?
            {
                let is_made = in_doubt && self.session_exists(&record.id).await?;
                return Ok(if is_made { self.created(new) } else { CreateOutcome::ReplacedIsGone });
            }
            sent = [true; 2];
        }
        Err(lost_every_race(&self.database).into())
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
        let read =
            |row: Row<'_>| Ok::<_, StatementError>(Contents { tree: row.bytes(0)?, access: row.bytes(1)? });
        Ok(self.database.first(statements::CONTENTS, &names, read).await?.unwrap_or_default())
    }

    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError> {
        let (names, agos): (Vec<[u8; 32]>, Vec<i64>) =
            record::latest(seen).into_iter().map(|(id, ago)| (*id.as_bytes(), ago)).unzip();
        if names.is_empty() {
            return Ok(());
        }
        let arguments = [Value::Names(&names), Value::Integers(&agos)];
        send(&self.database, statements::TOUCH, &arguments, SendPolicy::Once, |_| Ok(())).await?;
        Ok(())
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        let ended = if let Scope::Session(id) = scope {
            count(&self.database, statements::END_SESSION, &[Value::Bytes(id.as_bytes())]).await?
        } else {
            let (condition, values) = record::condition(scope);
            let mut arguments = vec![Value::Integer(record::span(ago)), Value::Null];
            arguments.extend(values);
            let [before, after] = statements::END;
            count(&self.bulk, &format!("{before}{condition}{after}"), &arguments).await?
        };
        if ended > 0 {
            self.notify(scope);
        }
        Ok(ended)
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
        let arguments = [Value::Integer(record::span(allowance)), Value::Integer(record::limit(limit))];
        count(&self.bulk, statements::SWEEP, &arguments).await
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        let mut collected = 0;
        for referenced in statements::REFERENCED {
            let rest = limit.saturating_sub(usize::try_from(collected).unwrap_or(limit));
            let arguments = [
                Value::Integer(record::span(grace)),
                Value::Integer(record::limit(rest)),
                Value::Integer(record::limit(limit)),
            ];
            collected += count(&self.bulk, &statements::collect(referenced), &arguments).await?;
        }
        Ok(collected)
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        record::list(&self.database, statements::SESSIONS, scope, after, limit).await
    }

    async fn next_hint(&self) -> Hint {
        self.hints.next().await
    }
}

/// The statement with which a login stores its session.
#[cfg(test)]
pub(crate) fn login_statements() -> [(&'static str, String); 1] {
    [("store", statements::CREATE.to_owned())]
}
