//! `RecordPolicy`: time and size limits of a record cache.

use core::time::Duration;

/// Time and size limits of a record cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPolicy {
    /// The maximum age of a record, also for callers that accept older ones: 5 seconds. Zero disables the
    /// cache.
    pub time_to_live: Duration,
    /// The bytes that all records may take: 8 MiB.
    pub max_bytes: usize,
    /// For how long nothing is cached after a write without an answer, which Odoo may still carry out: 60
    /// seconds.
    pub doubt: Duration,
    /// Prefetches fields that are requested most of the time: true.
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
