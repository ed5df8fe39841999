//! Telling other nodes what ended, and hearing it from them.

use std::sync::Arc;
use std::time::Duration;

use session::Hint;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, SqlSafeStr};
use tokio::sync::mpsc;

use super::hint::{self, Hints};
use crate::backend::postgres::url::{self, Server};
use crate::backend::{
    ConnectError, ConnectionLimits, Database, SendPolicy, Statement, StatementError, StoreWords, Value, timed,
};

const CHANNEL: &str = "orgcache_sessions";

/// Sends notifications one by one. One that cannot be sent is lost, which revalidation makes up for.
pub(super) async fn send(database: Database, words: &'static StoreWords, mut texts: mpsc::Receiver<String>) {
    while let (Some(text), Some((notify, _))) = (texts.recv().await, words.notify) {
        let arguments = &[Value::Text(&text)];
        let statement = Statement { sql: notify.into_sql_str(), arguments, sending: SendPolicy::Once };
        drop(database.send(statement, |_| Ok::<_, StatementError>(())).await);
    }
}

/// A connection of its own to the server itself, on which notifications come in.
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
            // A lost connection has to be noticed, not made up for in silence.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        Ok(timed(&place, self.limits.connect, connecting).await?)
    }

    /// Hands on what is heard, for ever.
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

    /// Returns when the connection is lost. One that is silent is tried, since the other end may be gone
    /// without a word.
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
