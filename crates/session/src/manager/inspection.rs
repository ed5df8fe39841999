//! Inspection: the sessions and trees of this node, and the sessions in the store, for administrators.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use org_structure::{Fingerprint, OrgStructure};

use super::{ManagerFootprint, SessionManager};
use crate::{
    ClientId, Findings, PortError, Scope, Session, SessionFootprint, SessionId, SessionRecord, StoredSession,
    UserId,
};

/// A tree with the number of this node's sessions of one client that are pinned to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TreeInUse {
    /// The client of the sessions.
    pub client: ClientId,
    /// The name of the tree.
    pub fingerprint: Fingerprint,
    /// The tree.
    pub structure: Arc<OrgStructure>,
    /// Bytes that it takes on this node.
    pub bytes: usize,
    /// Oddities of the source's rows; `None` if this node read the tree from the store and not from the
    /// source, whose rows may have changed since.
    pub findings: Option<Arc<Findings>>,
    /// How many of the client's sessions are pinned to it.
    pub sessions: usize,
}

impl SessionManager {
    /// Bytes that a session takes on this node, or `None` if it is not in memory here. Does not count as use.
    #[must_use]
    pub fn footprint_of(&self, id: SessionId) -> Option<SessionFootprint> {
        self.core.table.get(&id).map(|live| Session::new(live).footprint())
    }

    /// Bytes that the sessions of one client, or of all, take on this node. A shared tree or access counts
    /// once. The manager's tables are left out, since all clients share them.
    ///
    /// # Complexity
    /// O(sessions): for administrators, not for every request.
    #[must_use]
    pub fn footprint_of_sessions(&self, client: Option<ClientId>) -> ManagerFootprint {
        let mut footprint = ManagerFootprint { sessions: 0, trees: 0, accesses: 0 };
        let (mut trees, mut accesses, mut roles) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for shard in self.core.table.shards() {
            for live in
                self.core.table.select(shard, |live| client.is_none_or(|client| live.client() == client))
            {
                footprint.sessions += live.footprint();
                let (role, access) = (&live.role, &live.role.access);
                if roles.insert(Arc::as_ptr(role)) {
                    footprint.accesses += role.footprint();
                }
                if accesses.insert(Arc::as_ptr(access)) {
                    footprint.accesses += access.footprint();
                }
                if trees.insert(Arc::as_ptr(&access.tree)) {
                    footprint.trees += access.tree.footprint();
                }
            }
        }
        footprint
    }

    /// The users who have sessions on this node, each with the client of the session, in this order.
    ///
    /// # Complexity
    /// O(sessions × log users): not for every request.
    #[must_use]
    pub fn held_users(&self) -> BTreeSet<(UserId, ClientId)> {
        let mut users = BTreeSet::new();
        for shard in self.core.table.shards() {
            let lives = self.core.table.select(shard, |_| true);
            users.extend(lives.iter().map(|live| (live.user, live.client())));
        }
        users
    }

    /// The sessions of a user that this node holds, oldest first. Does not count as use.
    #[must_use]
    pub fn held_sessions(&self, client: ClientId, user: UserId) -> Vec<Session> {
        self.core.table.users().sessions_of(client, user).into_iter().map(Session::new).collect()
    }

    /// How many sessions of a scope this node holds.
    ///
    /// # Complexity
    /// O(sessions).
    #[must_use]
    pub fn count_held(&self, scope: Scope) -> usize {
        let table = &self.core.table;
        table.shards().map(|shard| table.select(shard, |live| live.is_in(&scope)).len()).sum()
    }

    /// A session that this node holds. Does not count as use.
    #[must_use]
    pub fn held_record(&self, id: SessionId) -> Option<SessionRecord> {
        self.core.table.get(&id).map(|live| live.to_record())
    }

    /// Sessions of a scope on all nodes, ordered by id: at most `limit`, after a given one.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn list(
        &self,
        scope: Scope,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        self.core.record_outcome(self.core.store.list(&scope, after.as_ref(), limit).await)
    }

    /// How long ago a session was created.
    #[must_use]
    pub fn age_of(&self, session: &Session) -> Duration {
        self.core.clock.now().saturating_sub(session.began())
    }

    /// The trees that the sessions of this node hold, ordered by client, then by fingerprint. Clients with
    /// equal trees share one, which is named for each of them.
    ///
    /// # Complexity
    /// O(sessions): for administrators, not for every request.
    #[must_use]
    pub fn trees_in_use(&self) -> Vec<TreeInUse> {
        let mut held: BTreeMap<(ClientId, [u8; 32]), TreeInUse> = BTreeMap::new();
        for shard in self.core.table.shards() {
            for live in self.core.table.select(shard, |_| true) {
                let (client, fingerprint) = (live.client(), live.access().tree.fingerprint);
                let entry = held.entry((client, *fingerprint.as_bytes()));
                let tree = entry.or_insert_with(|| TreeInUse {
                    client,
                    fingerprint,
                    structure: Arc::clone(&live.role.structure),
                    bytes: live.access().tree.footprint(),
                    findings: self.core.trees.findings_of(client, fingerprint),
                    sessions: 0,
                });
                tree.sessions += 1;
            }
        }
        held.into_values().collect()
    }
}
