//! `CachedSession`: a session in the memory of this node, in one allocation of 152 bytes.

use core::time::Duration;
use std::sync::Arc;

use org_structure::{OrgId, OrgIndex};

use crate::moment::Moment;
use crate::pinned::{PinnedAccess, PinnedRole, shared_bytes};
use crate::record::Lifetime;
use crate::{ClientId, Scope, SessionId, SessionRecord, UserId};
use platform::sync::{AtomicBool, AtomicU64, Ordering};

/// A session in the memory of this node.
///
/// [`PinnedRole`] holds client, role, tree, access and their hashes, shared between sessions.
pub(crate) struct CachedSession {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    ended: AtomicBool,
    // INVARIANT: an index of the pinned tree, or `OUTSIDE`; then the role has the id.
    org: OrgIndex,
    pub(crate) role: Arc<PinnedRole>,
    pub(crate) lifetime: Lifetime,
    pub(crate) began: Moment,
    /// Last use on this node.
    seen: AtomicU64,
    /// Last use that was written to the store.
    flushed: AtomicU64,
    /// Start of the last read that found the session in the store.
    validated: AtomicU64,
    /// When the session was last marked stale.
    stale_since: AtomicU64,
}

/// Never the index of an organization: no tree has that many.
const OUTSIDE: OrgIndex = OrgIndex::new(u32::MAX);

impl CachedSession {
    pub(crate) fn new(
        record: &SessionRecord,
        role: Arc<PinnedRole>,
        began: Moment,
        seen: Moment,
        validated: Moment,
    ) -> Self {
        CachedSession {
            id: record.id,
            user: record.user,
            ended: AtomicBool::new(false),
            org: role.structure.index_of(record.org.as_str()).unwrap_or(OUTSIDE),
            role,
            lifetime: record.lifetime,
            began,
            seen: AtomicU64::new(seen.0),
            flushed: AtomicU64::new(seen.0),
            validated: AtomicU64::new(validated.0),
            stale_since: AtomicU64::new(0),
        }
    }

    /// The bytes that are this session's alone.
    pub(crate) const fn footprint(&self) -> usize {
        shared_bytes::<Self>()
    }

    pub(crate) fn client(&self) -> ClientId {
        self.role.client
    }

    pub(crate) fn access(&self) -> &PinnedAccess {
        &self.role.access
    }

    /// The organization in which the session works.
    #[expect(
        clippy::expect_used,
        reason = "the role was created for this organization, so the role or its tree contains it"
    )]
    pub(crate) fn org(&self) -> OrgId {
        let role = &self.role;
        role.org_outside
            .or_else(|| role.structure.id(self.org))
            .expect("the organization of a session is known")
    }

    /// The session as a row of the store.
    pub(crate) fn to_record(&self) -> SessionRecord {
        SessionRecord {
            id: self.id,
            client: self.role.client,
            user: self.user,
            role: self.role.role,
            org: self.org(),
            tree: self.access().tree.fingerprint,
            access: self.access().hash,
            lifetime: self.lifetime,
        }
    }

    pub(crate) fn is_in(&self, scope: &Scope) -> bool {
        scope.covers_session(&self.id, &self.role.client, &self.user, &self.role.role)
    }

    pub(crate) fn touch(&self, now: Moment) {
        self.seen.fetch_max(now.0, Ordering::Relaxed);
    }

    pub(crate) fn seen(&self) -> Moment {
        Moment(self.seen.load(Ordering::Relaxed))
    }

    /// The last use, if it is not in the store yet.
    pub(crate) fn unflushed(&self) -> Option<Moment> {
        let seen = self.seen();
        (seen.0 > self.flushed.load(Ordering::Relaxed)).then_some(seen)
    }

    pub(crate) fn mark_flushed(&self, seen: Moment) {
        self.flushed.fetch_max(seen.0, Ordering::Relaxed);
    }

    pub(crate) fn validate(&self, began: Moment) {
        self.validated.fetch_max(began.0, Ordering::SeqCst);
    }

    /// Makes the next use revalidate the session.
    pub(crate) fn mark_stale(&self, now: Moment) {
        self.stale_since.fetch_max(now.0, Ordering::SeqCst);
    }

    pub(crate) fn needs_revalidation(&self) -> bool {
        self.stale_since.load(Ordering::SeqCst) >= self.validated.load(Ordering::SeqCst)
    }

    pub(crate) fn validated(&self) -> Moment {
        Moment(self.validated.load(Ordering::SeqCst))
    }

    pub(crate) fn is_too_old(&self, now: Moment) -> bool {
        now.since(self.began) > self.lifetime.absolute()
    }

    pub(crate) fn is_idle(&self, now: Moment, allowance: Duration) -> bool {
        now.since(self.seen()) > self.lifetime.idle().saturating_add(allowance)
    }

    /// The first moment at which the session is too old or, unless it is used again, idle.
    pub(crate) fn expires_at(&self) -> Moment {
        let idle = self.seen().after(self.lifetime.idle());
        idle.min(self.began.after(self.lifetime.absolute()))
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}
