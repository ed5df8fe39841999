//! `RecordCache`: a cache of recently read records.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheScope, Clock, SystemClock};
use platform::sync::Mutex;

use super::entry::ModelContext;
use super::policy::RecordPolicy;
use super::state::{ReadStart, State};
use crate::Record;
use crate::stats::RecordStats;

/// A cache of recently read records, per principal.
///
/// All clients of a process can share one cache. A write, or a call of a method that may write, invalidates
/// the records of its database for all principals. While it is in flight, nothing is cached. The result of a
/// read that started before the end of a write is never cached.
#[derive(Debug)]
pub struct RecordCache {
    policy: RecordPolicy,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// A write in flight. Dropping it ends the write.
#[derive(Debug)]
pub(crate) struct WriteInProgress {
    cache: Arc<RecordCache>,
    database: Arc<str>,
    is_confirmed: bool,
}

impl RecordCache {
    /// An empty cache with the system clock.
    #[must_use]
    pub fn new(policy: RecordPolicy) -> Arc<Self> {
        Self::with_clock(policy, Arc::new(SystemClock::new()))
    }

    /// An empty cache with a given clock.
    #[must_use]
    pub fn with_clock(policy: RecordPolicy, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(RecordCache { policy, clock, state: Mutex::default() })
    }

    /// The counters, and the current size.
    #[must_use]
    pub fn stats(&self) -> RecordStats {
        self.state.lock().stats()
    }

    /// Starts a write: invalidates the records of the database, and caches none until the write ends.
    pub(crate) fn begin_write(self: &Arc<Self>, database: &Arc<str>) -> WriteInProgress {
        self.state.lock().invalidate(database, |database| database.writes += 1);
        WriteInProgress { cache: Arc::clone(self), database: Arc::clone(database), is_confirmed: false }
    }

    /// Records a request, and returns other fields that are requested so often that they should be
    /// prefetched.
    pub(super) fn record_request(&self, model_context: &ModelContext, fields: &[String]) -> Vec<String> {
        if !self.policy.read_ahead || self.is_disabled() {
            return Vec::new();
        }
        self.state.lock().record_request(model_context, fields)
    }

    /// The records, in the order of the ids, if all their fields are cached and not older than `max_age`.
    pub(super) fn get(
        &self,
        model_context: &ModelContext,
        ids: &[i64],
        fields: &[String],
        max_age: Duration,
    ) -> Option<Vec<Record>> {
        // A record expires exactly at the end of its time to live.
        let age = max_age.min(self.policy.time_to_live.saturating_sub(Duration::from_nanos(1)));
        let not_before = self.clock.now().saturating_sub(age);
        self.state.lock().get(model_context, ids, fields, not_before)
    }

    fn is_disabled(&self) -> bool {
        self.policy.time_to_live.is_zero()
    }

    /// The start of a read, to pass to `insert`.
    pub(super) fn begin_read(&self, scope: &CacheScope) -> ReadStart {
        let read_at = self.clock.now();
        self.state.lock().begin_read(scope, read_at)
    }

    /// Caches the result of a read, unless a write ended, or may have ended, since its start.
    pub(super) fn insert(
        &self,
        model_context: &ModelContext,
        start: ReadStart,
        records: &[Record],
        requested: &[String],
    ) {
        if self.is_disabled() {
            return;
        }
        let now = self.clock.now();
        self.state.lock().insert(model_context, start, records, requested, now, &self.policy);
    }
}

impl WriteInProgress {
    /// Confirms that the outcome is known: Odoo has answered, or the write was not sent.
    pub(crate) fn confirm(&mut self) {
        self.is_confirmed = true;
    }
}

impl Drop for WriteInProgress {
    fn drop(&mut self) {
        let uncertain_until = if self.is_confirmed {
            Duration::ZERO
        } else {
            self.cache.clock.now().saturating_add(self.cache.policy.doubt)
        };
        self.cache.state.lock().invalidate(&self.database, |database| {
            database.writes = database.writes.saturating_sub(1);
            database.uncertain_until = database.uncertain_until.max(uncertain_until);
        });
    }
}
