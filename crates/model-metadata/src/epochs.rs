//! `Epochs`: detects loads that an invalidation has made stale.

use core::hash::Hash;

use crate::DatabaseUser;

/// Counters that invalidations increment, in constant memory for any number of users and models.
///
/// Each user or model maps to a counter by hash. If two share a counter, they are invalidated together: that
/// costs an extra load, but never returns a stale value.
#[derive(Debug)]
pub(crate) struct Epochs {
    all: u64,
    users: Stripes,
    models: Stripes,
    hasher: ahash::RandomState,
}

/// The epochs of one key at one moment: the sum of its counters.
///
/// Counters never decrease, so equal sums mean that no counter has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Default for Epochs {
    fn default() -> Self {
        // Fixed seeds make runs repeatable. Provoked collisions only cause extra loads.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Epochs { all: 0, users: Stripes::default(), models: Stripes::default(), hasher }
    }
}

impl Epochs {
    /// The current stamp of a user and a model.
    pub(crate) fn stamp(&self, user: &DatabaseUser, model: &str) -> Stamp {
        let user_epoch = self.users.read(self.stripe(user));
        let model_epoch = self.models.read(self.stripe((user.database(), model)));
        Stamp(self.all + user_epoch + model_epoch)
    }

    pub(crate) fn raise_all(&mut self) {
        self.all += 1;
    }

    pub(crate) fn raise_user(&mut self, user: &DatabaseUser) {
        self.users.raise(self.stripe(user));
    }

    pub(crate) fn raise_model(&mut self, database: &str, model: &str) {
        self.models.raise(self.stripe((database, model)));
    }

    fn stripe(&self, name: impl Hash) -> u8 {
        let [stripe, ..] = self.hasher.hash_one(name).to_le_bytes();
        stripe
    }
}

/// 256 counters, indexed by the first byte of a hash.
#[derive(Debug)]
struct Stripes(Box<[u64; 256]>);

impl Default for Stripes {
    fn default() -> Self {
        Stripes(Box::new([0; 256]))
    }
}

#[expect(clippy::indexing_slicing, reason = "a byte always indexes one of 256 counters")]
impl Stripes {
    fn read(&self, stripe: u8) -> u64 {
        self.0[usize::from(stripe)]
    }

    fn raise(&mut self, stripe: u8) {
        self.0[usize::from(stripe)] += 1;
    }
}
