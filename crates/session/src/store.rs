//! `SessionStore`: the port to the database in which sessions live.

use core::fmt;
use core::fmt::Debug;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use org_structure::{Fingerprint, OrgStructure};

use crate::cached_session::CachedSession;
use crate::{AccessHash, PortError, RoleAccess, Scope, SessionId, SessionRecord, StoredSession};

/// A session to be stored, with what it is pinned to.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct NewSession<'a> {
    /// The session.
    pub record: &'a Arc<SessionRecord>,
    /// The tree, whose fingerprint is in the record.
    pub tree: &'a OrgStructure,
    /// The access, whose hash is in the record.
    pub access: &'a RoleAccess,
    /// The session that ends with this one's beginning.
    pub replaces: Option<SessionId>,
    /// The manager's own session: a store in memory shares it instead of making a copy.
    pub(crate) live: Option<&'a Arc<CachedSession>>,
}

impl<'a> NewSession<'a> {
    /// A session with what it is pinned to.
    #[must_use]
    pub const fn new(record: &'a Arc<SessionRecord>, tree: &'a OrgStructure, access: &'a RoleAccess) -> Self {
        NewSession { record, tree, access, replaces: None, live: None }
    }

    /// The same session in the place of another one.
    #[must_use]
    pub const fn replacing(mut self, old: Option<SessionId>) -> Self {
        self.replaces = old;
        self
    }

    pub(crate) const fn held_as(mut self, live: &'a Arc<CachedSession>) -> Self {
        self.live = Some(live);
        self
    }

    /// The bytes to store under the tree's fingerprint. Encoded on demand: a store that has them need not
    /// call this.
    #[must_use]
    pub fn tree_bytes(&self) -> Vec<u8> {
        self.tree.encode()
    }

    /// The bytes to store under the hash of the access.
    #[must_use]
    pub fn access_bytes(&self) -> Vec<u8> {
        self.access.encode(self.record.tree)
    }
}

/// Shows the session, not its tree and access.
impl fmt::Debug for NewSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("record", self.record).finish_non_exhaustive()
    }
}

/// What [`SessionStore::create`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateOutcome {
    /// The session is stored.
    Done,
    /// Nothing was changed, because the session to be replaced no longer exists.
    ReplacedIsGone,
}

/// The bytes that a store has under two hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The canonical bytes of the tree, if requested and found.
    pub tree: Option<Vec<u8>>,
    /// The canonical bytes of the access, if requested and found.
    pub access: Option<Vec<u8>>,
}

/// The last use of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// The session.
    pub id: SessionId,
    /// How long ago.
    pub ago: Duration,
}

/// What another node may have done. It proves nothing: the receiving node revalidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// These sessions may have been ended.
    Ended(Scope),
    /// Hints may have been lost: anything may have happened.
    Anything,
}

/// Stores sessions beyond the life of one process, or for several processes.
///
/// A session is one row that never changes, except for its last use; ending a session deletes the row. So the
/// existence of the row is the compare-and-set of every change.
///
/// All times are on the store's own clock and cross this port as durations, so that no clock is ever compared
/// with another.
///
/// Calls may be cancelled: each is one atomic transaction. An implementation has its own timeouts and fails
/// fast. Errors are [`PortError::transient`] if the same call may succeed later.
///
/// Every implementation passes the `contract` suite (feature `contract`).
#[async_trait]
pub trait SessionStore: Debug + Send + Sync + 'static {
    /// Do several nodes share this store? If not, only this process ends sessions, and nothing is
    /// revalidated.
    fn is_shared(&self) -> bool;

    /// Stores a session with the bytes of its tree and its access, each once per hash, and ends the one that
    /// it replaces: all in one transaction, durable when this returns.
    ///
    /// A store must not rely on its memory of which bytes exist: a session whose bytes are missing must not
    /// be stored. No login writes a row that all logins share.
    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError>;

    /// The session of that id, expired or not; `None` if there is none. One read of one row, on the primary.
    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError>;

    /// The bytes under two hashes, exactly as they were stored; the caller verifies them.
    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError>;

    /// Records when sessions were last used. The recorded time only moves forward; unknown sessions are
    /// skipped. At most [`BATCH`] at a time.
    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError>;

    /// Ends all sessions of a scope, and returns how many: durable when this returns. Idempotent.
    ///
    /// Ending depends on no clock: [`Scope::Session`] ignores `ago`, and any other scope with an `ago` of
    /// zero ends every session of it. A longer `ago` is for a revocation that reaches the store late: it
    /// spares the sessions that began since, that is less than `ago` ago by the store's clock. A session that
    /// began in the future was created before the clock was set back, and ends.
    ///
    /// The store should send other nodes a [`Hint`] after the commit. A hint may get lost.
    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError>;

    /// Which of these sessions do not exist: the revalidation, in one read on the primary. At most [`BATCH`]
    /// at a time.
    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError>;

    /// Ends up to `limit` sessions that are older than their lifetime, or unused for longer than their idle
    /// time plus `allowance`, and returns how many. One conditional statement: a session that is used
    /// meanwhile stays.
    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError>;

    /// Deletes up to `limit` trees and accesses that no session has referred to for `grace`, and returns how
    /// many. A session that is being created never loses its bytes: it finds them, or stores them again.
    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError>;

    /// Sessions of a scope, expired or not, ordered by id: at most `limit`, after a given one.
    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError>;

    /// Waits for the next hint. May be cancelled at any time. The first hint after a reconnect is
    /// [`Hint::Anything`]. A store without hints waits for ever.
    async fn next_hint(&self) -> Hint {
        core::future::pending().await
    }
}

/// A shared store.
#[async_trait]
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }

    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError> {
        (**self).create(new).await
    }

    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError> {
        (**self).open(id).await
    }

    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError> {
        (**self).contents(tree, access).await
    }

    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError> {
        (**self).touch(seen).await
    }

    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError> {
        (**self).end(scope, ago).await
    }

    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError> {
        (**self).missing(ids).await
    }

    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError> {
        (**self).sweep(allowance, limit).await
    }

    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError> {
        (**self).collect(grace, limit).await
    }

    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError> {
        (**self).list(scope, after, limit).await
    }

    async fn next_hint(&self) -> Hint {
        (**self).next_hint().await
    }
}

/// The most sessions that one call touches or revalidates.
pub const BATCH: usize = 10_000;
