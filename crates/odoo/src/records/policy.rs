//! `RecordPolicy`: the limits of a record cache.

use core::time::Duration;

/// Time to live and size limit of a record cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPolicy {
    /// Maximum age of a cached record: 5 seconds. Zero disables the cache.
    pub time_to_live: Duration,
    /// Maximum memory of the cache, in bytes: 8 MiB.
    pub max_bytes: usize,
    /// How long nothing is cached after a write without an answer, which Odoo may still carry out: 60
    /// seconds.
    pub doubt: Duration,
    /// Prefetches frequently requested fields: true.
    pub read_ahead: bool,
}

impl Default for RecordPolicy {
    fn default() -> Self {
        RecordPolicy {
            time_to_live: Duration::from_secs(5),
            max_bytes: 8 << 20,
            doubt: Duration::from_secs(60),
            read_ahead: true,
        }
    }
}
