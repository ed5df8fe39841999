//! `LoginHistory`: when users logged in and from where, as this instance saw it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use session::{ClientId, Clock, SessionId};

/// The minutes that are remembered, the running one included.
pub(crate) const MINUTES: usize = 15;

/// The most clients whose logins are counted, and the most sessions whose address is kept.
const MAX_CLIENTS: usize = 10_000;
const MAX_ADDRESSES: u64 = 100_000;

/// Counts logins by minute, and remembers the address behind each session. For administrators to look at:
/// nothing else depends on it.
#[derive(Debug)]
pub(crate) struct LoginHistory {
    clock: Arc<dyn Clock>,
    logins: Mutex<HashMap<ClientId, Logins>>,
    addresses: Cache<SessionId, IpAddr>,
}

/// Logins of the last minutes, each minute in the place of its number modulo their number.
#[derive(Debug, Default)]
struct Logins {
    /// The number of the last minute with a login.
    last: u64,
    counts: [u64; MINUTES],
}

impl Logins {
    /// Forgets the minutes that are too old by now.
    fn move_to(&mut self, minute: u64) {
        let passed = minute.saturating_sub(self.last).min(MINUTES as u64);
        for old in (self.last + 1..).take(usize::try_from(passed).unwrap_or(MINUTES)) {
            if let Some(count) = self.counts.get_mut(place(old)) {
                *count = 0;
            }
        }
        self.last = self.last.max(minute);
    }
}

fn place(minute: u64) -> usize {
    usize::try_from(minute % MINUTES as u64).unwrap_or_default()
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
        if logins.len() >= MAX_CLIENTS && !logins.contains_key(&client) {
            logins.retain(|_, logins| minute.saturating_sub(logins.last) < MINUTES as u64);
            // Where many are left, the next clean-up would come soon.
            if logins.len() > MAX_CLIENTS / 2 {
                logins.clear();
            }
        }
        let logins = logins.entry(client).or_default();
        logins.move_to(minute);
        if let Some(count) = logins.counts.get_mut(place(minute)) {
            *count += 1;
        }
    }

    /// Logins of each of the last minutes, the running one last: of one client, or of all.
    pub(crate) fn logins(&self, client: Option<ClientId>) -> [u64; MINUTES] {
        let minute = self.minute();
        let mut sums = [0; MINUTES];
        for (_, logins) in
            self.logins.lock().iter_mut().filter(|(of, _)| client.is_none_or(|one| one == **of))
        {
            logins.move_to(minute);
            for (sum, ago) in sums.iter_mut().rev().zip(0..) {
                // In the first minutes there are none before.
                let count = minute.checked_sub(ago).and_then(|minute| logins.counts.get(place(minute)));
                *sum += count.copied().unwrap_or_default();
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
