//! `StoreOptions`: which database a store uses, and how long it waits.

use std::path::PathBuf;
use std::time::Duration;

use crate::backend::{ConnectError, ConnectionLimits, kind_of};
#[cfg(feature = "sqlite")]
use crate::backend::{DatabaseKind, sqlite};

/// Which database a store uses, and how long it waits.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// `sqlite:FILE` or `postgres://…`. The latter may name a transaction-pooling proxy.
    pub url: String,
    /// The URL of the PostgreSQL server itself, if `url` names a proxy.
    pub direct_url: Option<String>,
    /// Time limits and the number of connections. The limits are short: a login should fail rather than hang.
    pub limits: ConnectionLimits,
    /// The time limit for calls that may concern many sessions: revocations of a user, role or client,
    /// sweeps, collections, migrations.
    pub bulk: Duration,
    /// How often the connection for notifications is checked while it is silent.
    pub heartbeat: Duration,
    /// The delay before a lost connection for notifications is reopened.
    pub reconnect: Duration,
}

impl StoreOptions {
    /// Options for the database of a URL.
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

    /// The same options with a separate URL of the server itself.
    #[must_use]
    pub fn with_direct_url(mut self, url: impl Into<String>) -> Self {
        self.direct_url = Some(url.into());
        self
    }

    /// The same options with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The file of an SQLite store; `None` for PostgreSQL.
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

// The URLs may contain passwords.
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
