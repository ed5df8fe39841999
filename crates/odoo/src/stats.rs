//! What the client counts.

use serde::Serialize;

/// What a pool of connections has counted, and how it stands now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections that may be used now without waiting.
    pub free: usize,
    /// Idle connections that the server left open.
    pub idle: usize,
    /// Calls that had to wait for a connection.
    pub waits: u64,
    /// Calls that waited too long.
    pub wait_timeouts: u64,
    /// Requests sent, health checks apart.
    pub requests: u64,
    /// Requests sent again because the connection failed.
    pub retries: u64,
    /// Requests that brought no answer.
    pub faults: u64,
    /// Connections made.
    pub connections_made: u64,
    /// Requests sent on a connection that was there already.
    pub connections_reused: u64,
    /// Idle connections that had ended, or did not pass a health check.
    pub connections_replaced: u64,
    /// Health checks.
    pub health_checks: u64,
    /// How often Odoo was left alone after failures.
    pub breaker_opened: u64,
    /// Calls that were refused while Odoo was left alone.
    pub breaker_refused: u64,
    /// Bytes of answers on the wire.
    pub bytes_received: u64,
    /// Bytes of answers after unpacking.
    pub bytes_unpacked: u64,
}

impl PoolStats {
    /// The bytes that packing kept off the wire.
    #[must_use]
    pub fn bytes_saved(&self) -> u64 {
        self.bytes_unpacked.saturating_sub(self.bytes_received)
    }
}

/// What a [`Reader`](crate::Reader) has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadStats {
    /// Reads that found a connection free and went at once, alone.
    pub direct: u64,
    /// Reads that had to wait for a connection.
    pub queued: u64,
    /// Of those, reads that travelled with others.
    pub together: u64,
    /// Requests that carried several reads.
    pub batches: u64,
    /// Requests that carried several reads and failed, so that their reads were sent in smaller company or
    /// alone.
    pub splits: u64,
}

impl ReadStats {
    /// The requests that travelling together has saved. Splits cost some again.
    #[must_use]
    pub fn requests_saved(&self) -> u64 {
        self.together.saturating_sub(self.batches)
    }
}

/// What a [`RecordCache`](crate::RecordCache) has counted, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordStats {
    /// Reads that were answered from the cache.
    pub hits: u64,
    /// Reads that would have accepted an answer from the cache and had to ask Odoo.
    pub misses: u64,
    /// Reads whose answer was not kept, since something was changed meanwhile.
    pub overtaken: u64,
    /// How often a change emptied the cache of a database's records.
    pub emptied: u64,
    /// Prefetched values.
    pub ahead_read: u64,
    /// Of those, values that a caller asked for later.
    pub ahead_useful: u64,
    /// Of those, values that were evicted unused.
    pub ahead_wasted: u64,
    /// How often reading ahead was turned off for a principal and a model, since it did not pay.
    pub ahead_paused: u64,
    /// Records there are now.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
}
