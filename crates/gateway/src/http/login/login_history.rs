//! `LoginHistory`: when users logged in and from where, as this instance saw it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use session::{ClientId, Clock, SessionId};

/// The minutes that are remembered, the running one included.
pub(crate) const MINUTES: usize = 15;

/// The most counts that are kept, and the most sessions whose address is.
const MAX_COUNTS: usize = 150_000;
const MAX_ADDRESSES: u64 = 100_000;

/// Counts logins by minute, and remembers the address behind each session. For administrators to look at:
/// nothing else depends on it.
#[derive(Debug)]
pub(crate) struct LoginHistory {
    clock: Arc<dyn Clock>,
    /// The logins of a minute in a client. What is added removes the minutes that are too old.
    logins: Mutex<BTreeMap<(u64, ClientId), u64>>,
    addresses: Cache<SessionId, IpAddr>,
}

impl LoginHistory {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        LoginHistory {
            clock,
            logins: Mutex::default(),
            addresses: Cache::with_weighter(64, MAX_ADDRESSES, UnitWeighter),
        }
    }

    /// Counts a login.
    pub(crate) fn record_login(&self, client: ClientId) {
        let minute = self.minute();
        let mut logins = self.logins.lock();
        while let Some(((oldest, _), _)) = logins.first_key_value()
            && (age(minute, *oldest) >= MINUTES || logins.len() >= MAX_COUNTS)
        {
            logins.pop_first();
        }
        *logins.entry((minute, client)).or_default() += 1;
    }

    /// Logins of each of the last minutes, the running one last: of one client, or of all.
    pub(crate) fn logins(&self, client: Option<ClientId>) -> [u64; MINUTES] {
        let minute = self.minute();
        let mut sums = [0; MINUTES];
        for ((then, of), count) in &*self.logins.lock() {
            if client.is_none_or(|client| client == *of)
                && let Some(sum) = sums.iter_mut().rev().nth(age(minute, *then))
            {
                *sum += count;
            }
        }
        sums
    }

    /// Remembers from where a session was asked for. An address that the server does not tell is not
    /// remembered.
    pub(crate) fn record_address(&self, id: SessionId, address: IpAddr) {
        if !address.is_unspecified() {
            self.addresses.insert(id, address);
        }
    }

    /// From where a session was asked for, if it was asked of this instance since it started.
    pub(crate) fn address(&self, id: SessionId) -> Option<IpAddr> {
        self.addresses.get(&id)
    }

    fn minute(&self) -> u64 {
        self.clock.now().as_secs() / Duration::from_mins(1).as_secs()
    }
}

/// How many minutes ago one was.
fn age(now: u64, minute: u64) -> usize {
    usize::try_from(now.saturating_sub(minute)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use session::ManualClock;

    use super::*;

    #[test]
    fn logins_are_counted_by_minute_and_forgotten_after_a_quarter_of_an_hour() {
        let clock = Arc::new(ManualClock::default());
        let history = LoginHistory::new(Arc::clone(&clock) as _);
        let [one, other] = ["A", "B"].map(|id| ClientId::new(id).unwrap());
        let expected = |counts: &[(usize, u64)]| {
            let mut all = [0; MINUTES];
            counts.iter().for_each(|(ago, count)| all[MINUTES - 1 - ago] = *count);
            all
        };
        history.record_login(one);
        history.record_login(one);
        history.record_login(other);
        assert_eq!(history.logins(None), expected(&[(0, 3)]));
        assert_eq!(history.logins(Some(one)), expected(&[(0, 2)]));
        clock.advance(Duration::from_mins(3));
        history.record_login(other);
        assert_eq!(history.logins(Some(other)), expected(&[(3, 1), (0, 1)]));
        assert_eq!(history.logins(None), expected(&[(3, 3), (0, 1)]));
        clock.advance(Duration::from_mins(11));
        assert_eq!(history.logins(None), expected(&[(14, 3), (11, 1)]));
        clock.advance(Duration::from_mins(1));
        assert_eq!(history.logins(None), expected(&[(12, 1)]));
        clock.advance(Duration::from_mins(60));
        assert_eq!(history.logins(None), expected(&[]));
    }
}
