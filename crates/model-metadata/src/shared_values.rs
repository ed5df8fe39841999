//! `SharedValues`: stores each distinct value of a table once; entries with equal values share the
//! allocation.

use core::hash::Hash;
use std::collections::HashMap;
use std::sync::Arc;

/// A value that several entries can share.
pub(crate) trait SharedValue: Eq + Hash + Send + Sync {
    /// The heap memory that the value owns.
    fn heap_bytes(&self) -> usize;
}

/// The distinct values of a table, with their reference counts.
#[derive(Debug)]
pub(crate) struct SharedValues<V> {
    uses: HashMap<Arc<V>, usize, ahash::RandomState>,
}

impl<V> Default for SharedValues<V> {
    fn default() -> Self {
        SharedValues { uses: HashMap::default() }
    }
}

impl<V: SharedValue> SharedValues<V> {
    /// Interns a value and counts a reference; returns the shared allocation, and the bytes that were added.
    pub(crate) fn acquire(&mut self, value: V) -> (Arc<V>, usize) {
        if let Some((shared, _)) = self.uses.get_key_value(&value) {
            let shared = Arc::clone(shared);
            if let Some(uses) = self.uses.get_mut(&value) {
                *uses += 1;
            }
            return (shared, 0);
        }
        let value = Arc::new(value);
        self.uses.insert(Arc::clone(&value), 1);
        let bytes = Self::bytes(&value);
        (value, bytes)
    }

    /// Releases a reference to a value; returns the bytes that were freed.
    pub(crate) fn release(&mut self, value: &Arc<V>) -> usize {
        match self.uses.get_mut(value) {
            Some(uses) if *uses > 1 => {
                *uses -= 1;
                0
            }
            Some(_) => {
                self.uses.remove(value);
                // Free memory after a peak.
                if self.uses.capacity() > 64 && self.uses.len() < self.uses.capacity() / 4 {
                    self.uses.shrink_to(self.uses.len() * 2);
                }
                Self::bytes(value)
            }
            None => 0,
        }
    }

    /// The number of distinct values.
    pub(crate) fn len(&self) -> usize {
        self.uses.len()
    }

    /// The bytes of a value's allocation (with its two counts) and of its slot. Counts the slot twice, since
    /// half of the hash table may be free.
    fn bytes(value: &Arc<V>) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        const SLOT: usize = 2 * (size_of::<(usize, usize)>() + 1);
        COUNTS + size_of::<V>() + value.heap_bytes() + SLOT
    }
}
