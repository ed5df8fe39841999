//! `Attempts`: limits on failed logins by network, by user and network, and by user.
//!
//! | limit by | when exhausted |
//! | --- | --- |
//! | user and network | refused, or slowed if the user has logged in from that network before |
//! | network | refused, except for users who have logged in from that network before |
//! | user | slowed, except from networks from which the user has logged in before |
//!
//! So failures in one network never lock a user out of another network.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use session::Clock;

use crate::http::login::limiter::{Allowance, BoundedMap, Limiter, Reservation, bounded_map};
use crate::http::middleware::client_address::Network;

/// The maximum number of networks remembered per user, so that no user can exhaust the memory.
const NETWORKS_OF_USER: usize = 16;

/// The maximum time by which an attempt is slowed before it is refused. Requests time out after 30 s.
const MAX_DELAY: Duration = Duration::from_secs(20);

/// Counts failed logins, and remembers the networks from which users have logged in.
#[derive(Debug)]
pub(crate) struct Attempts {
    by_network: Arc<Limiter<Network>>,
    by_user_and_network: Arc<Limiter<(UserKey, Network)>>,
    by_user: Limiter<UserKey>,
    known_networks: Mutex<BoundedMap<UserKey, Vec<Network>>>,
}

/// The number of failures before the table above applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailureAllowances {
    pub(crate) by_network: Allowance,
    pub(crate) by_user_and_network: Allowance,
    pub(crate) by_user: Allowance,
}

/// The hash of a user name, so that long names cannot exhaust the memory.
type UserKey = blake3::Hash;

/// An attempt to log in. Dropping it counts neither a failure nor a success.
#[derive(Debug)]
pub(crate) struct Attempt {
    user: UserKey,
    network: Network,
    by_user_and_network: Reservation<(UserKey, Network)>,
    by_network: Option<Reservation<Network>>,
}

impl Attempts {
    pub(crate) fn new(allowed: FailureAllowances, clock: Arc<dyn Clock>) -> Self {
        Attempts {
            by_network: Arc::new(Limiter::new(allowed.by_network, Arc::clone(&clock))),
            by_user_and_network: Arc::new(Limiter::new(allowed.by_user_and_network, Arc::clone(&clock))),
            by_user: Limiter::new(allowed.by_user, clock),
            known_networks: Mutex::new(bounded_map()),
        }
    }

    /// Begins an attempt. Waits while the limits slow it down.
    ///
    /// # Errors
    /// Failures refuse the attempt. The next one is possible after the returned duration.
    pub(crate) async fn begin(&self, user: &str, network: Network) -> Result<Attempt, Duration> {
        let user = blake3::hash(user.as_bytes());
        let pair = (user, network);
        if self.is_known(user, network) {
            let by_user_and_network = self.reserve_slowly(pair).await?;
            return Ok(Attempt { user, network, by_user_and_network, by_network: None });
        }
        let delay = self.by_user.wait(user);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let by_user_and_network = self.by_user_and_network.reserve(pair).await?;
        let by_network = Some(self.by_network.reserve(network).await?);
        Ok(Attempt { user, network, by_user_and_network, by_network })
    }

    /// Waits until failures no longer refuse the attempt, up to the maximum delay.
    async fn reserve_slowly(
        &self,
        pair: (UserKey, Network),
    ) -> Result<Reservation<(UserKey, Network)>, Duration> {
        let mut total_delay = Duration::ZERO;
        loop {
            let wait = match self.by_user_and_network.reserve(pair).await {
                Ok(reservation) => return Ok(reservation),
                Err(wait) => wait,
            };
            total_delay += wait;
            if total_delay > MAX_DELAY {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Counts a failure without a known user, such as a forged assertion. If failures already refuse further
    /// attempts, returns for how long.
    pub(crate) fn fail_without_user(&self, network: Network) -> Result<(), Duration> {
        self.by_network.fail(network)
    }

    /// Records a success. Later attempts of the user from this network are exempt as in the table above.
    pub(crate) fn succeed(&self, attempt: Attempt) {
        let Attempt { user, network, .. } = attempt;
        let mut known_networks = self.known_networks.lock();
        let mut networks = known_networks.peek(&user).cloned().unwrap_or_default();
        networks.retain(|other| *other != network);
        networks.truncate(NETWORKS_OF_USER - 1);
        networks.insert(0, network);
        known_networks.insert(user, networks);
    }

    /// Counts a failure.
    pub(crate) fn fail(&self, attempt: Attempt) {
        let Attempt { user, network, by_user_and_network, by_network } = attempt;
        by_user_and_network.fail();
        // An exhausted limit stays exhausted.
        match by_network {
            Some(reservation) => reservation.fail(),
            None => drop(self.by_network.fail(network)),
        }
        let _full = self.by_user.fail(user);
    }

    fn is_known(&self, user: UserKey, network: Network) -> bool {
        self.known_networks.lock().peek(&user).is_some_and(|networks| networks.contains(&network))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};
    use session::ManualClock;

    use super::*;
    use crate::http::settings::Settings;

    const MINUTE: Duration = Duration::from_secs(60);

    fn network(last: u8) -> Network {
        Network::containing([192, 0, 2, last].into())
    }

    fn attempts(change: impl FnOnce(&mut Settings)) -> (Attempts, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        let mut settings = Settings::default();
        change(&mut settings);
        (Attempts::new(settings.failures(), Arc::clone(&clock) as _), clock)
    }

    /// Makes guesses, and returns how many of them were verified.
    async fn guess(attempts: &Attempts, user: &str, from: Network, times: usize) -> usize {
        let guesses = (0..times).map(async |_| match attempts.begin(user, from).await {
            Ok(attempt) => {
                attempts.fail(attempt);
                1
            }
            Err(_) => 0,
        });
        join_all(guesses).await.into_iter().sum()
    }

    #[tokio::test]
    async fn failures_in_one_network_do_not_lock_the_user_out_of_another() {
        let (attempts, clock) =
            attempts(|settings| settings.failures_by_user = Allowance::new(50, MINUTE / 6_000));
        let mut checked = 0;
        for _ in 0..100 {
            checked += guess(&attempts, "user", network(1), 20).await;
            clock.advance(Duration::from_secs(6));
        }
        assert!((100..=120).contains(&checked), "{checked}");
        assert!(attempts.begin("user", network(1)).await.is_ok(), "one more per interval");
        guess(&attempts, "user", network(1), 1).await;
        assert!(attempts.begin("user", network(1)).await.is_err());
        assert!(attempts.begin("user", network(2)).await.is_ok());
    }

    #[tokio::test]
    async fn a_user_who_has_logged_in_from_the_network_is_exempt() {
        let (attempts, _) = attempts(|settings| settings.failures_by_user = Allowance::new(1, MINUTE));
        attempts.succeed(attempts.begin("user", network(1)).await.unwrap());
        for number in 0..30 {
            guess(&attempts, &number.to_string(), network(1), 1).await;
        }
        assert!(attempts.begin("other", network(1)).await.is_err(), "the network has failed too often");
        assert!(attempts.begin("user", network(1)).await.is_ok());
        guess(&attempts, "user", network(2), 1).await;
        let mut elsewhere = Box::pin(attempts.begin("user", network(99)));
        assert!(poll_immediate(&mut elsewhere).await.is_none(), "slowed");
        let mut there = Box::pin(attempts.begin("user", network(1)));
        assert!(poll_immediate(&mut there).await.is_some(), "not slowed");
    }

    #[tokio::test]
    async fn failures_in_a_known_network_only_slow_the_user() {
        let (attempts, clock) = attempts(|settings| {
            settings.failures_by_user_and_network = Allowance::new(2, Duration::from_millis(50));
        });
        attempts.succeed(attempts.begin("user", network(1)).await.unwrap());
        guess(&attempts, "user", network(1), 2).await;
        let mut user = Box::pin(attempts.begin("user", network(1)));
        assert!(poll_immediate(&mut user).await.is_none());
        clock.advance(Duration::from_millis(50));
        assert!(user.await.is_ok());
    }

    #[tokio::test]
    async fn a_user_cannot_exhaust_the_memory() {
        let (attempts, _) = attempts(|_| {});
        for number in 0..100 {
            attempts.succeed(attempts.begin("user", network(number)).await.unwrap());
        }
        let user = blake3::hash(b"user");
        assert_eq!(attempts.known_networks.lock().peek(&user).unwrap().len(), NETWORKS_OF_USER);
        assert!(attempts.is_known(user, network(99)) && !attempts.is_known(user, network(0)));
    }
}
