//! `CacheStats`: the counters and sizes of a cache.

use core::ops::Add;

use serde::Serialize;

/// The counters of one table since its creation, and its current size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableStats {
    /// Lookups that did not wait for the server.
    pub hits: u64,
    /// Lookups that waited for the server, by a new load or one in flight.
    pub misses: u64,
    /// Started loads, including background refreshes.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Loads that were dropped because their caller was cancelled.
    pub loads_abandoned: u64,
    /// Loads whose result was not cached because of an invalidation or a newer load.
    pub loads_overtaken: u64,
    /// Loads whose result was not cached because it exceeds the memory bound.
    pub loads_oversized: u64,
    /// Entries that were evicted because they expired.
    pub evicted_expired: u64,
    /// Entries that were evicted to stay within the memory bound.
    pub evicted_capacity: u64,
    /// Entries that were evicted by an invalidation.
    pub evicted_invalidated: u64,
    /// Current entries.
    pub entries: u64,
    /// Distinct values of the current entries.
    pub contents: u64,
    /// Current memory of the entries and their values, in bytes.
    pub bytes: u64,
}

impl TableStats {
    /// The share of lookups that were hits, from 0 to 1; `None` before the first lookup.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate needs no more than the 52 bits of a float's mantissa"
    )]
    pub fn hit_rate(&self) -> Option<f64> {
        let lookups = self.hits.saturating_add(self.misses);
        (lookups > 0).then(|| self.hits as f64 / lookups as f64)
    }

    /// Evicted entries, for any reason.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evicted_expired + self.evicted_capacity + self.evicted_invalidated
    }
}

impl Add for TableStats {
    type Output = TableStats;

    fn add(self, other: TableStats) -> TableStats {
        TableStats {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            loads: self.loads + other.loads,
            load_failures: self.load_failures + other.load_failures,
            loads_abandoned: self.loads_abandoned + other.loads_abandoned,
            loads_overtaken: self.loads_overtaken + other.loads_overtaken,
            loads_oversized: self.loads_oversized + other.loads_oversized,
            evicted_expired: self.evicted_expired + other.evicted_expired,
            evicted_capacity: self.evicted_capacity + other.evicted_capacity,
            evicted_invalidated: self.evicted_invalidated + other.evicted_invalidated,
            entries: self.entries + other.entries,
            contents: self.contents + other.contents,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// The counters of a [`MetadataCache`](crate::MetadataCache), table by table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Field definitions.
    pub fields: TableStats,
    /// Permissions.
    pub permissions: TableStats,
    /// Model lists.
    pub models: TableStats,
}

impl CacheStats {
    /// The sum of all tables.
    #[must_use]
    pub fn total(&self) -> TableStats {
        self.fields + self.permissions + self.models
    }
}
