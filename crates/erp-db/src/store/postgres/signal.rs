//! Telling other nodes what ended, and hearing it from them.

use std::sync::Arc;
use std::time::Duration;

use session::Hint;
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::mpsc;

use super::hint::{self, Hints};
use super::link::Link;
use super::statements;
use crate::database::{ConnectError, Limits, Literal, Scope, StatementError, direct_postgres, fill};

const CHANNEL: &str = "orgcache_sessions";

/// Sends notifications as they come. One that cannot be sent is lost, which re-validation makes up for.
pub(super) async fn tell(link: Arc<Link>, mut texts: mpsc::Receiver<String>) {
    while let Some(text) = texts.recv().await {
        let sql = fill(statements::NOTIFY, &[Literal::Text(&text)]);
        drop(link.run(sql, link.limits().statement, |_| Ok(())).await);
    }
}

/// A connection of its own to the server itself, on which notifications come in.
pub(super) struct Ear {
    url: String,
    limits: Limits,
    heartbeat: Duration,
    reconnect: Duration,
}

impl Ear {
    pub(super) fn new(url: String, limits: Limits, heartbeat: Duration, reconnect: Duration) -> Self {
        Ear { url, limits, heartbeat, reconnect }
    }

    /// Connects and listens.
    pub(super) async fn open(&self) -> Result<PgListener, ConnectError> {
        let (options, place) = direct_postgres(&self.url)?;
        let scope = Scope { place: &place, limit: self.limits.connect };
        let connecting = async {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(self.limits.connect)
                .connect_lazy_with(options);
            let mut listener = PgListener::connect_with(&pool).await.map_err(|error| scope.error(error))?;
            // A lost connection has to be noticed, not made up for in silence.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await.map_err(|error| scope.error(error))?;
            Ok::<_, StatementError>(listener)
        };
        Ok(scope.timed(connecting).await?)
    }

    /// Hands on what is heard, for ever.
    pub(super) async fn hear(self, mut listener: PgListener, hints: Arc<Hints>) {
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
