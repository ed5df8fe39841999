//! `Table`: the cached answers of one kind, with single flight, epochs and a bound on bytes.

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

/// What a load brought: a value, "no such model", or a failure.
pub(crate) type Outcome<V, E> = Result<Option<Arc<V>>, Arc<E>>;

/// Answers of one kind.
///
/// Lock order: `state` alone. It is never held across an await, while a waker runs, or while a load ends.
#[derive(Debug)]
pub(crate) struct Table<V, E> {
    policy: TablePolicy,
    clock: Arc<dyn Clock>,
    state: Mutex<State<V, E>>,
}

#[derive(Debug)]
struct State<V, E> {
    /// In the order of use, the least recent first.
    entries: LinkedHashMap<AnswerKey, CachedAnswer<V>, ahash::RandomState>,
    contents: SharedValues<V>,
    // INVARIANT: the newest load of each key. Only the callers that wait for an older one still know it.
    loads: HashMap<AnswerKey, Load<V, E>, ahash::RandomState>,
    epochs: Epochs,
    bytes: usize,
    stats: TableStats,
}

/// A load in progress.
#[derive(Debug)]
struct Load<V, E> {
    /// When it began. It may not have seen what changed later.
    began: Duration,
    /// The epochs when it began.
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

/// How a question is answered.
enum Step<V: SharedValue, E> {
    Answer(Option<Arc<V>>, Option<LoadDuty<V, E>>),
    Join(Arc<LeaderLoad<Outcome<V, E>>>),
    Load(LoadDuty<V, E>),
}

/// The duty to load. Dropped unfinished, it abandons the load, and a caller that waits begins again.
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

    /// Answers from the table, or loads, or waits for a load that is under way.
    ///
    /// An answer that does not `satisfy` is believed only if it is as young as a negative one must be. With
    /// the answer comes the duty to refresh, if it is time for that and `refresh` allows it.
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
                Step::Answer(value, lead) => return (Ok(value), lead),
                Step::Load(lead) => return (lead.finish(load().await), None),
                Step::Join(load) => {
                    if let Some(outcome) = LeaderLoad::wait(&load).await {
                        return (outcome, None);
                    }
                }
            }
        }
    }

    /// The answer in the table, if it is valid. Does not load, and does not count as a hit or a miss.
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
        let believes_absence =
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
            } else if satisfied || believes_absence(entry.began) {
                state.stats.hits += u64::from(first);
                state.entries.to_back(key);
                let idle = !state.loads.contains_key(key);
                let lead = (refresh_due && idle).then(|| self.lead(&mut state, key, now, stamp));
                return Step::Answer(answer, lead);
            }
        }
        state.stats.misses += u64::from(first);
        if let Some(load) = state.loads.get(key)
            && load.stamp == stamp
            && (satisfies.is_none() || believes_absence(load.began))
        {
            return Step::Join(Arc::clone(&load.outcome));
        }
        Step::Load(self.lead(&mut state, key, now, stamp))
    }

    fn lead(
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

    /// Forgets a model of a database, for every user.
    pub(crate) fn invalidate_model(&self, database: &str, model: &str) {
        let mut state = self.state.lock();
        state.epochs.raise_model(database, model);
        state.invalidate(|key| *key.model == *model && key.scope.user().database() == database);
    }

    /// Forgets all answers for a user.
    pub(crate) fn invalidate_user(&self, user: &DatabaseUser) {
        let mut state = self.state.lock();
        state.epochs.raise_user(user);
        state.invalidate(|key| key.scope.user() == user);
    }

    /// Forgets everything.
    pub(crate) fn invalidate_all(&self) {
        let mut state = self.state.lock();
        state.epochs.raise_all();
        state.invalidate(|_| true);
    }

    /// Removes the entries that are too old to be given.
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

    /// Keeps the result of a load, unless something younger overtook it.
    fn publish(&self, key: &AnswerKey, load: &Load<V, E>, value: Option<V>) -> Option<Arc<V>> {
        let mut state = self.state.lock();
        state.leave(key, load);
        let current = state.epochs.stamp(key.scope.user(), &key.model) == load.stamp;
        let newest = state.entries.get(key).is_none_or(|known| known.began <= load.began);
        if !(current && newest) {
            state.stats.loads_overtaken += 1;
            return value.map(Arc::new);
        }
        let least = key.entry_bytes::<V>() + value.as_ref().map_or(0, SharedValue::heap_bytes);
        if least > self.policy.max_bytes {
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
        state.leave(key, load);
        state.stats.load_failures += 1;
        // A refresh that fails is not tried again at once: the server may be down.
        let retry_at = self.clock.now().saturating_add(self.policy.negative_time_to_live);
        if let Some(entry) = state.entries.get_mut(key) {
            entry.refresh_at = entry.refresh_at.map(|at| at.max(retry_at));
        }
    }
}

impl<V: SharedValue, E> LoadDuty<V, E> {
    /// Ends the load, and gives its outcome to the callers that wait.
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
            state.leave(&self.key, &self.load);
            state.stats.loads_abandoned += 1;
            drop(state);
            self.load.outcome.abandon();
        }
    }
}

impl<V: SharedValue, E> State<V, E> {
    /// Takes a load off the list, unless another one has taken its place.
    fn leave(&mut self, key: &AnswerKey, load: &Load<V, E>) {
        if self.loads.get(key).is_some_and(|current| Arc::ptr_eq(&current.outcome, &load.outcome)) {
            self.loads.remove(key);
        }
    }

    fn remove(&mut self, key: &AnswerKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.give_back(key, entry);
        }
    }

    fn remove_oldest(&mut self) -> bool {
        let Some((key, entry)) = self.entries.pop_front() else { return false };
        self.give_back(&key, entry);
        true
    }

    fn give_back(&mut self, key: &AnswerKey, entry: CachedAnswer<V>) {
        self.bytes -= key.entry_bytes::<V>();
        if let Some(value) = entry.value {
            self.bytes -= self.contents.release(&value);
        }
    }

    fn invalidate(&mut self, concerns: impl Fn(&AnswerKey) -> bool) {
        let removed = self.remove_where(|key, _| concerns(key));
        self.stats.evicted_invalidated += removed;
    }

    fn remove_where(&mut self, goes: impl Fn(&AnswerKey, &CachedAnswer<V>) -> bool) -> u64 {
        let gone: Vec<AnswerKey> =
            self.entries.iter().filter(|(key, entry)| goes(key, entry)).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
        self.entries.shrink_to_fit();
        u64::try_from(gone.len()).unwrap_or(u64::MAX)
    }
}
