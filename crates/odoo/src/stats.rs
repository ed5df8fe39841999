//! Counters of the client.

use serde::Serialize;

/// Counters and state of a connection pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections that are available now.
    pub free: usize,
    /// Idle connections that the server left open.
    pub idle: usize,
    /// Calls that waited for a connection.
    pub waits: u64,
    /// Calls that timed out waiting for a connection.
    pub wait_timeouts: u64,
    /// Requests sent, without health checks.
    pub requests: u64,
    /// Requests retried because the connection failed.
    pub retries: u64,
    /// Requests without an answer.
    pub faults: u64,
    /// Connections opened.
    pub connections_made: u64,
    /// Requests sent on a reused connection.
    pub connections_reused: u64,
    /// Idle connections that were closed by the server or failed a health check.
    pub connections_replaced: u64,
    /// Health checks.
    pub health_checks: u64,
    /// How often the circuit breaker opened.
    pub breaker_opened: u64,
    /// Calls that the open circuit breaker refused.
    pub breaker_refused: u64,
    /// Bytes of answers on the wire.
    pub bytes_received: u64,
    /// Bytes of answers after decompression.
    pub bytes_unpacked: u64,
}

impl PoolStats {
    /// Bytes saved by compression.
    #[must_use]
    pub fn bytes_saved(&self) -> u64 {
        self.bytes_unpacked.saturating_sub(self.bytes_received)
    }
}

/// Counters of a [`Reader`](crate::Reader).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadStats {
    /// Reads that found a free connection and were sent at once.
    pub direct: u64,
    /// Reads that waited for a connection.
    pub queued: u64,
    /// Of those, reads that were sent in a batch.
    pub together: u64,
    /// Batches sent.
    pub batches: u64,
    /// Batches that failed and were bisected.
    pub splits: u64,
}

impl ReadStats {
    /// Requests saved by batching, before splits.
    #[must_use]
    pub fn requests_saved(&self) -> u64 {
        self.together.saturating_sub(self.batches)
    }
}

/// Counters and size of a [`RecordCache`](crate::RecordCache).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordStats {
    /// Reads answered from the cache.
    pub hits: u64,
    /// Reads that accepted a cached answer but had to ask Odoo.
    pub misses: u64,
    /// Reads whose answer was not cached because of a concurrent write.
    pub overtaken: u64,
    /// How often a write invalidated the records of a database.
    pub emptied: u64,
    /// Prefetched values.
    pub ahead_read: u64,
    /// Of those, values that a caller requested later.
    pub ahead_useful: u64,
    /// Of those, values that were evicted unused.
    pub ahead_wasted: u64,
    /// How often prefetch was paused for a principal and model because of waste.
    pub ahead_paused: u64,
    /// Records in the cache.
    pub entries: u64,
    /// Memory of these records, in bytes.
    pub bytes: u64,
}
