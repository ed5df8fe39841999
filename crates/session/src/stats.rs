//! `Stats`: the counters of a manager.

use platform::sync::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What a manager counted since it was made, and what it holds now.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            /// Sessions held in memory now.
            pub sessions: usize,
            /// Distinct trees held now.
            pub trees: usize,
            /// Distinct accesses held now.
            pub accesses: usize,
            /// Findings about the trees held now, of those that this node loaded from the source.
            pub tree_findings: usize,
            /// Revocations on this node that are not in the store yet.
            pub pending_revocations: usize,
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    ..Stats::default()
                }
            }
        }
    };
}

counters! {
    /// Logins that succeeded, including refreshes and switches.
    logins,
    /// Logins that were refused or failed.
    refused,
    /// Trees loaded from the source.
    loads,
    /// Loads that failed.
    failed_loads,
    /// Trees loaded that had findings, each once.
    trees_with_findings,
    /// Logins that joined another one's load.
    joined_loads,
    /// Logins that shared a live tree because its revision was still the one in the source.
    trees_by_revision,
    /// Loads that returned a tree which this node already had.
    trees_by_fingerprint,
    /// Tokens answered from memory.
    hits,
    /// Tokens for which the store was asked.
    store_reads,
    /// Sessions opened again from the store.
    reopened,
    /// Well-formed tokens without a session.
    unknown_tokens,
    /// Tokens answered although the store could not be asked.
    failed_open,
    /// Sessions ended because their stored bytes do not match their hashes.
    damaged,
    /// Sessions ended because their tree is stored in an older format, which is no longer read.
    outdated,
    /// Sessions ended by a call on this node.
    ended,
    /// Sessions that were revalidated in the store.
    revalidated,
    /// Sessions found gone from the store.
    ended_elsewhere,
    /// Expired sessions that were dropped from memory.
    expired,
    /// Expired sessions that this node swept from the store.
    swept,
    /// Calls to the store that failed.
    store_failures,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
