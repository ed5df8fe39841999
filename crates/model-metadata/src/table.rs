//! `Table`: a cache table with single flight, epochs and a memory bound.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use hashlink::LinkedHashMap;
use platform::flight::LeaderLoad;
use platform::sync::Mutex;

use crate::cached_answer::{AnswerKey, CachedAnswer};
use crate::config::TablePolicy;
use crate::epochs::{Epochs, Stamp};
use crate::shared_values::{SharedValue, SharedValues};
use crate::{Clock, DatabaseUser, TableStats};

/// The outcome of a load: a value, "no such model", or an error.
pub(crate) type Outcome<V, E> = Result<Option<Arc<V>>, Arc<E>>;

/// A cache table.
///
/// Lock order: `state` is the only lock. It is never held across an await, while a waker runs, or while the
/// outcome of a load is passed on.
#[derive(Debug)]
pub(crate) struct Table<V, E> {
    policy: TablePolicy,
    clock: Arc<dyn Clock>,
    state: Mutex<State<V, E>>,
}

#[derive(Debug)]
struct State<V, E> {
    /// In LRU order: the least recently used entry comes first.
    entries: LinkedHashMap<AnswerKey, CachedAnswer<V>, ahash::RandomState>,
    contents: SharedValues<V>,
    // INVARIANT: the newest load of each key. Older loads are known only to the callers that wait for them.
    loads: HashMap<AnswerKey, Load<V, E>, ahash::RandomState>,
    epochs: Epochs,
    bytes: usize,
    stats: TableStats,
}

/// A load in flight.
#[derive(Debug)]
struct Load<V, E> {
    /// When the load started. It may miss later changes.
    began: Duration,
    /// The epochs at the start of the load.
    stamp: Stamp,
    outcome: Arc<LeaderLoad<Outcome<V, E>>>,
}

impl<V, E> Clone for Load<V, E> {
    fn clone(&self) -> Self {
        Load { began: self.began, stamp: self.stamp, outcome: Arc::clone(&self.outcome) }
    }
}

impl TablePolicy {
    fn is_expired<V>(&self, entry: &CachedAnswer<V>, now: Duration) -> bool {
        let lifetime = if entry.value.is_some() { self.time_to_live } else { self.negative_time_to_live };
        now >= entry.began.saturating_add(lifetime)
    }
}

/// How to answer a lookup.
enum Step<V: SharedValue, E> {
    Answer(Option<Arc<V>>, Option<LoadDuty<V, E>>),
    Join(Arc<LeaderLoad<Outcome<V, E>>>),
    Load(LoadDuty<V, E>),
}

/// The duty to load a value. If it is dropped before `finish`, a waiting caller starts a new load.
pub(crate) struct LoadDuty<V: SharedValue, E> {
    table: Arc<Table<V, E>>,
    key: AnswerKey,
    load: Load<V, E>,
    finished: bool,
}

impl<V: SharedValue, E> Table<V, E> {
    pub(crate) fn new(policy: TablePolicy, clock: Arc<dyn Clock>) -> Arc<Self> {
        let state = State {
            entries: LinkedHashMap::default(),
            contents: SharedValues::default(),
            loads: HashMap::default(),
            epochs: Epochs::default(),
            bytes: 0,
            stats: TableStats::default(),
        };
        Arc::new(Table { policy, clock, state: Mutex::new(state) })
    }

    /// Returns the cached answer, waits for a load in flight, or loads.
    ///
    /// A cached answer that does not satisfy `satisfies` is valid only for the negative time to live. If a
    /// refresh is due and `refresh` allows it, the caller also gets the duty to refresh.
    pub(crate) async fn get<F>(
        self: &Arc<Self>,
        key: &AnswerKey,
        refresh: bool,
        satisfies: Option<&(dyn Fn(&V) -> bool + Sync)>,
        load: impl Fn() -> F,
    ) -> (Outcome<V, E>, Option<LoadDuty<V, E>>)
    where
        F: Future<Output = Result<Option<V>, E>>,
    {
        let mut first = true;
        loop {
            match self.step(key, refresh, satisfies, core::mem::take(&mut first)) {
                Step::Answer(value, duty) => return (Ok(value), duty),
                Step::Load(duty) => return (duty.finish(load().await), None),
                Step::Join(load) => {
                    if let Some(outcome) = LeaderLoad::wait(&load).await {
                        return (outcome, None);
                    }
                }
            }
        }
    }

    /// The cached answer, if it is valid. Neither loads nor counts as a hit or a miss.
    pub(crate) fn peek(&self, key: &AnswerKey) -> Option<Arc<V>> {
        let now = self.clock.now();
        let state = self.state.lock();
        let stamp = state.epochs.stamp(key.scope.user(), &key.model);
        let entry = state.entries.get(key)?;
        let valid = entry.stamp == stamp && !self.policy.is_expired(entry, now);
        if valid { entry.value.clone() } else { None }
    }

    fn step(
        self: &Arc<Self>,
        key: &AnswerKey,
        refresh: bool,
        satisfies: Option<&(dyn Fn(&V) -> bool + Sync)>,
        first: bool,
    ) -> Step<V, E> {
        let now = self.clock.now();
        let absence_is_valid =
            |began: Duration| now < began.saturating_add(self.policy.negative_time_to_live);
        let mut state = self.state.lock();
        let stamp = state.epochs.stamp(key.scope.user(), &key.model);

        if let Some(entry) = state.entries.get(key) {
            let answer = entry.value.clone();
            let refresh_due = entry.refresh_at.is_some_and(|at| refresh && at <= now);
            let satisfied = match (&answer, satisfies) {
                (Some(value), Some(satisfies)) => satisfies(value),
                _ => true,
            };
            if entry.stamp != stamp {
                state.remove(key);
                state.stats.evicted_invalidated += 1;
            } else if self.policy.is_expired(entry, now) {
                state.remove(key);
                state.stats.evicted_expired += 1;
            } else if satisfied || absence_is_valid(entry.began) {
                state.stats.hits += u64::from(first);
                state.entries.to_back(key);
                let idle = !state.loads.contains_key(key);
                let duty = (refresh_due && idle).then(|| self.begin_load(&mut state, key, now, stamp));
                return Step::Answer(answer, duty);
            }
        }
        state.stats.misses += u64::from(first);
        if let Some(load) = state.loads.get(key)
            && load.stamp == stamp
            && (satisfies.is_none() || absence_is_valid(load.began))
        {
            return Step::Join(Arc::clone(&load.outcome));
        }
        Step::Load(self.begin_load(&mut state, key, now, stamp))
    }

    fn begin_load(
        self: &Arc<Self>,
        state: &mut State<V, E>,
        key: &AnswerKey,
        now: Duration,
        stamp: Stamp,
    ) -> LoadDuty<V, E> {
        let load = Load { began: now, stamp, outcome: Arc::default() };
        state.loads.insert(key.clone(), load.clone());
        state.stats.loads += 1;
        LoadDuty { table: Arc::clone(self), key: key.clone(), load, finished: false }
    }

    /// Invalidates a model of a database, for all users.
    pub(crate) fn invalidate_model(&self, database: &str, model: &str) {
        let mut state = self.state.lock();
        state.epochs.raise_model(database, model);
        state.invalidate(|key| *key.model == *model && key.scope.user().database() == database);
    }

    /// Invalidates all entries of a user.
    pub(crate) fn invalidate_user(&self, user: &DatabaseUser) {
        let mut state = self.state.lock();
        state.epochs.raise_user(user);
        state.invalidate(|key| key.scope.user() == user);
    }

    /// Invalidates all entries.
    pub(crate) fn invalidate_all(&self) {
        let mut state = self.state.lock();
        state.epochs.raise_all();
        state.invalidate(|_| true);
    }

    /// Removes expired entries.
    pub(crate) fn remove_expired(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let removed = state.remove_where(|_, entry| self.policy.is_expired(entry, now));
        state.stats.evicted_expired += removed;
    }

    pub(crate) fn stats(&self) -> TableStats {
        let state = self.state.lock();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        TableStats {
            entries: count(state.entries.len()),
            contents: count(state.contents.len()),
            bytes: count(state.bytes),
            ..state.stats
        }
    }

    /// Caches the result of a load, unless an invalidation or a newer load has overtaken it.
    fn publish(&self, key: &AnswerKey, load: &Load<V, E>, value: Option<V>) -> Option<Arc<V>> {
        let mut state = self.state.lock();
        state.remove_load(key, load);
        let current = state.epochs.stamp(key.scope.user(), &key.model) == load.stamp;
        let newest = state.entries.get(key).is_none_or(|entry| entry.began <= load.began);
        if !(current && newest) {
            state.stats.loads_overtaken += 1;
            return value.map(Arc::new);
        }
        let minimum = key.entry_bytes::<V>() + value.as_ref().map_or(0, SharedValue::heap_bytes);
        if minimum > self.policy.max_bytes {
            state.stats.loads_oversized += 1;
            return value.map(Arc::new);
        }
        state.remove(key);
        let (value, grown) = match value.map(|value| state.contents.acquire(value)) {
            Some((value, grown)) => (Some(value), grown),
            None => (None, 0),
        };
        let refresh_at = self.policy.refresh_after.map(|after| load.began.saturating_add(after));
        let entry = CachedAnswer { value: value.clone(), began: load.began, stamp: load.stamp, refresh_at };
        state.bytes += grown + key.entry_bytes::<V>();
        state.entries.insert(key.clone(), entry);
        while state.bytes > self.policy.max_bytes && state.remove_oldest() {
            state.stats.evicted_capacity += 1;
        }
        value
    }

    fn fail(&self, key: &AnswerKey, load: &Load<V, E>) {
        let mut state = self.state.lock();
        state.remove_load(key, load);
        state.stats.load_failures += 1;
        // Do not retry a failed refresh at once: the server may be down.
        let retry_at = self.clock.now().saturating_add(self.policy.negative_time_to_live);
        if let Some(entry) = state.entries.get_mut(key) {
            entry.refresh_at = entry.refresh_at.map(|at| at.max(retry_at));
        }
    }
}

impl<V: SharedValue, E> LoadDuty<V, E> {
    /// Ends the load and passes its outcome to the waiting callers.
    pub(crate) fn finish(mut self, result: Result<Option<V>, E>) -> Outcome<V, E> {
        self.finished = true;
        let outcome = match result {
            Ok(value) => Ok(self.table.publish(&self.key, &self.load, value)),
            Err(error) => {
                self.table.fail(&self.key, &self.load);
                Err(Arc::new(error))
            }
        };
        self.load.outcome.complete(outcome.clone());
        outcome
    }
}

impl<V: SharedValue, E> Drop for LoadDuty<V, E> {
    fn drop(&mut self) {
        if !self.finished {
            let mut state = self.table.state.lock();
            state.remove_load(&self.key, &self.load);
            state.stats.loads_abandoned += 1;
            drop(state);
            self.load.outcome.abandon();
        }
    }
}

impl<V: SharedValue, E> State<V, E> {
    /// Removes a load from `loads`, unless a newer load has replaced it there.
    fn remove_load(&mut self, key: &AnswerKey, load: &Load<V, E>) {
        if self.loads.get(key).is_some_and(|current| Arc::ptr_eq(&current.outcome, &load.outcome)) {
            self.loads.remove(key);
        }
    }

    fn remove(&mut self, key: &AnswerKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.release_entry(key, entry);
        }
    }

    fn remove_oldest(&mut self) -> bool {
        let Some((key, entry)) = self.entries.pop_front() else { return false };
        self.release_entry(&key, entry);
        true
    }

    fn release_entry(&mut self, key: &AnswerKey, entry: CachedAnswer<V>) {
        self.bytes -= key.entry_bytes::<V>();
        if let Some(value) = entry.value {
            self.bytes -= self.contents.release(&value);
        }
    }

    fn invalidate(&mut self, matches: impl Fn(&AnswerKey) -> bool) {
        let removed = self.remove_where(|key, _| matches(key));
        self.stats.evicted_invalidated += removed;
    }

    fn remove_where(&mut self, matches: impl Fn(&AnswerKey, &CachedAnswer<V>) -> bool) -> u64 {
        let keys: Vec<AnswerKey> = self
            .entries
            .iter()
            .filter(|(key, entry)| matches(key, entry))
            .map(|(key, _)| key.clone())
            .collect();
        for key in &keys {
            self.remove(key);
        }
        self.entries.shrink_to_fit();
        u64::try_from(keys.len()).unwrap_or(u64::MAX)
    }
}
