//! `SessionManager`: creates, finds, replaces and ends sessions.

mod capacity;
mod inspection;
mod login;
mod lookup;
mod maintenance;
mod reopen;
mod revocation;
mod sweep;
#[cfg(not(shuttle))]
mod task;

use core::fmt;
use std::sync::Arc;

use crate::moment::Moment;
use crate::pinned::{PinnedAccess, PinnedRole, PinnedTree, SharedParts};
use crate::pool::TreePool;
use crate::record::Lifetime;
use crate::stats::Counters;
use crate::table::Table;
use crate::{Options, OrgSource, PortError, SessionStore, Stats};
use platform::sync::{AtomicBool, AtomicU64, Mutex, Ordering};
use platform::{Clock, SystemClock};
use platform::{Entropy, OsEntropy};

use reopen::Reopening;

pub use inspection::TreeInUse;
pub use login::{Login, Notice};
pub use revocation::Revocation;
#[cfg(not(shuttle))]
pub use task::MaintenanceTask;

/// Gives out sessions and finds them again. Cloning gives another handle to the same manager.
///
/// What it holds at once, always: an answer of a [`Session`](crate::Session) never changes; a login's tree is
/// no older than the login; an end said on this node holds here when the call returns; a login that was
/// acknowledged is in the store.
///
/// What holds after a time: an end said on another node ([`Options::revalidate_within`]); when a session was
/// last used ([`Options::flush_interval`]); limits, which each node counts for itself.
#[derive(Clone)]
pub struct SessionManager {
    core: Arc<Core>,
}

/// How much it holds, not what.
impl fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionManager").field("sessions", &self.core.table.len()).finish_non_exhaustive()
    }
}

// Lock order: `oldest`, then a shard of `table`, then a shard of its users. Under the findings of `trees`,
// the table of trees in `parts` is asked. Every other lock is held alone, and none across an `await`.
struct Core {
    source: Arc<dyn OrgSource>,
    store: Arc<dyn SessionStore>,
    options: Options,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    counters: Arc<Counters>,
    trees: TreePool,
    parts: Arc<SharedParts>,
    reopening: Reopening,
    table: Table,
    oldest: Mutex<capacity::OldestSessions>,
    /// Ends of many sessions that the store was not told yet, one a scope.
    bulk_revocations: Mutex<Vec<revocation::BulkRevocation>>,
    health: Health,
    closing: AtomicBool,
}

/// How the store fares, as far as this node can tell.
#[derive(Debug, Default)]
struct Health {
    /// When it failed last, if it has not answered since; else 0.
    failed: AtomicU64,
    /// No sweep before this: other nodes may have use to report that they could not.
    quiet_until: AtomicU64,
}

impl SessionManager {
    /// A manager over a source and a store. Pass an `Arc` of either if you use it elsewhere too.
    #[must_use]
    pub fn new(source: impl OrgSource, store: impl SessionStore, options: Options) -> Self {
        Self::with_seams(source, store, options, Arc::new(SystemClock::default()), Arc::new(OsEntropy))
    }

    /// A manager with a clock and random bytes of the caller's choice: for tests.
    #[must_use]
    pub fn with_seams(
        source: impl OrgSource,
        store: impl SessionStore,
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (source, store): (Arc<dyn OrgSource>, Arc<dyn SessionStore>) =
            (Arc::new(source), Arc::new(store));
        let counters = Arc::new(Counters::default());
        let parts = Arc::new(SharedParts::default());
        let trees = TreePool::new(Arc::clone(&source), Arc::clone(&parts), Arc::clone(&counters));
        SessionManager {
            core: Arc::new(Core {
                reopening: Reopening::new(Arc::clone(&store), Arc::clone(&parts)),
                trees,
                parts,
                source,
                store,
                options,
                clock,
                entropy,
                counters,
                table: Table::new(),
                oldest: Mutex::new(capacity::OldestSessions::default()),
                bulk_revocations: Mutex::new(Vec::new()),
                health: Health::default(),
                closing: AtomicBool::new(false),
            }),
        }
    }

    /// How this manager behaves.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.core.options
    }

    /// What was counted, and what is held now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let core = &self.core;
        Stats {
            sessions: core.table.len(),
            trees: core.parts.trees.measure(|_| 0).values,
            accesses: core.parts.accesses.measure(|_| 0).values,
            tree_findings: core.trees.count_findings(),
            pending_ends: core.table.count_ending() + core.bulk_revocations.lock().len(),
            ..core.counters.read()
        }
    }

    /// What everything weighs that this manager holds, without what the store keeps.
    ///
    /// # Complexity
    /// O(users + trees + accesses): for an administration page, not for every request.
    #[must_use]
    pub fn footprint(&self) -> ManagerFootprint {
        let core = &self.core;
        let trees = core.parts.trees.measure(PinnedTree::footprint);
        let accesses = core.parts.accesses.measure(PinnedAccess::footprint);
        let roles = core.parts.roles.measure(PinnedRole::footprint);
        ManagerFootprint {
            sessions: core.table.footprint(),
            trees: trees.bytes + trees.table_bytes + core.trees.table_bytes(),
            accesses: accesses.bytes + accesses.table_bytes + roles.bytes + roles.table_bytes,
        }
    }
}

/// What a manager holds, in bytes of the heap, when no call is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManagerFootprint {
    /// The sessions and the tables in which they are found.
    pub sessions: usize,
    /// The trees, each once.
    pub trees: usize,
    /// The roles and the accesses, each once.
    pub accesses: usize,
}

impl ManagerFootprint {
    /// All of it.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.sessions + self.trees + self.accesses
    }
}

impl Core {
    fn now(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::new(self.options.idle, self.options.absolute)
    }

    fn count(&self, counter: &AtomicU64) {
        Counters::add(counter, 1);
    }

    /// Takes note of how a call to the store went.
    fn record_outcome<T>(&self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        match &outcome {
            Ok(_) => {
                if self.health.failed.load(Ordering::Relaxed) != 0 {
                    let quiet = self.now().after(self.options.allowance());
                    self.health.quiet_until.fetch_max(quiet.0, Ordering::SeqCst);
                    self.health.failed.store(0, Ordering::SeqCst);
                }
            }
            Err(error) => {
                self.count(&self.counters.store_failures);
                if error.is_transient() {
                    self.health.failed.store(self.now().0, Ordering::SeqCst);
                }
            }
        }
        outcome
    }

    /// Did the store fail just now?
    fn is_store_away(&self, now: Moment) -> bool {
        let failed = self.health.failed.load(Ordering::Relaxed);
        failed != 0 && now.since(Moment(failed)) < self.options.retry_after
    }
}
