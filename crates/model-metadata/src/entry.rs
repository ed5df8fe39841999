//! What a table keeps, and under which name.

use core::time::Duration;
use std::sync::Arc;

use crate::Scope;
use crate::epochs::Stamp;

/// The name of an entry: for whom, and of which model. Model lists have the empty name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) scope: Scope,
    pub(crate) model: Arc<str>,
}

/// What is known under a key; no value says that there is no such model.
#[derive(Debug)]
pub(crate) struct Entry<V> {
    pub(crate) value: Option<Arc<V>>,
    /// When the load began that brought it.
    pub(crate) began: Duration,
    pub(crate) stamp: Stamp,
    /// When a refresh in the background may be tried.
    pub(crate) refresh_at: Option<Duration>,
}

impl Key {
    /// The bytes of an entry without its value: the key with what it owns (a scope that other keys share is
    /// counted in each), the links of the order of use, and the slot in the hash table, half of which may be
    /// free.
    pub(crate) fn entry_bytes<V>(&self) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        const LINKS: usize = 2 * size_of::<usize>();
        const SLOT: usize = 2 * (size_of::<usize>() + 1);
        let own = size_of::<Key>() + size_of::<Entry<V>>() + LINKS + SLOT;
        own + self.scope.heap_bytes() + COUNTS + self.model.len()
    }
}
