//! `Connections`: the pool of connections to a PostgreSQL server.
//!
//! The driver's own pool checks a connection before and after each use, which costs two round trips per
//! statement. This pool sends nothing itself. If the server has closed a connection in the meantime, the next
//! statement on it fails; the caller retries a read on a checked connection, see [`ConnectionCheck`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backend::ConnectionLimits;

/// How long a connection may stay idle, and its total lifetime: the server frees memory when a connection
/// ends.
const IDLE: Duration = Duration::from_secs(600);
const LIFETIME: Duration = Duration::from_secs(1_800);

/// How often expired idle connections are closed.
const REAPING: Duration = Duration::from_secs(60);

/// A connection that was idle for this long may have been dropped silently, for example by a firewall. Its
/// answer must begin within [`SILENCE`], or another connection is used.
const UNUSED: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(3);

/// The first and the longest delay before a refused connection attempt is retried.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Is a connection checked before it is used?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionCheck {
    /// No: the statement may be sent again.
    None,
    /// Yes, by one round trip: the statement may not be sent again, or already failed on a lost connection.
    RoundTrip,
}

/// A pool of connections to a server. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<SharedPool>);

#[derive(Debug)]
struct SharedPool {
    options: PgConnectOptions,
    acquire: Duration,
    /// [`SILENCE`], or the acquire timeout if that is shorter.
    silence: Duration,
    limit: u32,
    /// One permit per connection in use.
    permits: Arc<Semaphore>,
    /// A stack: the connection that was used last is used next.
    idle: Mutex<Vec<IdleConnection>>,
    is_closed: AtomicBool,
}

#[derive(Debug)]
struct IdleConnection {
    connection: PgConnection,
    opened: Instant,
    since: Instant,
}

impl IdleConnection {
    fn is_expired(&self) -> bool {
        self.since.elapsed() >= IDLE || self.opened.elapsed() >= LIFETIME
    }
}

/// A connection in use. Dropping it closes it, unless it was [released](Self::release).
#[derive(Debug)]
pub(crate) struct ConnectionInUse {
    pub(crate) connection: PgConnection,
    /// The time within which it must begin to answer, if it may have been dropped silently.
    pub(crate) silence: Option<Duration>,
    opened: Instant,
    pool: Connections,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionInUse {
    /// Returns the connection to the pool. The server must have answered everything.
    pub(crate) fn release(self) {
        let ConnectionInUse { connection, opened, pool, _permit, .. } = self;
        let idle = IdleConnection { connection, opened, since: Instant::now() };
        if !pool.0.is_closed.load(Ordering::SeqCst) && !idle.is_expired() {
            pool.0.idle.lock().push(idle);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Hold the permit until the server knows that the connection is closed.
            drop(runtime.spawn(async move {
                idle.connection.close().await.ok();
                drop(_permit);
            }));
        }
    }
}

impl Connections {
    /// A pool without connections.
    pub(super) fn new(options: PgConnectOptions, limits: &ConnectionLimits) -> Self {
        let limit = limits.connections.max(1);
        let shared = Arc::new(SharedPool {
            options,
            acquire: limits.acquire,
            silence: SILENCE.min(limits.acquire / 2),
            limit,
            permits: Arc::new(Semaphore::new(usize::try_from(limit).unwrap_or(1))),
            idle: Mutex::default(),
            is_closed: AtomicBool::new(false),
        });
        drop(tokio::spawn(reap(Arc::downgrade(&shared))));
        Connections(shared)
    }

    /// Returns an idle or new connection, once fewer than the limit are in use.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolClosed`]; the error of the last connection attempt; [`sqlx::Error::PoolTimedOut`].
    pub(crate) async fn take(&self, check: ConnectionCheck) -> Result<ConnectionInUse, sqlx::Error> {
        let deadline = tokio::time::Instant::now() + self.0.acquire;
        let mut cause = sqlx::Error::PoolTimedOut;
        let taking = async {
            let permit = Arc::clone(&self.0.permits).acquire_owned().await;
            let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
            if self.0.is_closed.load(Ordering::SeqCst) {
                return Err(sqlx::Error::PoolClosed);
            }
            let in_use = |connection, opened, silence| {
                let pool = self.clone();
                ConnectionInUse { connection, silence, opened, pool, _permit: permit }
            };
            while let Some(mut idle) = self.next_idle() {
                if idle.is_expired() {
                    idle.connection.close().await.ok();
                    continue;
                }
                let silence = (idle.since.elapsed() >= UNUSED).then_some(self.0.silence);
                if check == ConnectionCheck::None {
                    return Ok(in_use(idle.connection, idle.opened, silence));
                }
                match tokio::time::timeout(self.0.silence, idle.connection.ping()).await {
                    Ok(Ok(())) => return Ok(in_use(idle.connection, idle.opened, None)),
                    Ok(Err(_)) => {}
                    Err(_) => self.drop_idle(),
                }
            }
            let mut wait = BACKOFF.0;
            loop {
                match self.0.options.connect().await {
                    Ok(connection) => return Ok(in_use(connection, Instant::now(), None)),
                    Err(error) if is_starting(&error) => cause = error,
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(BACKOFF.1);
            }
        };
        tokio::time::timeout_at(deadline, taking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(
            |error| match error {
                // Report the cause instead of the timeout.
                sqlx::Error::PoolTimedOut => cause,
                error => error,
            },
        )
    }

    /// Drops all idle connections: if one was dropped silently, those that were idle for longer are too.
    pub(super) fn drop_idle(&self) {
        self.0.idle.lock().clear();
    }

    fn next_idle(&self) -> Option<IdleConnection> {
        self.0.idle.lock().pop()
    }

    /// Waits until no connection is in use, and closes all. Later calls fail.
    pub(crate) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
        let all = self.0.permits.acquire_many(self.0.limit).await;
        self.0.permits.close();
        while let Some(idle) = self.next_idle() {
            idle.connection.close().await.ok();
        }
        drop(all);
    }
}

/// Closes expired idle connections until the pool is dropped.
async fn reap(pool: Weak<SharedPool>) {
    loop {
        tokio::time::sleep(REAPING).await;
        let Some(pool) = pool.upgrade() else { return };
        let over: Vec<IdleConnection> = {
            let mut idle = pool.idle.lock();
            idle.extract_if(.., |idle| idle.is_expired()).collect()
        };
        for idle in over {
            idle.connection.close().await.ok();
        }
    }
}

/// Is the server likely to accept a connection soon? It is not up yet, is starting, or has too many
/// connections.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => ["57P03", "53300"].contains(&&*error.code().unwrap_or_default()),
        _ => false,
    }
}
