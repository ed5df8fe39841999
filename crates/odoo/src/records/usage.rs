//! `Usage`: which fields are asked for most of the time, and whether reading them ahead pays.

use std::collections::BTreeMap;

/// How many requests are remembered, the recent ones more than the early ones.
const REMEMBERED: u32 = 64;
/// How many fields are counted, at most: names come from outside.
const COUNTED: usize = 256;
/// How many requests must have been seen before anything is read ahead.
const ENOUGH: u32 = 8;
/// By how many fields waste may exceed use.
const TOLERATED: u64 = 32;
/// For how many requests nothing is read ahead after waste exceeded use.
const REST: u32 = 256;

/// What a principal asks of a model.
#[derive(Debug, Default)]
pub(super) struct Usage {
    requests: u32,
    fields: BTreeMap<Box<str>, u32>,
    useful: u64,
    wasted: u64,
    resting: u32,
}

impl Usage {
    /// Notes a request for fields.
    pub(super) fn note(&mut self, fields: &[String]) {
        self.resting = self.resting.saturating_sub(1);
        self.requests += 1;
        for name in fields {
            if let Some(count) = self.fields.get_mut(name.as_str()) {
                *count += 1;
            } else if self.fields.len() < COUNTED {
                self.fields.insert(name.as_str().into(), 1);
            }
        }
        if self.requests >= REMEMBERED {
            self.requests /= 2;
            self.fields.retain(|_, count| {
                *count /= 2;
                *count > 0
            });
        }
    }

    /// The fields that more than half of the recent requests asked for, unless reading ahead does not pay.
    pub(super) fn frequent(&self) -> impl Iterator<Item = &str> {
        let reads_ahead = self.resting == 0 && self.requests >= ENOUGH;
        let frequent =
            self.fields.iter().filter(move |(_, count)| reads_ahead && **count * 2 > self.requests);
        frequent.map(|(name, _)| &**name)
    }

    /// Notes what became of fields that were read ahead. Says whether that turned reading ahead off.
    pub(super) fn settle(&mut self, useful: u64, wasted: u64) -> bool {
        self.useful += useful;
        self.wasted += wasted;
        if self.useful + self.wasted > 1_024 {
            self.useful /= 2;
            self.wasted /= 2;
        }
        let too_much = self.wasted > self.useful + TOLERATED;
        if too_much {
            (self.useful, self.wasted, self.resting) = (0, 0, REST);
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
    fn what_most_requests_ask_for_is_frequent() {
        let mut usage = Usage::default();
        for round in 0..ENOUGH {
            assert_eq!(usage.frequent().count(), 0, "too early");
            usage.note(&names(if round % 2 == 0 { &["a", "b"] } else { &["a"] }));
        }
        assert_eq!(usage.frequent().collect::<Vec<_>>(), ["a"], "half is not most");
    }

    #[test]
    fn old_habits_are_forgotten() {
        let mut usage = Usage::default();
        (0..200).for_each(|_| usage.note(&names(&["old"])));
        (0..100).for_each(|_| usage.note(&names(&["new"])));
        assert_eq!(usage.frequent().collect::<Vec<_>>(), ["new"]);
        (0..1_000).for_each(|_| usage.note(&[]));
        assert_eq!(usage.fields.len(), 0);
    }

    #[test]
    fn waste_turns_it_off_and_time_on_again() {
        let mut usage = Usage::default();
        (0..ENOUGH).for_each(|_| usage.note(&names(&["a"])));
        assert!(!usage.settle(10, 10 + TOLERATED));
        assert!(usage.settle(0, 1));
        for _ in 0..REST {
            assert_eq!(usage.frequent().count(), 0);
            usage.note(&names(&["a"]));
        }
        assert_eq!(usage.frequent().count(), 1);
    }
}
