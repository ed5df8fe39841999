//! `CachedAnswer` and `AnswerKey`: an entry of a cache table, and its key.

use core::time::Duration;
use std::sync::Arc;

use crate::CacheScope;
use crate::epochs::Stamp;

/// The key of an entry: scope and model. Model lists have an empty model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AnswerKey {
    pub(crate) scope: CacheScope,
    pub(crate) model: Arc<str>,
}

/// A cached answer. If there is no value, the model does not exist.
#[derive(Debug)]
pub(crate) struct CachedAnswer<V> {
    pub(crate) value: Option<Arc<V>>,
    /// When the load started.
    pub(crate) began: Duration,
    pub(crate) stamp: Stamp,
    /// The earliest time of a background refresh.
    pub(crate) refresh_at: Option<Duration>,
}

impl AnswerKey {
    /// The bytes of an entry without its value: the key and its heap memory (a scope that several keys share
    /// is counted for each), the links of the LRU list, and the slot in the hash table. Counts each slot
    /// twice, since half of the hash table may be free.
    pub(crate) fn entry_bytes<V>(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        const LINKS: usize = 2 * size_of::<usize>();
        const SLOT: usize = 2 * (size_of::<usize>() + 1);
        let fixed = size_of::<AnswerKey>() + size_of::<CachedAnswer<V>>() + LINKS + SLOT;
        fixed + self.scope.heap_bytes() + COUNTS + self.model.len()
    }
}
