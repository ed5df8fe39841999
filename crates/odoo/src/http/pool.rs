//! `Pool`: how many connections there are, who may use one, and whether it is well.

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

/// A bounded number of connections to one server.
///
/// A permit stands for the right to use a connection; permits are given in the order of asking, and a caller
/// that goes away while it waits gives up its place. The connection itself is taken from those that the
/// server left open, or made.
#[derive(Debug)]
pub(crate) struct Pool {
    connector: Connector,
    limits: CallLimits,
    permits: Arc<Semaphore>,
    /// The one that was used last at the end.
    idle: Mutex<Vec<IdleConnection>>,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    /// A call met an error: the idle connections need a check.
    suspicion: Notify,
    counters: Counters,
}

/// An idle connection, and since when.
#[derive(Debug)]
struct IdleConnection {
    connection: Connection,
    since: Duration,
}

/// How long a connection may have been idle to be used for a change. Proxies close what is idle for long, and
/// a change that meets a connection at that very moment cannot be sent again.
const TRUSTED_FOR_CHANGES: Duration = Duration::from_secs(1);

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

/// The right to use a connection, for one call after the other, until the last clone is dropped. Clones do
/// not send at the same time.
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
            suspicion: Notify::new(),
            counters: Counters::default(),
        })
    }

    /// A lease if one is free now and no caller waits for it.
    pub(crate) fn try_lease(self: &Arc<Self>) -> Option<Lease> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.lease_with(permit))
    }

    /// A lease as soon as it is this caller's turn.
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

    /// A lease as soon as its turn comes; the caller bounds the time.
    pub(crate) async fn lease_at_any_time(self: &Arc<Self>) -> Result<Lease, Fault> {
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

    /// Checks the idle connections periodically, and whenever a call met an error.
    pub(crate) async fn look_after(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.suspicion.notified() => {}
                () = tokio::time::sleep(self.limits.health_interval) => {}
            }
            self.check().await;
        }
    }

    /// Asks over every idle connection whether the server is there; replaces those that are sick.
    async fn check(self: &Arc<Self>) {
        self.drop_closed();
        let mut unchecked = self.idle.lock().len();
        // A server that is left alone is asked too, so that it is used again as soon as it is back.
        if self.breaker.is_open() {
            unchecked = unchecked.max(1);
        }
        for _ in 0..unchecked {
            // Calls come first: what is in use needs no check.
            let Some(_lease) = self.try_lease() else { return };
            let connection = {
                let mut idle = self.idle.lock();
                if idle.is_empty() { None } else { Some(idle.remove(0).connection) }
            };
            add(&self.counters.health_checks, 1);
            let well = match connection {
                None => false,
                Some(connection) => {
                    let well = !self.is_sick(connection).await;
                    add(&self.counters.replaced, u64::from(!well));
                    well
                }
            };
            if !well {
                let replacement = self.connect().await;
                let well = match replacement {
                    Ok(connection) => !self.is_sick(connection).await,
                    Err(_) => false,
                };
                if !well {
                    self.breaker.failed();
                    return;
                }
            }
            self.breaker.succeeded();
        }
    }

    /// Sends the cheapest question there is; a connection that answers goes back to the idle ones.
    async fn is_sick(&self, mut connection: Connection) -> bool {
        let request = wire::version();
        let asked = connection.exchange(&request, &self.connector, self.limits.answer_bytes);
        match tokio::time::timeout(self.limits.connect, asked).await {
            Ok(Exchange::Answered(answer, _)) if answer.unavailable().is_none() => {
                self.keep(connection).await;
                false
            }
            _ => true,
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

    /// Keeps a connection for the next call, if the server does.
    async fn keep(&self, mut connection: Connection) {
        if connection.settle().await {
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
            if effect == Effect::Write && now > since.saturating_add(TRUSTED_FOR_CHANGES) {
                // The others have been idle for longer still.
                idle.push(IdleConnection { connection, since });
                return None;
            }
            add(&self.counters.reused, 1);
            return Some(connection);
        }
        None
    }

    /// Sends a request once: on an idle connection if there is one, on a new one if that has ended unheard.
    ///
    /// A request whose caller has gone away is not sent: `wanted` is asked at the last moment.
    async fn send_once(
        &self,
        request: &Request,
        effect: Effect,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Answer, Fault> {
        loop {
            let (mut connection, new) = match self.take_idle(effect) {
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            if !wanted() {
                self.keep(connection).await;
                return Err(Fault::Cancelled);
            }
            match connection.exchange(request, &self.connector, self.limits.answer_bytes).await {
                Exchange::Answered(answer, received) => {
                    add(&self.counters.bytes_received, received);
                    let unpacked = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
                    add(&self.counters.bytes_unpacked, unpacked);
                    self.keep(connection).await;
                    return Ok(answer);
                }
                Exchange::NotSent if !new => {}
                Exchange::NotSent => return Err(Fault::Broken),
                Exchange::Failed(fault) => return Err(fault),
            }
        }
    }
}

impl Lease {
    /// Sends a request; one that changes nothing is sent again, once, if the connection failed.
    pub(crate) async fn send(&mut self, request: &Request, effect: Effect) -> Result<Answer, Fault> {
        self.send_while(request, effect, &|| true).await
    }

    /// The same, unless it is not wanted any more when it would leave.
    pub(crate) async fn send_while(
        &mut self,
        request: &Request,
        effect: Effect,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Answer, Fault> {
        let pool = &*self.pool;
        let within = pool.limits.answer;
        let mut tries = if effect == Effect::Read { 2 } else { 1 };
        loop {
            tries -= 1;
            pool.breaker.admit()?;
            add(&pool.counters.requests, 1);
            let sent = match tokio::time::timeout(within, pool.send_once(request, effect, wanted)).await {
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
                    if fault.is_sickness() {
                        pool.breaker.failed();
                        pool.suspicion.notify_one();
                    } else {
                        pool.breaker.succeeded();
                    }
                    if tries == 0 || !fault.is_of_connection() {
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
