//! `Freshness`: finds out whether a pinned tree is still the client's current tree.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use org_structure::{Fingerprint, OrgStructure};
use parking_lot::Mutex;
use platform::flight::{SharedLoad, SharedLoadFuture};
use session::{ClientId, Clock, Findings, OrgSource, PortError, Revision};
use tokio::sync::Semaphore;

use crate::http::middleware::timeout::within;

/// The longest time that a caller waits for the ERP. A read that takes longer continues, one per client, and
/// later callers get its result.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The maximum number of clients with a cached state.
const CAPACITY: usize = 10_000;

/// The maximum number of concurrent reads of trees for comparison. After a change, the pages of all users ask
/// for one within seconds, and must not delay logins.
const MAX_TREES: usize = 2;

/// Caches the fingerprint of each client's current tree for a moment. Single flight per client.
#[derive(Debug)]
pub(crate) struct Freshness {
    source: Arc<dyn OrgSource>,
    keep: Duration,
    clock: Arc<dyn Clock>,
    reads: Mutex<HashMap<ClientId, Read>>,
    /// Limits the concurrent reads of [`Freshness::tree`].
    trees: Semaphore,
}

/// The state of a client's tree at its last read.
#[derive(Clone, Debug)]
pub(crate) struct State {
    revision: Option<Revision>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) findings: Arc<Findings>,
    /// When the read completed. The state expires by this time, not by the start of the read.
    completed: Duration,
}

type Answer = Result<State, Arc<PortError>>;

/// The latest read of a client's tree, in flight or completed.
#[derive(Debug)]
struct Read {
    began: Duration,
    answer: SharedLoadFuture<Answer>,
    /// The result of the previous successful read.
    last: Option<State>,
}

impl Freshness {
    pub(crate) fn new(source: Arc<dyn OrgSource>, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Freshness { source, keep, clock, reads: Mutex::default(), trees: Semaphore::new(MAX_TREES) }
    }

    /// The state of a client's tree, or `None` if the ERP does not answer within a second. If the ERP keeps
    /// revisions, an unchanged tree takes one small read. Otherwise the whole tree is read.
    pub(crate) async fn state(&self, client: ClientId) -> Result<Option<State>, Arc<PortError>> {
        self.state_within(client, MAX_WAIT).await
    }

    /// Reads a client's current tree. `None` if that takes longer than a second.
    pub(crate) async fn tree(&self, client: ClientId) -> Result<Option<OrgStructure>, PortError> {
        let read = async {
            let _permit = self.trees.acquire().await.map_err(PortError::transient)?;
            Ok(self.source.load_tree(&client).await?.structure)
        };
        within(MAX_WAIT, read).await.transpose()
    }

    /// The states of several clients. After the ERP has failed to answer for one of them, the others do not
    /// wait.
    pub(crate) async fn states(
        &self,
        clients: BTreeSet<ClientId>,
    ) -> HashMap<ClientId, Result<Option<State>, Arc<PortError>>> {
        let mut states = HashMap::new();
        let mut longest = MAX_WAIT;
        for client in clients {
            let found = self.state_within(client, longest).await;
            if matches!(found, Ok(None)) {
                longest = Duration::ZERO;
            }
            states.insert(client, found);
        }
        states
    }

    async fn state_within(
        &self,
        client: ClientId,
        longest: Duration,
    ) -> Result<Option<State>, Arc<PortError>> {
        let (began, answer) = self.read(client);
        // The wait counts from the start of the read, so a slow read does not delay every caller anew.
        let waited = self.clock.now().saturating_sub(began);
        within(longest.saturating_sub(waited), answer).await.transpose()
    }

    /// Returns the latest read if it is in flight or fresh. Otherwise starts a new one.
    fn read(&self, client: ClientId) -> (Duration, SharedLoadFuture<Answer>) {
        let mut reads = self.reads.lock();
        let now = self.clock.now();
        let last = match reads.get(&client).map(|read| (read, read.answer.clone().now_or_never())) {
            Some((read, None)) => return (read.began, read.answer.clone()),
            Some((read, Some(Ok(state)))) if now.saturating_sub(state.completed) < self.keep => {
                return (read.began, read.answer.clone());
            }
            Some((_, Some(Ok(state)))) => Some(state),
            Some((read, Some(Err(_)))) => read.last.clone(),
            None => None,
        };
        if reads.len() >= CAPACITY && !reads.contains_key(&client) {
            reads.clear();
        }
        // A task, so that the read continues after its callers have stopped waiting.
        let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
        let task = tokio::spawn(load(source, clock, client, last.clone()));
        let (_, answer) = SharedLoad::begin(async {
            // Unconstrained, so that `now_or_never` above sees a completed task even if the coop budget is spent.
            let done = tokio::task::unconstrained(task).await;
            done.unwrap_or_else(|error| Err(PortError::transient(error))).map_err(Arc::new)
        });
        reads.insert(client, Read { began: now, answer: answer.clone(), last });
        (now, answer)
    }
}

async fn load(
    source: Arc<dyn OrgSource>,
    clock: Arc<dyn Clock>,
    client: ClientId,
    last: Option<State>,
) -> Result<State, PortError> {
    if let Some(last) = last
        && last.revision.is_some()
        && source.revision(&client).await? == last.revision
    {
        return Ok(State { completed: clock.now(), ..last });
    }
    let loaded = source.load_tree(&client).await?;
    Ok(State {
        revision: loaded.revision,
        fingerprint: loaded.structure.fingerprint(),
        findings: Arc::new(loaded.findings),
        completed: clock.now(),
    })
}
