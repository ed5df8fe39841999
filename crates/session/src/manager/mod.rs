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

use reopen::Reopener;

pub use inspection::TreeInUse;
pub use login::{Login, Notice};
pub use revocation::Revocation;
#[cfg(not(shuttle))]
pub use task::MaintenanceTask;

/// Creates sessions, finds them by their tokens, and ends them. A clone is another handle to the same
/// manager.
///
/// [The crate's page](crate#guarantees) says which guarantees hold always and which eventually.
///
/// # Examples
/// `Erp` is an [`OrgSource`] whose users have the companies `Madrid` and `Sevilla`.
/// ```
#[doc = include_str!("../../doc/erp.txt")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use session::{MemoryStore, Options, Principal, Scope, SessionManager};
///
/// let sessions = SessionManager::new(Erp, MemoryStore::default(), Options::default());
/// let login = sessions.login(Principal::new("100".parse()?)).await?;
///
/// // In every request. In this process the session is in memory; `session` also asks the store.
/// let session = sessions.session(&login.token).await?;
/// assert!(sessions.session_in_memory(&login.token).is_some());
/// assert!(sessions.expires_in(&session) <= sessions.options().idle);
/// // For a request that no user has caused.
/// sessions.peek(&login.token).await?;
///
/// // A session never changes: another tree, role or organization is another session.
/// let login = sessions.refresh(&login.token).await?;
/// assert!(session.is_ended());
/// let login = sessions.switch_org(&login.token, "Sevilla".parse()?).await?;
/// assert_eq!(login.session.org(), "Sevilla");
/// let login = sessions.switch_role(&login.token, "R".parse()?, None).await?;
/// assert_eq!(login.session.org(), "Madrid");
///
/// // Administration: of this node, of all nodes.
/// let (client, user) = (login.session.client(), login.session.user());
/// assert_eq!(sessions.held_users().into_iter().collect::<Vec<_>>(), [(user, client)]);
/// assert_eq!(sessions.held_sessions(client, user).len(), 1);
/// assert_eq!(sessions.held_record(login.session.id()), Some(login.session.to_record()));
/// assert_eq!(sessions.trees_in_use()[0].sessions, 1);
/// assert_eq!(sessions.list(Scope::Client(client), None, 100).await?.len(), 1);
/// println!("{:?} old, {} bytes", sessions.age_of(&login.session), sessions.footprint().total());
///
/// // `start_maintenance` does this on a timer.
/// sessions.maintain().await?;
///
/// assert_eq!(sessions.logout(&login.token).await?.sessions, 1);
/// // All sessions of a user; none is left.
/// let revocation = sessions.end(Scope::User(client, user)).await;
/// assert_eq!((revocation.sessions, revocation.pending.is_none()), (0, true));
/// assert!(sessions.session(&login.token).await.is_err());
/// assert_eq!((sessions.stats().logins, sessions.stats().sessions), (4, 0));
///
/// // At the end of the process.
/// sessions.shutdown().await?;
/// assert_eq!(sessions.pending_revocations(), []);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SessionManager {
    core: Arc<Core>,
}

/// Shows the number of sessions, not the sessions.
impl fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionManager").field("sessions", &self.core.table.len()).finish_non_exhaustive()
    }
}

// Lock order: `oldest`, then a shard of `table`, then a shard of its users. The lock of the findings in
// `trees` comes before that of the table of trees in `parts`. Every other lock is held alone, and none across
// an `await`.
struct Core {
    source: Arc<dyn OrgSource>,
    store: Arc<dyn SessionStore>,
    options: Options,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    counters: Arc<Counters>,
    trees: TreePool,
    parts: Arc<SharedParts>,
    reopening: Reopener,
    table: Table,
    oldest: Mutex<capacity::OldestSessions>,
    /// Revocations of many sessions that are not in the store yet, one for each scope.
    bulk_revocations: Mutex<Vec<revocation::BulkRevocation>>,
    health: Health,
    closing: AtomicBool,
}

/// The availability of the store, as this node sees it.
#[derive(Debug, Default)]
struct Health {
    /// When it last failed, if it has not answered since; else 0.
    failed: AtomicU64,
    /// No sweep before this moment: other nodes may have use that they could not write.
    quiet_until: AtomicU64,
}

impl SessionManager {
    /// A manager over a source and a store. Pass an `Arc` of either if you use it elsewhere too.
    #[must_use]
    pub fn new(source: impl OrgSource, store: impl SessionStore, options: Options) -> Self {
        Self::with_seams(source, store, options, Arc::new(SystemClock::default()), Arc::new(OsEntropy))
    }

    /// A manager with the caller's clock and entropy, for tests.
    ///
    /// # Examples
    /// ```
    #[doc = include_str!("../../doc/erp.txt")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use session::{ManualClock, MemoryStore, Options, OsEntropy, Principal, SessionManager};
    ///
    /// let clock = Arc::new(ManualClock::default());
    /// let (store, options) = (MemoryStore::new(clock.clone()), Options::default());
    /// let sessions = SessionManager::with_seams(Erp, store, options, clock.clone(), Arc::new(OsEntropy));
    ///
    /// let login = sessions.login(Principal::new("100".parse()?)).await?;
    /// clock.advance(sessions.options().idle);
    /// assert!(sessions.peek(&login.token).await.is_ok());
    /// clock.advance(Duration::from_millis(1));
    /// assert!(sessions.peek(&login.token).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
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
                reopening: Reopener::new(Arc::clone(&store), Arc::clone(&parts)),
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

    /// The counters, and the number of sessions and trees in memory.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let core = &self.core;
        Stats {
            sessions: core.table.len(),
            trees: core.parts.trees.measure(|_| 0).values,
            accesses: core.parts.accesses.measure(|_| 0).values,
            tree_findings: core.trees.count_findings(),
            pending_revocations: core.table.count_ending() + core.bulk_revocations.lock().len(),
            ..core.counters.read()
        }
    }

    /// The bytes of everything that this manager holds, without those of the store.
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

/// The heap bytes of a manager while no call is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManagerFootprint {
    /// The sessions and their lookup tables.
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

    /// Records whether a call to the store succeeded.
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

    /// Is it too early to ask a store that failed?
    fn is_store_away(&self, now: Moment) -> bool {
        let failed = self.health.failed.load(Ordering::Relaxed);
        failed != 0 && now.since(Moment(failed)) < self.options.retry_after
    }
}
