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
    /// A session ends after this time without use: 30 minutes. If several nodes share a store, up to two
    /// flush intervals later.
    pub idle: Duration,
    /// A session ends after this total time: 12 hours.
    pub absolute: Duration,
    /// The number of sessions on this node at which a login is refused or ends another session: 1,000,000.
    /// Each node counts its own, so a cluster of `n` nodes may hold up to `n` times as many. Rows in the
    /// store are not counted.
    pub max_sessions: usize,
    /// The most sessions of one user in one client on this node; `None` for no limit. Each node counts its
    /// own.
    pub max_sessions_per_user: Option<usize>,
    /// What happens to a login at one of the two limits.
    pub at_limit: AtLimit,
    /// How often use is written to the store: 30 s. A process that is killed loses the use of up to one
    /// interval; expiry in the store allows for two.
    pub flush_interval: Duration,
    /// A revocation on another node takes effect here within this time plus the store's response time: 5 s.
    /// Only for shared stores.
    pub revalidate_within: Duration,
    /// How long sessions stay valid while the store is unavailable; `None` for their idle time.
    pub fail_open: Option<Duration>,
    /// How long after a failure of the store sessions in memory are answered without asking it again: 1 s.
    pub retry_after: Duration,
    /// How many sessions, and how many trees and accesses, one sweep takes from the store at most: 1,000.
    pub sweep_batch: usize,
    /// How long the store keeps trees and accesses that no session refers to: one hour.
    pub collect_grace: Duration,
    /// The rule for automatic roles: only their access rows count.
    pub automatic_roles: AutomaticRoles,
}

/// What happens to a login at a limit.
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

    /// How much longer than its idle time the store keeps a session, for use that is not written yet.
    pub(crate) fn allowance(&self) -> Duration {
        self.flush_interval.saturating_mul(2)
    }
}
