//! `Epochs`: tells which loads an invalidation has made stale.

use core::hash::Hash;

use crate::DatabaseUser;

const STRIPES: usize = 256;
const STRIPES_WIDE: u64 = 256;

/// Counters that invalidations raise, in constant memory for any number of names.
///
/// Names share counters by their hash. Two that share one are invalidated together, which costs a load and
/// never gives a stale answer.
#[derive(Debug)]
pub(crate) struct Epochs {
    all: u64,
    users: Box<[u64]>,
    models: Box<[u64]>,
    hasher: ahash::RandomState,
}

/// The epochs of one key at one moment.
///
/// It is the sum of the counters: they never shrink, so the sum is the same only while each of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Default for Epochs {
    fn default() -> Self {
        let stripes = || vec![0; STRIPES].into_boxed_slice();
        // Fixed seeds make runs repeatable. An attacker who provokes collisions gains only further loads.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Epochs { all: 0, users: stripes(), models: stripes(), hasher }
    }
}

impl Epochs {
    /// The epochs that concern a user's knowledge of a model.
    pub(crate) fn stamp(&self, user: &DatabaseUser, model: &str) -> Stamp {
        let database = user.database();
        let read = |stripes: &[u64], stripe| stripes.get(stripe).copied().unwrap_or_default();
        let user = read(&self.users, self.stripe(user));
        let model = read(&self.models, self.stripe((database, model)));
        Stamp(self.all + user + model)
    }

    pub(crate) fn raise_all(&mut self) {
        self.all += 1;
    }

    pub(crate) fn raise_user(&mut self, user: &DatabaseUser) {
        let stripe = self.stripe(user);
        raise(&mut self.users, stripe);
    }

    pub(crate) fn raise_model(&mut self, database: &str, model: &str) {
        let stripe = self.stripe((database, model));
        raise(&mut self.models, stripe);
    }

    fn stripe(&self, name: impl Hash) -> usize {
        usize::try_from(self.hasher.hash_one(name) % STRIPES_WIDE).unwrap_or_default()
    }
}

fn raise(stripes: &mut [u64], stripe: usize) {
    if let Some(epoch) = stripes.get_mut(stripe) {
        *epoch += 1;
    }
}
