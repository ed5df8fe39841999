//! `CacheStats`: the counters and sizes of a cache.

use core::ops::Add;

use serde::Serialize;

/// The counters of one table since it was made, and its size now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableStats {
    /// Questions that were answered without waiting for the server.
    pub hits: u64,
    /// Questions that waited for the server, by a load of their own or one in flight.
    pub misses: u64,
    /// Loads begun, refreshes in the background included.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Loads that were dropped before they ended, because their caller was cancelled.
    pub loads_abandoned: u64,
    /// Loads whose result was not kept, since an invalidation or a younger load overtook them.
    pub loads_overtaken: u64,
    /// Loads whose result was not kept, since it alone exceeds the bound.
    pub loads_oversized: u64,
    /// Entries that were removed because they were too old.
    pub evicted_expired: u64,
    /// Entries that were removed to keep within the bound.
    pub evicted_capacity: u64,
    /// Entries that were removed by an invalidation.
    pub evicted_invalidated: u64,
    /// Entries there are now.
    pub entries: u64,
    /// Distinct values that those entries share.
    pub contents: u64,
    /// Bytes that the entries take now, their values included.
    pub bytes: u64,
}

impl TableStats {
    /// The share of questions that were hits, from 0 to 1; `None` before the first question.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate needs no more than the 52 bits that a float keeps"
    )]
    pub fn hit_rate(&self) -> Option<f64> {
        let questions = self.hits.saturating_add(self.misses);
        (questions > 0).then(|| self.hits as f64 / questions as f64)
    }

    /// Entries removed for any cause.
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
    /// All tables together.
    #[must_use]
    pub fn total(&self) -> TableStats {
        self.fields + self.permissions + self.models
    }
}
