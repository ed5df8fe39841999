//! `Freshness`: is a pinned tree still the client's tree?

use std::sync::Arc;
use std::time::Duration;

use org_structure::Fingerprint;
use session::{ClientId, Clock, OrgSource, PortError, Revision};

use super::cache::TimedCache;

/// Knows the fingerprint of each client's tree as it is now, or was a moment ago.
#[derive(Debug)]
pub(crate) struct Freshness {
    source: Arc<dyn OrgSource>,
    states: TimedCache<ClientId, State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    revision: Option<Revision>,
    fingerprint: Fingerprint,
}

impl Freshness {
    pub(crate) fn new(source: Arc<dyn OrgSource>, keep: Duration, clock: Arc<dyn Clock>) -> Self {
        Freshness { source, states: TimedCache::new(keep, clock) }
    }

    /// The fingerprint of a client's tree. Where revisions are kept it takes one small read to know that nothing changed, else
    /// the tree is read.
    pub(crate) async fn current(&self, client: ClientId) -> Result<Fingerprint, PortError> {
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
            })
        };
        self.states.get(client, load).await.map(|state| state.fingerprint)
    }
}
