//! Sends revocations to the other nodes, and receives theirs.

use std::sync::Arc;
use std::time::Duration;

use session::Hint;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, SqlSafeStr};
use tokio::sync::mpsc;

use super::hint::{self, Hints};
use crate::backend::postgres::url::{self, Server};
use crate::backend::{
    ConnectError, ConnectionLimits, Database, SendPolicy, Statement, StatementError, StoreDialect, Value,
    with_timeout,
};

const CHANNEL: &str = "orgcache_sessions";

/// Sends notifications one by one. A lost notification is compensated by revalidation.
pub(super) async fn send(
    database: Database,
    words: &'static StoreDialect,
    mut texts: mpsc::Receiver<String>,
) {
    while let (Some(text), Some((notify, _))) = (texts.recv().await, words.notify) {
        let arguments = &[Value::Text(&text)];
        let statement = Statement { sql: notify.into_sql_str(), arguments, sending: SendPolicy::Once };
        drop(database.send(statement, |_| Ok::<_, StatementError>(())).await);
    }
}

/// A dedicated connection to the server itself, for notifications.
pub(super) struct Listener {
    url: String,
    limits: ConnectionLimits,
    heartbeat: Duration,
    reconnect: Duration,
}

impl Listener {
    pub(super) fn new(
        url: String,
        limits: ConnectionLimits,
        heartbeat: Duration,
        reconnect: Duration,
    ) -> Self {
        Listener { url, limits, heartbeat, reconnect }
    }

    /// Connects and listens.
    pub(super) async fn open(&self) -> Result<PgListener, ConnectError> {
        let Server { options, place, .. } = url::server(&self.url)?;
        let connecting = async {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(self.limits.connect)
                .connect_lazy_with(options);
            let mut listener = PgListener::connect_with(&pool).await?;
            // A lost connection has to be reported, not silently replaced.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        Ok(with_timeout(&place, self.limits.connect, connecting).await?)
    }

    /// Receives and queues notifications, forever.
    pub(super) async fn run(self, mut listener: PgListener, hints: Arc<Hints>) {
        loop {
            self.follow(&mut listener, &hints).await;
            drop(listener);
            listener = loop {
                tokio::time::sleep(self.reconnect).await;
                if let Ok(listener) = self.open().await {
                    break listener;
                }
            };
            hints.push(Hint::Anything);
        }
    }

    /// Returns when the connection is lost. Checks a silent connection, since the other end may have gone
    /// silently.
    async fn follow(&self, listener: &mut PgListener, hints: &Hints) {
        loop {
            match tokio::time::timeout(self.heartbeat, listener.try_recv()).await {
                Ok(Ok(Some(notification))) => hints.push(hint::read(notification.payload())),
                Ok(Ok(None) | Err(_)) => return,
                Err(_) => {
                    let beat =
                        tokio::time::timeout(self.limits.statement, listener.execute("SELECT 1")).await;
                    if !matches!(beat, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }
}
