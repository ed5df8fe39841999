//! `SessionStore`: the port to the database in which sessions live.

use core::fmt::Debug;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use org_structure::{Fingerprint, OrgStructure};

use crate::cached_session::CachedSession;
use crate::{AccessHash, PortError, RoleAccess, Scope, SessionId, SessionRecord, StoredSession};

/// A session to be stored, with what it is pinned to.
#[derive(Clone, Copy, Debug)]
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
    /// The session as the manager holds it: a store in memory keeps that instead of a copy.
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

    /// The bytes to store under the tree's fingerprint. Made when asked for: a store that has them does not
    /// ask.
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

/// What [`SessionStore::create`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateOutcome {
    /// It is stored.
    Done,
    /// Nothing was changed, because the session to be replaced is not there any more.
    ReplacedIsGone,
}

/// The bytes that a store has under two hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The canonical bytes of the tree, if they were asked for and are there.
    pub tree: Option<Vec<u8>>,
    /// The canonical bytes of the access, if they were asked for and are there.
    pub access: Option<Vec<u8>>,
}

/// The last use of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// Which.
    pub id: SessionId,
    /// How long ago.
    pub ago: Duration,
}

/// What another node may have done. It proves nothing: the node that gets it revalidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// These sessions may have been ended.
    Ended(Scope),
    /// Hints may have been lost: anything may have happened.
    Anything,
}

/// Keeps sessions beyond the process, or for several.
///
/// A session is stored as one row that never changes but for when it was last used; what ended is not there
/// any more. So "is it there?" is the compare-and-set of every change.
///
/// All times are on the store's own clock. They cross this port as durations only, so that clocks of nodes
/// are never compared with it or with each other.
///
/// Calls may be dropped half-way: each is one transaction that happens as a whole or not at all. An
/// implementation has its own time limits and fails fast. Errors are [`PortError::transient`] if the same
/// call may succeed later.
///
/// Every implementation passes the `contract` suite (feature `contract`).
#[async_trait]
pub trait SessionStore: Debug + Send + Sync + 'static {
    /// Do several nodes share this store? If not, only this process ends sessions, and none is
    /// re-validated.
    fn is_shared(&self) -> bool {
        true
    }

    /// Stores a session with the bytes of its tree and its access, each once per hash, and ends the one that
    /// it replaces: all in one transaction, durable when this returns.
    ///
    /// That the bytes are there already is never taken for granted from memory alone: a session whose bytes
    /// are missing must not be stored. No row is written that all logins share.
    async fn create(&self, new: &NewSession<'_>) -> Result<CreateOutcome, PortError>;

    /// The session of that name as it is now, expired or not; `None` if it is not there. One read of one row,
    /// of the primary.
    async fn open(&self, id: &SessionId) -> Result<Option<StoredSession>, PortError>;

    /// The bytes under two hashes, exactly as they were stored; the caller verifies them.
    async fn contents(
        &self,
        tree: Option<&Fingerprint>,
        access: Option<&AccessHash>,
    ) -> Result<Contents, PortError>;

    /// Records when sessions were last used. The recorded moment only grows; sessions that are not there are
    /// passed over. At most [`BATCH`] at a time.
    async fn touch(&self, seen: &[LastUse]) -> Result<(), PortError>;

    /// Ends all sessions of a scope, and returns how many: durable when this returns. Idempotent.
    ///
    /// No clock decides whether a session ends. [`Scope::Session`] ends the session whatever `ago` is, and
    /// any scope with an `ago` of zero ends every session that the store has of it. A longer `ago` is for an
    /// end that is told late: it spares the sessions that began since, which are those that by the store's
    /// clock began less than `ago` ago. A session whose beginning lies in the future began before the clock
    /// was set back, and ends.
    ///
    /// Other nodes should be told by a [`Hint`], after the commit. It may get lost.
    async fn end(&self, scope: &Scope, ago: Duration) -> Result<u64, PortError>;

    /// Which of these sessions are not there: the re-validation, in one read of the primary. At most
    /// [`BATCH`] at a time.
    async fn missing(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, PortError>;

    /// Ends up to `limit` sessions that are older than their lifetime, or were not used for their idle time
    /// and `allowance` beyond it; says how many. One conditional statement: what is touched meanwhile stays.
    async fn sweep(&self, allowance: Duration, limit: usize) -> Result<u64, PortError>;

    /// Forgets up to `limit` trees and accesses that no session has referred to for `grace`; says how many.
    /// It never takes bytes from a session that is being created: either that finds them, or it stores them
    /// again.
    async fn collect(&self, grace: Duration, limit: usize) -> Result<u64, PortError>;

    /// Sessions of a scope, expired or not, ordered by name, after a given one; at most `limit`.
    async fn list(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: usize,
    ) -> Result<Vec<StoredSession>, PortError>;

    /// Waits for the next hint. May be dropped at any time. After a connection was lost and made again the
    /// first hint is [`Hint::Anything`]. A store without hints waits for ever.
    async fn next_hint(&self) -> Hint {
        core::future::pending().await
    }
}

/// A store that others use as well.
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

/// The most sessions that are touched or re-validated by one call.
pub const BATCH: usize = 10_000;
