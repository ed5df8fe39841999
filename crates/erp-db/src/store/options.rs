//! `StoreOptions`: which database, and how long to wait for it.

use std::path::PathBuf;
use std::time::Duration;

use crate::backend::{ConnectError, ConnectionLimits, kind_of};
#[cfg(feature = "sqlite")]
use crate::backend::{DatabaseKind, sqlite};

/// Which database a store is in, and how long it waits.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// `sqlite:FILE` or `postgres://…`, the latter possibly of a proxy that pools transactions.
    pub url: String,
    /// The URL of the PostgreSQL server itself, where `url` names a proxy.
    pub direct_url: Option<String>,
    /// Time limits and the number of connections. They are short: a login should rather fail than hang.
    pub limits: ConnectionLimits,
    /// The time limit for what may concern many sessions: ending those of a user, role or client, sweeping,
    /// collecting, migrating.
    pub bulk: Duration,
    /// How often the connection that listens for other nodes is tried, when nothing comes in.
    pub heartbeat: Duration,
    /// How long to wait before a lost connection to listen on is made again.
    pub reconnect: Duration,
}

impl StoreOptions {
    /// A store in the database of that URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let limits = ConnectionLimits {
            connect: Duration::from_secs(5),
            acquire: Duration::from_secs(2),
            statement: Duration::from_secs(5),
            connections: 8,
        };
        StoreOptions {
            url: url.into(),
            direct_url: None,
            limits,
            bulk: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            reconnect: Duration::from_millis(500),
        }
    }

    /// The same, with the server itself at another URL.
    #[must_use]
    pub fn with_direct_url(mut self, url: impl Into<String>) -> Self {
        self.direct_url = Some(url.into());
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The file of a store in SQLite; `None` for PostgreSQL.
    ///
    /// # Errors
    /// [`ConnectError`] if the URL names no database.
    pub fn sqlite_file(&self) -> Result<Option<PathBuf>, ConnectError> {
        match kind_of(&self.url)? {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite => sqlite::file_of(&self.url).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn direct_url(&self) -> &str {
        self.direct_url.as_deref().unwrap_or(&self.url)
    }
}

// The URLs may hold passwords.
impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("limits", &self.limits)
            .field("bulk", &self.bulk)
            .field("heartbeat", &self.heartbeat)
            .field("reconnect", &self.reconnect)
            .finish_non_exhaustive()
    }
}
