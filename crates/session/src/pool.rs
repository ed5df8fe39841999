//! `TreePool`: gives each login its tree, shared with every login that may share it.

use std::sync::{Arc, Weak};

use hashbrown::HashMap;
use org_structure::Fingerprint;

use crate::findings::FindingsTable;
use crate::pinned::{PinnedTree, SharedParts};
use crate::source::Revision;
use crate::stats::Counters;
use crate::{ClientId, Findings, OrgSource, PortError};
use platform::flight::{SharedLoad, SharedLoadFuture};
use platform::sync::{AtomicU64, Mutex, Ordering};

/// The trees of all clients.
///
/// A login takes a ticket when it begins. It then shares a live tree of the revision that it read; or it
/// joins a load of that revision, or one that began after the ticket; or it starts a load. Per client at most
/// one load runs and one is queued. The queued load begins when the running one is done, so any later login
/// may join it.
#[derive(Clone)]
pub(crate) struct TreePool(Arc<PoolState>);

struct PoolState {
    source: Arc<dyn OrgSource>,
    parts: Arc<SharedParts>,
    clients: Mutex<HashMap<ClientId, ClientTrees, ahash::RandomState>>,
    /// A logical clock that orders the starts of logins and loads, from 1.
    moments: AtomicU64,
    counters: Arc<Counters>,
    findings: FindingsTable,
}

/// When a login began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u64);

#[derive(Debug, Default)]
struct ClientTrees {
    latest: Option<(Revision, Weak<PinnedTree>)>,
    running: Option<TreeLoad>,
    queued: Option<TreeLoad>,
}

type Outcome = Result<LoadResult, PortError>;

/// The result of a load.
#[derive(Clone, Debug)]
struct LoadResult {
    tree: Arc<PinnedTree>,
    revision: Option<Revision>,
}

#[derive(Debug)]
struct TreeLoad {
    /// The revision that the login read before it started the load.
    seen: Option<Revision>,
    /// When the load began; 0 if it has not yet.
    began: Arc<AtomicU64>,
    flight: SharedLoad<Outcome>,
}

impl TreeLoad {
    /// Is the load's tree certainly no older than a login that took `ticket`?
    fn begins_after(&self, ticket: Ticket) -> bool {
        let began = self.began.load(Ordering::SeqCst);
        began == 0 || began > ticket.0
    }

    /// Is the load's tree probably of the revision that a login read after it took `ticket`?
    fn serves(&self, seen: Option<Revision>, ticket: Ticket) -> bool {
        self.begins_after(ticket) || seen.is_some() && seen == self.seen
    }
}

impl TreePool {
    pub(crate) fn new(source: Arc<dyn OrgSource>, parts: Arc<SharedParts>, counters: Arc<Counters>) -> Self {
        TreePool(Arc::new(PoolState {
            source,
            parts,
            clients: Mutex::new(HashMap::default()),
            moments: AtomicU64::new(1),
            counters,
            findings: FindingsTable::default(),
        }))
    }

    /// Takes the ticket of a login, before the login reads anything.
    pub(crate) fn take_ticket(&self) -> Ticket {
        Ticket(self.0.next_moment())
    }

    /// The tree of a client as it was when the ticket was taken, or later.
    pub(crate) async fn pin(&self, client: ClientId, ticket: Ticket) -> Result<Arc<PinnedTree>, PortError> {
        loop {
            let seen = self.0.source.revision(&client).await?;
            let (waiting, is_fresh) = {
                let mut clients = self.0.clients.lock();
                let state = clients.entry(client).or_default();
                if let Some(tree) = state.latest_of(seen) {
                    Counters::add(&self.0.counters.trees_by_revision, 1);
                    return Ok(tree);
                }
                self.join_or_begin(state, client, seen, ticket)
            };
            let loaded = waiting.await?;
            // A load that began before the login may have read rows that were changed and changed back since.
            // Then its revision differs from the one that both logins read. The next iteration finds that
            // load done, so the loop ends with a load that began after the ticket.
            if is_fresh || loaded.revision == seen {
                return Ok(loaded.tree);
            }
        }
    }

    fn join_or_begin(
        &self,
        state: &mut ClientTrees,
        client: ClientId,
        seen: Option<Revision>,
        ticket: Ticket,
    ) -> (SharedLoadFuture<Outcome>, bool) {
        let Some(running) = state.running() else {
            let (load, waiting) = self.begin(client, seen, None);
            (state.running, state.queued) = (Some(load), None);
            return (waiting, true);
        };
        let serving = |load: &TreeLoad| {
            let waiting = load.serves(seen, ticket).then(|| load.flight.join()).flatten()?;
            Some((waiting, load.begins_after(ticket)))
        };
        let joined =
            state.running.as_ref().and_then(serving).or_else(|| state.queued.as_ref().and_then(serving));
        if let Some(waiting) = joined {
            Counters::add(&self.0.counters.joined_loads, 1);
            return waiting;
        }
        let (load, waiting) = self.begin(client, seen, Some(running));
        state.queued = Some(load);
        (waiting, true)
    }

    /// A load that begins when the one before it has ended, successfully or not.
    fn begin(
        &self,
        client: ClientId,
        seen: Option<Revision>,
        after: Option<SharedLoadFuture<Outcome>>,
    ) -> (TreeLoad, SharedLoadFuture<Outcome>) {
        let shared = Arc::clone(&self.0);
        let began = Arc::new(AtomicU64::new(0));
        let beginning = Arc::clone(&began);
        let (flight, waiting) = SharedLoad::begin(async move {
            if let Some(before) = after {
                drop(before.await);
            }
            beginning.store(shared.next_moment(), Ordering::SeqCst);
            shared.load(client).await
        });
        (TreeLoad { seen, began, flight }, waiting)
    }

    /// Drops the entries of trees that are no longer in use.
    pub(crate) fn prune(&self) {
        self.0.parts.prune();
        self.0.findings.prune(|tree| self.0.parts.trees.get(tree).is_some());
        let mut clients = self.0.clients.lock();
        clients.retain(|_, state| state.is_of_use());
        clients.shrink_to_fit();
    }

    /// The bytes of the tables of clients and of findings.
    pub(crate) fn table_bytes(&self) -> usize {
        self.0.clients.lock().allocation_size() + self.0.findings.footprint()
    }

    /// The findings about a client's tree, if this node has loaded it.
    pub(crate) fn findings_of(&self, client: ClientId, tree: Fingerprint) -> Option<Arc<Findings>> {
        self.0.findings.get(client, tree)
    }

    /// How many findings there are about the trees that are held.
    pub(crate) fn count_findings(&self) -> usize {
        self.0.findings.total(|tree| self.0.parts.trees.get(tree).is_some())
    }
}

impl PoolState {
    fn next_moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    async fn load(&self, client: ClientId) -> Outcome {
        Counters::add(&self.counters.loads, 1);
        let loaded = self.source.load_tree(&client).await.inspect_err(|_| {
            Counters::add(&self.counters.failed_loads, 1);
        })?;
        let fingerprint = loaded.structure.fingerprint();
        let (tree, was_there) = self.parts.pin_tree(fingerprint, || loaded.structure);
        if was_there {
            Counters::add(&self.counters.trees_by_fingerprint, 1);
        }
        self.record_findings(client, fingerprint, loaded.findings);
        let revision = loaded.revision;
        if let Some(revision) = revision {
            let mut clients = self.clients.lock();
            clients.entry(client).or_default().latest = Some((revision, Arc::downgrade(&tree)));
        }
        Ok(LoadResult { tree, revision })
    }
}

impl PoolState {
    /// Logs the findings of each tree once.
    fn record_findings(&self, client: ClientId, tree: Fingerprint, findings: Findings) {
        let total = findings.total();
        let first: Vec<String> = findings.first().map(str::to_owned).collect();
        if self.findings.record(client, tree, findings) && total > 0 {
            Counters::add(&self.counters.trees_with_findings, 1);
            let first = first.join("; ");
            tracing::warn!(%client, %tree, findings = total, first, "the organization tree has oddities");
        }
    }
}

impl ClientTrees {
    fn latest_of(&self, seen: Option<Revision>) -> Option<Arc<PinnedTree>> {
        let (revision, tree) = self.latest.as_ref()?;
        tree.upgrade().filter(|_| seen == Some(*revision))
    }

    /// The running load. Promotes the queued load if the previous one is done.
    fn running(&mut self) -> Option<SharedLoadFuture<Outcome>> {
        let join = || self.running.as_ref().and_then(|load| load.flight.join());
        if let Some(waiting) = join() {
            return Some(waiting);
        }
        self.running = self.queued.take();
        self.running.as_ref().and_then(|load| load.flight.join())
    }

    fn is_of_use(&mut self) -> bool {
        self.running().is_some() || self.latest.as_ref().is_some_and(|(_, tree)| tree.strong_count() > 0)
    }
}
