//! `CacheConfig`: the times to live and the memory bounds of the cache tables.

use core::time::Duration;

/// The times to live and the memory bound of one cache table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePolicy {
    /// Maximum age of an entry, counted from the start of its load. Older entries are loaded again.
    pub time_to_live: Duration,
    /// Age from which an entry is still served, but refreshed in the background. Takes effect only with
    /// [`refresh_with`](crate::MetadataCache::refresh_with).
    pub refresh_after: Option<Duration>,
    /// How long the absence of a model or a field is cached.
    pub negative_time_to_live: Duration,
    /// Maximum memory of the table, in bytes.
    pub max_bytes: usize,
}

impl TablePolicy {
    /// A policy with a time to live and a memory bound. The negative time to live is five seconds.
    #[must_use]
    pub fn new(time_to_live: Duration, max_bytes: usize) -> Self {
        TablePolicy {
            time_to_live,
            refresh_after: None,
            negative_time_to_live: Duration::from_secs(5),
            max_bytes,
        }
    }
}

/// The policies of a cache's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheConfig {
    /// Field definitions: one hour and 32 MiB by default.
    pub fields: TablePolicy,
    /// Permissions: five minutes and 4 MiB by default.
    pub permissions: TablePolicy,
    /// Model lists: five minutes and 4 MiB by default.
    pub models: TablePolicy,
}

impl CacheConfig {
    /// One policy for all tables.
    #[must_use]
    pub fn with_policy(policy: TablePolicy) -> Self {
        CacheConfig { fields: policy, permissions: policy, models: policy }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        const MEBIBYTE: usize = 1 << 20;
        let (hour, five_minutes) = (Duration::from_secs(3600), Duration::from_secs(300));
        CacheConfig {
            fields: TablePolicy::new(hour, 32 * MEBIBYTE),
            permissions: TablePolicy::new(five_minutes, 4 * MEBIBYTE),
            models: TablePolicy::new(five_minutes, 4 * MEBIBYTE),
        }
    }
}
