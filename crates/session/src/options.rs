//! `Options`: limits and intervals of a manager.

use core::time::Duration;

use crate::openbravo::AutomaticRoles;

/// How a manager behaves. The defaults suit an ERP with people at its screens.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use session::{AtLimit, Options};
///
/// let options = Options::default().with(|options| {
///     options.idle = Duration::from_secs(3_600);
///     options.at_limit = AtLimit::EndOldest;
/// });
/// assert_eq!(options.flush_interval, Duration::from_secs(30));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// A session ends after this time without use: 30 minutes. Where several nodes share a store, up to two
    /// flush intervals later.
    pub idle: Duration,
    /// A session ends after this time in all: 12 hours.
    pub absolute: Duration,
    /// The most sessions that this node holds by logins: 1,000,000. Each node counts its own, so a cluster of
    /// `n` nodes may hold up to `n` times as many. No rows are counted.
    pub max_sessions: usize,
    /// The most sessions of one user in one client on this node; `None` for any number. Each node counts its
    /// own.
    pub max_sessions_per_user: Option<usize>,
    /// What happens to a login at one of the two limits.
    pub at_limit: AtLimit,
    /// How often the store is told what was used: 30 s. If the process is killed, so much use may be
    /// forgotten; expiry in the store allows for two of these.
    pub flush_interval: Duration,
    /// An end on another node holds here after this time at the latest, plus the time that the store takes to
    /// answer: 5 s. Only for stores that are shared.
    pub revalidate_within: Duration,
    /// For how long sessions go on being answered while the store does not; `None` for their idle time.
    pub fail_open: Option<Duration>,
    /// For how long after a failure a session that is held here is answered without asking the store: 1 s.
    pub retry_after: Duration,
    /// How many sessions, and how many trees and accesses, one sweep takes from the store at most: 1,000.
    pub sweep_batch: usize,
    /// How long trees and accesses are kept in the store that no session refers to: one hour.
    pub collect_grace: Duration,
    /// The rule for automatic roles: only their access rows count.
    pub automatic_roles: AutomaticRoles,
}

/// What happens to a login that finds all places taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtLimit {
    /// It is refused.
    #[default]
    Refuse,
    /// The session that began first ends.
    EndOldest,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            idle: Duration::from_secs(30 * 60),
            absolute: Duration::from_secs(12 * 3_600),
            max_sessions: 1_000_000,
            max_sessions_per_user: None,
            at_limit: AtLimit::default(),
            flush_interval: Duration::from_secs(30),
            revalidate_within: Duration::from_secs(5),
            fail_open: None,
            retry_after: Duration::from_secs(1),
            sweep_batch: 1_000,
            collect_grace: Duration::from_secs(3_600),
            automatic_roles: AutomaticRoles::default(),
        }
    }
}

impl Options {
    /// The same options with a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// How much longer than its idle time the store keeps a session, for use that it was not told of yet.
    pub(crate) fn allowance(&self) -> Duration {
        self.flush_interval.saturating_mul(2)
    }
}
