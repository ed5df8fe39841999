//! `Usage`: statistics of requested fields, and of the benefit of prefetch.

use std::collections::BTreeMap;

/// Number of requests after which all counts are halved, so that recent requests weigh more.
const WINDOW: u32 = 64;
/// Maximum number of counted fields, because names are untrusted.
const MAX_FIELDS: usize = 256;
/// Minimum number of requests before anything is prefetched.
const MIN_REQUESTS: u32 = 8;
/// By how many values waste may exceed use before prefetch pauses.
const TOLERATED_WASTE: u64 = 32;
/// Number of requests for which prefetch pauses.
const PAUSE: u32 = 256;

/// The requests of a principal for a model.
#[derive(Debug, Default)]
pub(super) struct Usage {
    requests: u32,
    fields: BTreeMap<Box<str>, u32>,
    useful: u64,
    wasted: u64,
    /// Remaining requests of a pause.
    paused: u32,
}

impl Usage {
    /// Records a request for fields.
    pub(super) fn record_request(&mut self, fields: &[String]) {
        self.paused = self.paused.saturating_sub(1);
        self.requests += 1;
        for name in fields {
            if let Some(count) = self.fields.get_mut(name.as_str()) {
                *count += 1;
            } else if self.fields.len() < MAX_FIELDS {
                self.fields.insert(name.as_str().into(), 1);
            }
        }
        if self.requests >= WINDOW {
            self.requests /= 2;
            self.fields.retain(|_, count| {
                *count /= 2;
                *count > 0
            });
        }
    }

    /// The fields that more than half of the recent requests had; none while prefetch pauses.
    pub(super) fn frequent(&self) -> impl Iterator<Item = &str> {
        let prefetches = self.paused == 0 && self.requests >= MIN_REQUESTS;
        let frequent = self.fields.iter().filter(move |(_, count)| prefetches && **count * 2 > self.requests);
        frequent.map(|(name, _)| &**name)
    }

    /// Records prefetched values that were used or wasted. Returns whether prefetch pauses from now on.
    pub(super) fn record_prefetch(&mut self, useful: u64, wasted: u64) -> bool {
        self.useful += useful;
        self.wasted += wasted;
        if self.useful + self.wasted > 1_024 {
            self.useful /= 2;
            self.wasted /= 2;
        }
        let too_much = self.wasted > self.useful + TOLERATED_WASTE;
        if too_much {
            (self.useful, self.wasted, self.paused) = (0, 0, PAUSE);
        }
        too_much
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn fields_of_most_requests_are_frequent() {
        let mut usage = Usage::default();
        for round in 0..MIN_REQUESTS {
            assert_eq!(usage.frequent().count(), 0, "too early");
            usage.record_request(&names(if round % 2 == 0 { &["a", "b"] } else { &["a"] }));
        }
        assert_eq!(usage.frequent().collect::<Vec<_>>(), ["a"], "half is not most");
    }

    #[test]
    fn old_requests_lose_weight() {
        let mut usage = Usage::default();
        (0..200).for_each(|_| usage.record_request(&names(&["old"])));
        (0..100).for_each(|_| usage.record_request(&names(&["new"])));
        assert_eq!(usage.frequent().collect::<Vec<_>>(), ["new"]);
        (0..1_000).for_each(|_| usage.record_request(&[]));
        assert_eq!(usage.fields.len(), 0);
    }

    #[test]
    fn waste_pauses_prefetch() {
        let mut usage = Usage::default();
        (0..MIN_REQUESTS).for_each(|_| usage.record_request(&names(&["a"])));
        assert!(!usage.record_prefetch(10, 10 + TOLERATED_WASTE));
        assert!(usage.record_prefetch(0, 1));
        for _ in 0..PAUSE {
            assert_eq!(usage.frequent().count(), 0);
            usage.record_request(&names(&["a"]));
        }
        assert_eq!(usage.frequent().count(), 1);
    }
}
