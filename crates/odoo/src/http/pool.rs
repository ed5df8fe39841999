//! `Pool`: a bounded pool of healthy connections.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use model_metadata::Clock;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::breaker::Breaker;
use super::connection::{Connection, Exchange};
use super::{Answer, Connector, Request};
use crate::call::Effect;
use crate::config::CallLimits;
use crate::stats::PoolStats;
use crate::{Fault, wire};

/// A bounded pool of connections to one server.
///
/// A caller needs a permit to use a connection. Permits are granted in FIFO order; a caller that is dropped
/// while it waits leaves the queue. The holder of a permit takes an idle connection or opens a new one.
#[derive(Debug)]
pub(crate) struct Pool {
    connector: Connector,
    limits: CallLimits,
    permits: Arc<Semaphore>,
    /// The most recently used connection comes last.
    idle: Mutex<Vec<IdleConnection>>,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    /// Requests a health check of the idle connections after a failure.
    check_requested: Notify,
    counters: Counters,
}

/// An idle connection, and when it became idle.
#[derive(Debug)]
struct IdleConnection {
    connection: Connection,
    since: Duration,
}

/// Maximum idle time of a connection for writes. Proxies close idle connections, and a write on a connection
/// that is being closed cannot be retried.
const MAX_IDLE_FOR_WRITES: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Counters {
    waits: AtomicU64,
    wait_timeouts: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    faults: AtomicU64,
    made: AtomicU64,
    reused: AtomicU64,
    replaced: AtomicU64,
    health_checks: AtomicU64,
    bytes_received: AtomicU64,
    bytes_unpacked: AtomicU64,
}

/// The right to use a connection for consecutive requests, until the last clone is dropped. Clones must not
/// send concurrently.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pool: Arc<Pool>,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        size: usize,
        limits: CallLimits,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Pool {
            connector,
            limits,
            permits: Arc::new(Semaphore::new(size.max(1))),
            idle: Mutex::default(),
            clock: Arc::clone(&clock),
            breaker: Breaker::new(limits.breaker_failures, limits.breaker_rest, clock),
            check_requested: Notify::new(),
            counters: Counters::default(),
        })
    }

    /// A lease, if one is free and no caller waits.
    pub(crate) fn try_lease(self: &Arc<Self>) -> Option<Lease> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.lease_with(permit))
    }

    /// A lease, in FIFO order, within the configured timeout.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Fault> {
        if let Some(lease) = self.try_lease() {
            return Ok(lease);
        }
        add(&self.counters.waits, 1);
        let within = self.limits.wait;
        match tokio::time::timeout(within, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(self.lease_with(permit)),
            _ => {
                add(&self.counters.wait_timeouts, 1);
                Err(Fault::Busy { within })
            }
        }
    }

    /// A lease, in FIFO order. The caller must apply a timeout.
    pub(crate) async fn lease_without_timeout(self: &Arc<Self>) -> Result<Lease, Fault> {
        match Arc::clone(&self.permits).acquire_owned().await {
            Ok(permit) => Ok(self.lease_with(permit)),
            Err(_) => Err(Fault::Busy { within: self.limits.wait }),
        }
    }

    fn lease_with(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Lease {
        Lease { pool: Arc::clone(self), _permit: Arc::new(permit) }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let (breaker_opened, breaker_refused) = self.breaker.counts();
        PoolStats {
            free: self.permits.available_permits(),
            idle: self.idle.lock().len(),
            waits: read(&counters.waits),
            wait_timeouts: read(&counters.wait_timeouts),
            requests: read(&counters.requests),
            retries: read(&counters.retries),
            faults: read(&counters.faults),
            connections_made: read(&counters.made),
            connections_reused: read(&counters.reused),
            connections_replaced: read(&counters.replaced),
            health_checks: read(&counters.health_checks),
            breaker_opened,
            breaker_refused,
            bytes_received: read(&counters.bytes_received),
            bytes_unpacked: read(&counters.bytes_unpacked),
        }
    }

    /// Checks the idle connections periodically, and after failures of calls.
    pub(crate) async fn maintain(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.check_requested.notified() => {}
                () = tokio::time::sleep(self.limits.health_interval) => {}
            }
            self.check().await;
        }
    }

    /// Sends a health check over each idle connection, and replaces connections that fail it.
    async fn check(self: &Arc<Self>) {
        self.drop_closed();
        let mut unchecked = self.idle.lock().len();
        // If the breaker is open, check at least once, so that calls resume as soon as the server is back.
        if self.breaker.is_open() {
            unchecked = unchecked.max(1);
        }
        for _ in 0..unchecked {
            // Calls have priority, and connections in use need no check.
            let Some(_lease) = self.try_lease() else { return };
            let connection = {
                let mut idle = self.idle.lock();
                if idle.is_empty() { None } else { Some(idle.remove(0).connection) }
            };
            add(&self.counters.health_checks, 1);
            let is_healthy = match connection {
                None => false,
                Some(connection) => {
                    let is_healthy = self.check_health(connection).await;
                    add(&self.counters.replaced, u64::from(!is_healthy));
                    is_healthy
                }
            };
            if !is_healthy {
                let replacement = self.connect().await;
                let is_healthy = match replacement {
                    Ok(connection) => self.check_health(connection).await,
                    Err(_) => false,
                };
                if !is_healthy {
                    self.breaker.failed();
                    return;
                }
            }
            self.breaker.succeeded();
        }
    }

    /// Sends the cheapest request over a connection. If the server answers, returns the connection to the
    /// pool.
    async fn check_health(&self, mut connection: Connection) -> bool {
        let request = wire::version();
        let exchange = connection.exchange(&request, &self.connector, self.limits.answer_bytes);
        match tokio::time::timeout(self.limits.connect, exchange).await {
            Ok(Exchange::Answered(answer, _)) if answer.unavailable().is_none() => {
                self.return_idle(connection).await;
                true
            }
            _ => false,
        }
    }

    fn drop_closed(&self) {
        let mut idle = self.idle.lock();
        let before = idle.len();
        idle.retain(|idle| idle.connection.is_open());
        let dropped = before - idle.len();
        drop(idle);
        add(&self.counters.replaced, u64::try_from(dropped).unwrap_or(u64::MAX));
    }

    async fn connect(&self) -> Result<Connection, Fault> {
        let connection = Connection::open(&self.connector).await?;
        add(&self.counters.made, 1);
        Ok(connection)
    }

    /// Returns a connection to the idle ones, if the server keeps it open.
    async fn return_idle(&self, mut connection: Connection) {
        if connection.is_reusable().await {
            let since = self.clock.now();
            self.idle.lock().push(IdleConnection { connection, since });
        }
    }

    fn take_idle(&self, effect: Effect) -> Option<Connection> {
        let now = self.clock.now();
        let mut idle = self.idle.lock();
        while let Some(IdleConnection { connection, since }) = idle.pop() {
            if !connection.is_open() {
                continue;
            }
            if effect == Effect::Write && now > since.saturating_add(MAX_IDLE_FOR_WRITES) {
                // All others have been idle for longer.
                idle.push(IdleConnection { connection, since });
                return None;
            }
            add(&self.counters.reused, 1);
            return Some(connection);
        }
        None
    }

    /// Sends a request once, over an idle connection or a new one. If an idle connection turns out to be
    /// closed before anything was sent, tries the next one.
    ///
    /// Checks `is_wanted` immediately before sending, so that a cancelled request is not sent.
    async fn send_once(
        &self,
        request: &Request,
        effect: Effect,
        is_wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Answer, Fault> {
        loop {
            let (mut connection, is_new) = match self.take_idle(effect) {
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            if !is_wanted() {
                self.return_idle(connection).await;
                return Err(Fault::Cancelled);
            }
            match connection.exchange(request, &self.connector, self.limits.answer_bytes).await {
                Exchange::Answered(answer, received) => {
                    add(&self.counters.bytes_received, received);
                    let unpacked = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
                    add(&self.counters.bytes_unpacked, unpacked);
                    self.return_idle(connection).await;
                    return Ok(answer);
                }
                Exchange::NotSent if !is_new => {}
                Exchange::NotSent => return Err(Fault::Broken),
                Exchange::Failed(fault) => return Err(fault),
            }
        }
    }
}

impl Lease {
    /// Sends a request. Retries a read once if the connection fails.
    pub(crate) async fn send(&mut self, request: &Request, effect: Effect) -> Result<Answer, Fault> {
        self.send_while(request, effect, &|| true).await
    }

    /// Like `send`, but does not send if `is_wanted` returns false by then.
    pub(crate) async fn send_while(
        &mut self,
        request: &Request,
        effect: Effect,
        is_wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Answer, Fault> {
        let pool = &*self.pool;
        let within = pool.limits.answer;
        let mut attempts = if effect == Effect::Read { 2 } else { 1 };
        loop {
            attempts -= 1;
            pool.breaker.admit()?;
            add(&pool.counters.requests, 1);
            let sent = match tokio::time::timeout(within, pool.send_once(request, effect, is_wanted)).await {
                Ok(Ok(answer)) => answer.unavailable().map_or(Ok(answer), Err),
                Ok(Err(fault)) => Err(fault),
                Err(_) => Err(Fault::Timeout { within }),
            };
            match sent {
                Ok(answer) => {
                    pool.breaker.succeeded();
                    return Ok(answer);
                }
                Err(fault) => {
                    add(&pool.counters.faults, 1);
                    if fault.is_server_failure() {
                        pool.breaker.failed();
                        pool.check_requested.notify_one();
                    } else {
                        pool.breaker.succeeded();
                    }
                    if attempts == 0 || !fault.is_connection_failure() {
                        return Err(fault);
                    }
                    add(&pool.counters.retries, 1);
                }
            }
        }
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
