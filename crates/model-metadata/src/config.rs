//! `CacheConfig`: how long answers are believed, and how many bytes they may take.

use core::time::Duration;

/// How long the answers of one table are believed, and how many bytes they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePolicy {
    /// An older answer is loaded again. Its age counts from the moment at which its load began.
    pub time_to_live: Duration,
    /// An older answer is still given, and refreshed in the background. Takes effect in a cache with
    /// [`refresh_with`](crate::MetadataCache::refresh_with).
    pub refresh_after: Option<Duration>,
    /// How long "there is no such model" and "there is no such field" are believed.
    pub negative_time_to_live: Duration,
    /// The bytes that the table may take.
    pub max_bytes: usize,
}

impl TablePolicy {
    /// A policy with a time to live and a bound on bytes; what does not exist is asked for again after five
    /// seconds.
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
