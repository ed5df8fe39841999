//! `SharedValues`: keeps each distinct value of a table in one allocation, shared by all entries that use it.

use core::hash::Hash;
use std::collections::HashMap;
use std::sync::Arc;

/// A value that entries with an equal one can share.
pub(crate) trait SharedValue: Eq + Hash + Send + Sync {
    /// The bytes that the value owns besides itself.
    fn heap_bytes(&self) -> usize;
}

/// The distinct values of a table, with the number of entries that use each.
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
    /// Takes a value in use; returns the one allocation of it, and the bytes by which the table grew.
    pub(crate) fn acquire(&mut self, value: V) -> (Arc<V>, usize) {
        if let Some((known, _)) = self.uses.get_key_value(&value) {
            let known = Arc::clone(known);
            if let Some(uses) = self.uses.get_mut(&value) {
                *uses += 1;
            }
            return (known, 0);
        }
        let value = Arc::new(value);
        self.uses.insert(Arc::clone(&value), 1);
        let bytes = Self::bytes(&value);
        (value, bytes)
    }

    /// Gives up one use of a value; returns the bytes by which the table shrank.
    pub(crate) fn release(&mut self, value: &Arc<V>) -> usize {
        match self.uses.get_mut(value) {
            Some(uses) if *uses > 1 => {
                *uses -= 1;
                0
            }
            Some(_) => {
                self.uses.remove(value);
                // Give memory back after a peak.
                if self.uses.capacity() > 64 && self.uses.len() < self.uses.capacity() / 4 {
                    self.uses.shrink_to(self.uses.len() * 2);
                }
                Self::bytes(value)
            }
            None => 0,
        }
    }

    /// How many distinct values there are.
    pub(crate) fn len(&self) -> usize {
        self.uses.len()
    }

    /// The allocation of a value (with its two counts) and its slot in the table, half of which may be free.
    fn bytes(value: &Arc<V>) -> usize {
        const COUNTS: usize = 2 * size_of::<usize>();
        const SLOT: usize = 2 * (size_of::<(usize, usize)>() + 1);
        COUNTS + size_of::<V>() + value.heap_bytes() + SLOT
    }
}
