//! `Generations`: a bounded map for what strangers choose the keys of.

use std::collections::HashMap;
use std::hash::Hash;

/// The most keys of a generation. Two are kept, so memory is bounded however many keys are tried.
const GENERATION: usize = 50_000;

/// A map that forgets the keys that were not set for longest, a generation at a time.
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Generations { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(crate) fn set(&mut self, key: K, value: V) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_the_latest_stay() {
        let mut generations = Generations::default();
        for key in 0..3 * GENERATION {
            generations.set(key, key);
        }
        assert!(generations.young.len() <= GENERATION && generations.old.len() <= GENERATION);
        assert_eq!(generations.get(&(2 * GENERATION)), Some(&(2 * GENERATION)));
        assert_eq!(generations.get(&0), None);
    }
}
