//! `Epochs`: tells which loads an invalidation has made stale.

use core::hash::Hash;

use crate::DatabaseUser;

/// Counters that invalidations raise, in constant memory for any number of names.
///
/// Names share counters by their hash. Two that share one are invalidated together, which costs a load and
/// never gives a stale answer.
#[derive(Debug)]
pub(crate) struct Epochs {
    all: u64,
    users: Stripes,
    models: Stripes,
    hasher: ahash::RandomState,
}

/// The epochs of one key at one moment.
///
/// It is the sum of the counters: they never shrink, so the sum is the same only while each of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Default for Epochs {
    fn default() -> Self {
        // Fixed seeds make runs repeatable. An attacker who provokes collisions gains only further loads.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Epochs { all: 0, users: Stripes::default(), models: Stripes::default(), hasher }
    }
}

impl Epochs {
    /// The epochs that concern a user's knowledge of a model.
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

/// A counter for each value of a byte of a hash.
#[derive(Debug)]
struct Stripes(Box<[u64; 256]>);

impl Default for Stripes {
    fn default() -> Self {
        Stripes(Box::new([0; 256]))
    }
}

#[expect(clippy::indexing_slicing, reason = "there is a counter for each value of a byte")]
impl Stripes {
    fn read(&self, stripe: u8) -> u64 {
        self.0[usize::from(stripe)]
    }

    fn raise(&mut self, stripe: u8) {
        self.0[usize::from(stripe)] += 1;
    }
}
