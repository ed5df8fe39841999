//! `LoginHistory`: recent logins at this instance, by minute and by address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use session::{ClientId, Clock, SessionId};

/// The number of remembered minutes, the current one included.
pub(crate) const MINUTES: usize = 15;

/// The maximum number of counts, and of sessions with a remembered address.
const MAX_COUNTS: usize = 150_000;
const MAX_ADDRESSES: u64 = 100_000;

/// Counts logins by minute, and remembers the client address of each session. It is only shown to
/// administrators.
#[derive(Debug)]
pub(crate) struct LoginHistory {
    clock: Arc<dyn Clock>,
    /// Logins by minute and client. An insertion removes expired minutes.
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

    /// Logins per minute of one client or of all, the current minute last.
    pub(crate) fn logins(&self, client: Option<ClientId>) -> [u64; MINUTES] {
        let minute = self.minute();
        let mut sums = [0; MINUTES];
        for ((then, counted_client), count) in &*self.logins.lock() {
            if client.is_none_or(|client| client == *counted_client)
                && let Some(sum) = sums.iter_mut().rev().nth(age(minute, *then))
            {
                *sum += count;
            }
        }
        sums
    }

    /// Remembers the client address of a session, if it is known.
    pub(crate) fn record_address(&self, id: SessionId, address: IpAddr) {
        if !address.is_unspecified() {
            self.addresses.insert(id, address);
        }
    }

    /// The client address of a session, if this instance has created it since its start.
    pub(crate) fn address(&self, id: SessionId) -> Option<IpAddr> {
        self.addresses.get(&id)
    }

    fn minute(&self) -> u64 {
        self.clock.now().as_secs() / Duration::from_mins(1).as_secs()
    }
}

/// The age of a minute, in minutes.
fn age(now: u64, minute: u64) -> usize {
    usize::try_from(now.saturating_sub(minute)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use session::ManualClock;

    use super::*;

    #[test]
    fn logins_are_counted_by_minute_and_expire_after_15_minutes() {
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
