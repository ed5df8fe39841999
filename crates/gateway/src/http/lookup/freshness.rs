//! `Freshness`: is a pinned tree still the client's tree?

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

/// The longest wait for the ERP. A read that takes longer goes on, one for each client, and later callers get
/// what it finds.
const LONGEST: Duration = Duration::from_secs(1);

/// The most clients whose trees are remembered.
const CAPACITY: usize = 10_000;

/// The most trees that are read at a time to be compared: the pages of all users learn of a change within
/// seconds, and logins go first.
const MAX_TREES: usize = 2;

/// Knows the fingerprint of each client's tree as it is now, or was a moment ago.
#[derive(Debug)]
pub(crate) struct Freshness {
    source: Arc<dyn OrgSource>,
    keep: Duration,
    clock: Arc<dyn Clock>,
    reads: Mutex<HashMap<ClientId, Read>>,
    /// Whole trees that are read at a time for [`Freshness::tree`].
    trees: Semaphore,
}

/// A client's tree as it was a moment ago.
#[derive(Clone, Debug)]
pub(crate) struct State {
    revision: Option<Revision>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) findings: Arc<Findings>,
    /// When it was found. A read that takes long is of use for as long as any other.
    found: Duration,
}

type Answer = Result<State, Arc<PortError>>;

/// The last read of a client's tree, in flight or done.
#[derive(Debug)]
struct Read {
    began: Duration,
    answer: SharedLoadFuture<Answer>,
    /// What the read before it found.
    last: Option<State>,
}

impl Freshness {
    pub(crate) fn new(source: Arc<dyn OrgSource>, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Freshness { source, keep, clock, reads: Mutex::default(), trees: Semaphore::new(MAX_TREES) }
    }

    /// A client's tree; `None` if the ERP does not answer within a second. Where revisions are kept, one
    /// small read shows that nothing changed; otherwise the tree is read.
    pub(crate) async fn state(&self, client: ClientId) -> Result<Option<State>, Arc<PortError>> {
        self.state_within(client, LONGEST).await
    }

    /// A client's tree as it is now, read anew; `None` if that takes longer than a second.
    pub(crate) async fn tree(&self, client: ClientId) -> Result<Option<OrgStructure>, PortError> {
        let read = async {
            let _permit = self.trees.acquire().await.map_err(PortError::transient)?;
            Ok(self.source.load_tree(&client).await?.structure)
        };
        within(LONGEST, read).await.transpose()
    }

    /// The same for several clients. Once the ERP has not answered for one of them, the others do not wait
    /// for it.
    pub(crate) async fn states(
        &self,
        clients: BTreeSet<ClientId>,
    ) -> HashMap<ClientId, Result<Option<State>, Arc<PortError>>> {
        let mut states = HashMap::new();
        let mut longest = LONGEST;
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
        // A caller does not wait for longer because others have waited before.
        let waited = self.clock.now().saturating_sub(began);
        within(longest.saturating_sub(waited), answer).await.transpose()
    }

    /// The read that answers now: the last one, if it is in flight or not too old, or else a new one.
    fn read(&self, client: ClientId) -> (Duration, SharedLoadFuture<Answer>) {
        let mut reads = self.reads.lock();
        let now = self.clock.now();
        let last = match reads.get(&client).map(|read| (read, read.answer.clone().now_or_never())) {
            Some((read, None)) => return (read.began, read.answer.clone()),
            Some((read, Some(Ok(state)))) if now.saturating_sub(state.found) < self.keep => {
                return (read.began, read.answer.clone());
            }
            Some((_, Some(Ok(state)))) => Some(state),
            Some((read, Some(Err(_)))) => read.last.clone(),
            None => None,
        };
        if reads.len() >= CAPACITY && !reads.contains_key(&client) {
            reads.clear();
        }
        // A task, which goes on when its callers do not wait any longer.
        let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
        let task = tokio::spawn(load(source, clock, client, last.clone()));
        let (_, answer) = SharedLoad::begin(async {
            // Whether it is done is asked without waiting, so the answer is always yes once it is.
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
        return Ok(State { found: clock.now(), ..last });
    }
    let loaded = source.load_tree(&client).await?;
    Ok(State {
        revision: loaded.revision,
        fingerprint: loaded.structure.fingerprint(),
        findings: Arc::new(loaded.findings),
        found: clock.now(),
    })
}
