//! `Connections`: the pool of connections to a PostgreSQL server.
//!
//! The driver's own pool tries a connection before each use and again after it, which takes two round trips
//! for every one of a statement. This pool sends nothing of its own. A connection that the server has closed
//! meanwhile is found out by the statement that meets it; the caller repeats a read on one that was tried
//! first, see [`Trial`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backend::ConnectionLimits;

/// How long a connection is kept unused, and how long in all: the server frees memory when one ends.
const IDLE: Duration = Duration::from_secs(600);
const LIFETIME: Duration = Duration::from_secs(1_800);

/// How often connections that were unused for too long are looked for.
const REAPING: Duration = Duration::from_secs(60);

/// A connection that was unused for so long may have been cut off without a word, as firewalls do: it must
/// begin to answer within [`SILENCE`], or else another one is taken.
const UNUSED: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(3);

/// How long to wait before a refused attempt to connect is repeated: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Whether a connection is tried before it is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// Not: what is going to be sent may be repeated.
    None,
    /// By one round trip: what is going to be sent may not be repeated, or was sent in vain already.
    RoundTrip,
}

/// Connections to a server, which all clones share.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<SharedPool>);

#[derive(Debug)]
struct SharedPool {
    options: PgConnectOptions,
    acquire: Duration,
    /// [`SILENCE`], or less where a connection is not waited for as long.
    silence: Duration,
    limit: u32,
    /// One permit a connection that is in use.
    permits: Arc<Semaphore>,
    /// The one that was used last is at the end, and is used next.
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
    fn is_over(&self) -> bool {
        self.since.elapsed() >= IDLE || self.opened.elapsed() >= LIFETIME
    }
}

/// A connection in use. Dropping it closes it, unless it was [given back](Self::give_back).
#[derive(Debug)]
pub(crate) struct ConnectionInUse {
    pub(crate) connection: PgConnection,
    /// Within which time it must begin to answer, if it may have been cut off.
    pub(crate) silence: Option<Duration>,
    opened: Instant,
    pool: Connections,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionInUse {
    /// Lets others use the connection. The server must have answered all that it was asked.
    pub(crate) fn give_back(self) {
        let ConnectionInUse { connection, opened, pool, _permit, .. } = self;
        let idle = IdleConnection { connection, opened, since: Instant::now() };
        if !pool.0.is_closed.load(Ordering::SeqCst) && !idle.is_over() {
            pool.0.idle.lock().push(idle);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // The permit is held until the server knows.
            drop(runtime.spawn(async move {
                idle.connection.close().await.ok();
                drop(_permit);
            }));
        }
    }
}

impl Connections {
    /// A pool without any connection yet.
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

    /// An idle connection, or a new one, as soon as fewer than the limit are in use.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolClosed`]; what kept the last attempt to connect from succeeding;
    /// [`sqlx::Error::PoolTimedOut`].
    pub(crate) async fn take(&self, trial: Trial) -> Result<ConnectionInUse, sqlx::Error> {
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
                if idle.is_over() {
                    idle.connection.close().await.ok();
                    continue;
                }
                let silence = (idle.since.elapsed() >= UNUSED).then_some(self.0.silence);
                if trial == Trial::None {
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
                // Rather why than how long.
                sqlx::Error::PoolTimedOut => cause,
                error => error,
            },
        )
    }

    /// Drops all idle connections: where one was cut off, those that were unused for longer are as well.
    pub(super) fn drop_idle(&self) {
        self.0.idle.lock().clear();
    }

    fn next_idle(&self) -> Option<IdleConnection> {
        self.0.idle.lock().pop()
    }

    /// Waits until no connection is in use and closes all. Later calls fail.
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

/// Closes what was unused for too long, until the pool is gone.
async fn reap(pool: Weak<SharedPool>) {
    loop {
        tokio::time::sleep(REAPING).await;
        let Some(pool) = pool.upgrade() else { return };
        let over: Vec<IdleConnection> = {
            let mut idle = pool.idle.lock();
            idle.extract_if(.., |idle| idle.is_over()).collect()
        };
        for idle in over {
            idle.connection.close().await.ok();
        }
    }
}

/// May the server accept a connection in a moment? It is not there yet, is starting, or has too many.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => ["57P03", "53300"].contains(&&*error.code().unwrap_or_default()),
        _ => false,
    }
}
