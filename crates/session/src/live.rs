//! `Live`: a session in memory.

use core::time::Duration;
use std::sync::Arc;

use crate::SessionRecord;
use crate::clock::Moment;
use crate::pinned::PinnedAccess;
use crate::shim::{AtomicBool, AtomicU64, Ordering};

/// A session that this node holds.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) record: Arc<SessionRecord>,
    pub(crate) pinned: Arc<PinnedAccess>,
    pub(crate) began: Moment,
    /// Last use here.
    seen: AtomicU64,
    /// Last use that the store was told.
    flushed: AtomicU64,
    /// When the last look into the store began that found it there.
    validated: AtomicU64,
    /// When there was last a reason to look again.
    doubted: AtomicU64,
    ended: AtomicBool,
}

impl Live {
    pub(crate) fn new(
        record: Arc<SessionRecord>,
        pinned: Arc<PinnedAccess>,
        began: Moment,
        seen: Moment,
        validated: Moment,
    ) -> Self {
        Live {
            record,
            pinned,
            began,
            seen: AtomicU64::new(seen.0),
            flushed: AtomicU64::new(seen.0),
            validated: AtomicU64::new(validated.0),
            doubted: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    pub(crate) fn touch(&self, now: Moment) {
        self.seen.fetch_max(now.0, Ordering::Relaxed);
    }

    pub(crate) fn seen(&self) -> Moment {
        Moment(self.seen.load(Ordering::Relaxed))
    }

    /// The last use, if the store was not told yet.
    pub(crate) fn unflushed(&self) -> Option<Moment> {
        let seen = self.seen();
        (seen.0 > self.flushed.load(Ordering::Relaxed)).then_some(seen)
    }

    pub(crate) fn flushed(&self, seen: Moment) {
        self.flushed.fetch_max(seen.0, Ordering::Relaxed);
    }

    pub(crate) fn validate(&self, began: Moment) {
        self.validated.fetch_max(began.0, Ordering::SeqCst);
    }

    /// Makes the next use look into the store.
    pub(crate) fn doubt(&self, now: Moment) {
        self.doubted.fetch_max(now.0, Ordering::SeqCst);
    }

    pub(crate) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::SeqCst) >= self.validated.load(Ordering::SeqCst)
    }

    pub(crate) fn validated(&self) -> Moment {
        Moment(self.validated.load(Ordering::SeqCst))
    }

    pub(crate) fn is_too_old(&self, now: Moment) -> bool {
        now.since(self.began) > self.record.lifetime.absolute()
    }

    pub(crate) fn is_idle(&self, now: Moment, allowance: Duration) -> bool {
        now.since(self.seen()) > self.record.lifetime.idle().saturating_add(allowance)
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}
