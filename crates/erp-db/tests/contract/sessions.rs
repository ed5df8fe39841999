//! Sessions for tests to store.

use std::sync::Arc;
use std::time::Duration;

use org_structure::{OrgId, OrgRow, OrgStructure};
use session::openbravo::{AccessOptions, RoleFacts};
use session::{
    AccessHash, ClientId, CreateOutcome, Lifetime, NewSession, PortError, RoleAccess, RoleId, SessionId,
    SessionRecord, SessionStore, UserId, UserLevel,
};

/// A tree and access to it.
pub(crate) struct Pinned {
    tree: OrgStructure,
    access: RoleAccess,
}

impl Pinned {
    /// Different numbers give different trees.
    pub(crate) fn new(number: u32) -> Self {
        let id = format!("{number:032X}");
        let tree = OrgStructure::build([OrgRow::new("0"), OrgRow::new(&id).under("0")]).unwrap().structure;
        let role = RoleFacts {
            id: RoleId::ZERO,
            client: ClientId::ZERO,
            level: UserLevel::new(" CO").unwrap(),
            manual: true,
            active: true,
            accesses: Vec::new(),
            organizations: Vec::new(),
        };
        let access = role.access(&tree, &AccessOptions::default());
        Pinned { tree, access }
    }

    /// The record of a session of user `U` in role `R` of client `C`.
    pub(crate) fn record(&self, number: u64) -> Arc<SessionRecord> {
        let tree = self.tree.fingerprint();
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        Arc::new(SessionRecord {
            id: SessionId::from_bytes(id),
            client: ClientId::new("C").unwrap(),
            user: UserId::new("U").unwrap(),
            role: RoleId::new("R").unwrap(),
            org: OrgId::ZERO,
            tree,
            access: AccessHash::from_canonical(&self.access.encode(tree)),
            lifetime: Lifetime::new(Duration::from_secs(3_600), Duration::from_secs(36_000)),
        })
    }

    pub(crate) fn new_session<'a>(&'a self, record: &'a Arc<SessionRecord>) -> NewSession<'a> {
        NewSession::new(record, &self.tree, &self.access)
    }

    /// Stores a session.
    pub(crate) async fn try_create(
        &self,
        store: &dyn SessionStore,
        number: u64,
    ) -> Result<Arc<SessionRecord>, PortError> {
        let record = self.record(number);
        assert_eq!(store.create(&self.new_session(&record)).await?, CreateOutcome::Done);
        Ok(record)
    }

    pub(crate) async fn create(&self, store: &dyn SessionStore, number: u64) -> Arc<SessionRecord> {
        self.try_create(store, number).await.unwrap()
    }
}
