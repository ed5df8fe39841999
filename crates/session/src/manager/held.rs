//! Which trees the sessions of this node hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use org_structure::{Fingerprint, OrgStructure};

use super::SessionManager;
use crate::ClientId;

/// A tree with the number of this node's sessions of one client that are pinned to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeldTree {
    /// The client of the sessions.
    pub client: ClientId,
    /// The name of the tree.
    pub fingerprint: Fingerprint,
    /// The tree.
    pub structure: Arc<OrgStructure>,
    /// How many sessions hold it.
    pub sessions: usize,
}

impl SessionManager {
    /// The trees that the sessions of this node hold, ordered by client, then by fingerprint. Clients with equal trees
    /// share one, which is named for each of them.
    ///
    /// # Complexity
    /// O(sessions): for administrators, not for every request.
    #[must_use]
    pub fn held_trees(&self) -> Vec<HeldTree> {
        let mut held: BTreeMap<(ClientId, [u8; 32]), HeldTree> = BTreeMap::new();
        for shard in self.core.table.shards() {
            for live in self.core.table.select(shard, |_| true) {
                let (client, fingerprint) = (live.record.client, live.record.tree);
                let entry = held.entry((client, *fingerprint.as_bytes()));
                let tree = entry.or_insert_with(|| HeldTree {
                    client,
                    fingerprint,
                    structure: Arc::clone(&live.pinned.tree.structure),
                    sessions: 0,
                });
                tree.sessions += 1;
            }
        }
        held.into_values().collect()
    }
}
