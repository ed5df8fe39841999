//! `CachedAnswer` and `AnswerKey`: what a table keeps, and under which key.

use core::time::Duration;
use std::sync::Arc;

use crate::CacheScope;
use crate::epochs::Stamp;

/// The key of an answer: whose it is, and which model it is about. Model lists have an empty model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AnswerKey {
    pub(crate) scope: CacheScope,
    pub(crate) model: Arc<str>,
}

/// An answer; without a value it says that there is no such model.
#[derive(Debug)]
pub(crate) struct CachedAnswer<V> {
    pub(crate) value: Option<Arc<V>>,
    /// When its load began.
    pub(crate) began: Duration,
    pub(crate) stamp: Stamp,
    /// When a refresh in the background may be tried.
    pub(crate) refresh_at: Option<Duration>,
}

impl AnswerKey {
    /// The bytes of an entry without its value: the key with what it owns (a scope that other keys share is
    /// counted in each), the links of the order of use, and the slot in the hash table, half of which may be
    /// free.
    pub(crate) fn entry_bytes<V>(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        const LINKS: usize = 2 * size_of::<usize>();
        const SLOT: usize = 2 * (size_of::<usize>() + 1);
        let own = size_of::<AnswerKey>() + size_of::<CachedAnswer<V>>() + LINKS + SLOT;
        own + self.scope.heap_bytes() + COUNTS + self.model.len()
    }
}
