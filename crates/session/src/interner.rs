//! `Interner`: one shared value for each name, for as long as it is in use.

use core::hash::Hash;
use std::sync::{Arc, Weak};

use hashbrown::HashMap;

use platform::sync::Mutex;

/// Values by name, referenced weakly: a value is dropped with its last `Arc`.
pub(crate) struct Interner<K, V> {
    values: Mutex<HashMap<K, Weak<V>, ahash::RandomState>>,
}

impl<K, V> Default for Interner<K, V> {
    fn default() -> Self {
        Interner { values: Mutex::new(HashMap::default()) }
    }
}

impl<K: Eq + Hash, V> Interner<K, V> {
    pub(crate) fn get(&self, name: &K) -> Option<Arc<V>> {
        self.values.lock().get(name).and_then(Weak::upgrade)
    }

    /// The value of this name, created by `make` if there is none. True if it existed.
    pub(crate) fn intern(&self, name: K, make: impl FnOnce() -> V) -> (Arc<V>, bool) {
        let mut values = self.values.lock();
        if let Some(value) = values.get(&name).and_then(Weak::upgrade) {
            return (value, true);
        }
        let value = Arc::new(make());
        values.insert(name, Arc::downgrade(&value));
        (value, false)
    }

    /// Drops the names of dropped values. Until then each keeps the allocation of its `Arc`, without the
    /// value's heap.
    pub(crate) fn prune(&self) {
        let mut values = self.values.lock();
        values.retain(|_, value| value.strong_count() > 0);
        values.shrink_to_fit();
    }

    /// How many values there are, and the bytes of each by `footprint`.
    pub(crate) fn measure(&self, footprint: impl Fn(&V) -> usize) -> InternerUsage {
        let values = self.values.lock();
        let live: Vec<Arc<V>> = values.values().filter_map(Weak::upgrade).collect();
        InternerUsage {
            values: live.len(),
            bytes: live.iter().map(|value| footprint(value)).sum(),
            table_bytes: values.allocation_size(),
        }
    }
}

/// The number of an interner's values, and their bytes.
pub(crate) struct InternerUsage {
    pub(crate) values: usize,
    pub(crate) bytes: usize,
    pub(crate) table_bytes: usize,
}
