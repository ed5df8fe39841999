//! `Freshness`: is a pinned tree still the client's tree?

use std::sync::Arc;
use std::time::Duration;

use org_structure::Fingerprint;
use session::{ClientId, Clock, Findings, OrgSource, PortError, Revision};

use super::cache::TimedCache;

/// Knows the fingerprint of each client's tree as it is now, or was a moment ago.
#[derive(Debug)]
pub(crate) struct Freshness {
    source: Arc<dyn OrgSource>,
    states: TimedCache<ClientId, State>,
}

/// A client's tree as it was a moment ago.
#[derive(Clone, Debug)]
pub(crate) struct State {
    revision: Option<Revision>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) findings: Arc<Findings>,
}

impl Freshness {
    pub(crate) fn new(source: Arc<dyn OrgSource>, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Freshness { source, states: TimedCache::new(keep, clock) }
    }

    /// The fingerprint of a client's tree. Where revisions are kept it takes one small read to know that nothing changed, else
    /// the tree is read.
    pub(crate) async fn current(&self, client: ClientId) -> Result<Fingerprint, PortError> {
        self.state(client).await.map(|state| state.fingerprint)
    }

    /// The same with what is odd about the tree.
    pub(crate) async fn state(&self, client: ClientId) -> Result<State, PortError> {
        let load = async |last: Option<State>| {
            if let Some(last) = last
                && last.revision.is_some()
                && self.source.revision(&client).await? == last.revision
            {
                return Ok(last);
            }
            let loaded = self.source.load_tree(&client).await?;
            Ok::<_, PortError>(State {
                revision: loaded.revision,
                fingerprint: loaded.structure.fingerprint(),
                findings: Arc::new(loaded.findings),
            })
        };
        self.states.get(client, load).await
    }
}
