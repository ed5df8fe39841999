//! `Sharded`: a table in 64 parts, each under a lock of its own, so that threads seldom wait for each other.

/// The parts of a table.
#[derive(Debug)]
pub(crate) struct Sharded<T>(
    // INVARIANT: `SHARDS` parts.
    Box<[T]>,
);

pub(crate) const SHARDS: usize = 64;

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Sharded((0..SHARDS).map(|_| T::default()).collect())
    }
}

impl<T> Sharded<T> {
    /// The part of a key whose hash has these bits. The table within a part must use other bits.
    #[expect(clippy::indexing_slicing, reason = "the remainder is less than the number of parts")]
    pub(crate) fn at(&self, bits: usize) -> &T {
        &self.0[bits % SHARDS]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// The bytes of the parts, without what they own.
    pub(crate) fn footprint(&self) -> usize {
        size_of_val(&*self.0)
    }
}
