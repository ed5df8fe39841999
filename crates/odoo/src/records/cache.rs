//! `RecordCache`: recently read records.

use core::time::Duration;
use std::sync::Arc;

use model_metadata::{CacheScope, Clock, SystemClock};
use platform::sync::Mutex;

use super::entry::ModelContext;
use super::policy::RecordPolicy;
use super::state::{ReadStart, State};
use crate::Record;
use crate::stats::RecordStats;

/// Recently read records, per principal.
///
/// One cache serves all clients of a process. A write, or the call of a method that may write, invalidates
/// the records of its database for all principals, and nothing is cached while it is in flight. A read that
/// began before a write ended is never cached.
#[derive(Debug)]
pub struct RecordCache {
    policy: RecordPolicy,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// A change that is under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct WriteInProgress {
    cache: Arc<RecordCache>,
    database: Arc<str>,
    in_doubt: bool,
}

impl RecordCache {
    /// An empty cache on the system clock.
    #[must_use]
    pub fn new(policy: RecordPolicy) -> Arc<Self> {
        Self::with_clock(policy, Arc::new(SystemClock::new()))
    }

    /// An empty cache with a clock.
    #[must_use]
    pub fn with_clock(policy: RecordPolicy, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(RecordCache { policy, clock, state: Mutex::default() })
    }

    /// What has been counted, and what is held now.
    #[must_use]
    pub fn stats(&self) -> RecordStats {
        self.state.lock().stats()
    }

    /// Begins a change: empties the cache for the database, and keeps it empty until the change ends.
    pub(crate) fn writing(self: &Arc<Self>, database: &Arc<str>) -> WriteInProgress {
        self.state.lock().empty(database, |database| database.writing += 1);
        WriteInProgress { cache: Arc::clone(self), database: Arc::clone(database), in_doubt: true }
    }

    /// Notes a request, and says which fields are asked for so often that they should be read with it.
    pub(super) fn note(&self, place: &ModelContext, fields: &[String]) -> Vec<String> {
        if !self.policy.read_ahead || self.keeps_nothing() {
            return Vec::new();
        }
        self.state.lock().note(place, fields)
    }

    /// The records, in the order of the ids, if all their fields are known and no older than that.
    pub(super) fn get(
        &self,
        place: &ModelContext,
        ids: &[i64],
        fields: &[String],
        max_age: Duration,
    ) -> Option<Vec<Record>> {
        // At the end of its time to live a record is given no more.
        let age = max_age.min(self.policy.time_to_live.saturating_sub(Duration::from_nanos(1)));
        let not_before = self.clock.now().saturating_sub(age);
        self.state.lock().get(place, ids, fields, not_before)
    }

    fn keeps_nothing(&self) -> bool {
        self.policy.time_to_live.is_zero()
    }

    /// The moment before a read.
    pub(super) fn moment(&self, scope: &CacheScope) -> ReadStart {
        let asked_at = self.clock.now();
        self.state.lock().moment(scope, asked_at)
    }

    /// Keeps what was read since a moment, unless something was changed, or may have been.
    pub(super) fn keep(&self, place: &ModelContext, moment: ReadStart, records: &[Record], asked: &[String]) {
        if self.keeps_nothing() {
            return;
        }
        let now = self.clock.now();
        self.state.lock().keep(place, moment, records, asked, now, &self.policy);
    }
}

impl WriteInProgress {
    /// Says that the change has ended: Odoo has answered, or was never asked.
    pub(crate) fn ended(&mut self) {
        self.in_doubt = false;
    }
}

impl Drop for WriteInProgress {
    fn drop(&mut self) {
        let doubtful_until = if self.in_doubt {
            self.cache.clock.now().saturating_add(self.cache.policy.doubt)
        } else {
            Duration::ZERO
        };
        self.cache.state.lock().empty(&self.database, |database| {
            database.writing = database.writing.saturating_sub(1);
            database.doubtful_until = database.doubtful_until.max(doubtful_until);
        });
    }
}
