//! `Findings`: oddities of a client's tree that did not keep it from loading, and the table of them by tree.

use core::fmt::Display;
use std::sync::Arc;

use hashbrown::HashMap;
use org_structure::Fingerprint;

use crate::ClientId;
use platform::sync::Mutex;

/// Oddities that the source found in a client's tree. All are counted; the first ones are kept as text.
///
/// # Examples
/// ```
/// use session::Findings;
///
/// let findings = Findings::new((0..1_000).map(|number| format!("`{number}` has no parent")));
/// assert_eq!((findings.total(), findings.first().count()), (1_000, Findings::KEPT));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    total: usize,
    first: Box<[Box<str>]>,
}

impl Findings {
    /// The most findings that are kept as text.
    pub const KEPT: usize = 20;

    /// Counts findings and keeps the first.
    pub fn new<T: Display>(findings: impl IntoIterator<Item = T>) -> Self {
        let mut findings = findings.into_iter();
        let first: Box<[Box<str>]> =
            findings.by_ref().take(Self::KEPT).map(|finding| finding.to_string().into()).collect();
        Findings { total: first.len() + findings.count(), first }
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The first of them, at most [`KEPT`](Self::KEPT).
    pub fn first(&self) -> impl Iterator<Item = &str> {
        self.first.iter().map(|finding| &**finding)
    }

    fn footprint(&self) -> usize {
        crate::pinned::shared_bytes::<Self>()
            + size_of_val::<[Box<str>]>(&self.first)
            + self.first.iter().map(|finding| finding.len()).sum::<usize>()
    }
}

/// Findings by client and tree: of all trees that this node has loaded and still holds, and of each client's
/// latest one. Keyed by client too, because clients with equal trees may have different rows.
///
/// Lock order: the lock of this table, then that of the table of trees, which `is_held` takes.
#[derive(Debug, Default)]
pub(crate) struct FindingsTable(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_tree: HashMap<(ClientId, Fingerprint), Arc<Findings>, ahash::RandomState>,
    latest: HashMap<ClientId, Fingerprint, ahash::RandomState>,
}

impl FindingsTable {
    /// Records the findings about a client's tree; true if they are new.
    pub(crate) fn record(&self, client: ClientId, tree: Fingerprint, findings: Findings) -> bool {
        let mut inner = self.0.lock();
        inner.latest.insert(client, tree);
        let place = inner.by_tree.entry((client, tree)).or_default();
        let is_news = **place != findings;
        if is_news {
            *place = Arc::new(findings);
        }
        is_news
    }

    /// The findings about a client's tree; `None` if this node has not loaded it from the source.
    pub(crate) fn get(&self, client: ClientId, tree: Fingerprint) -> Option<Arc<Findings>> {
        self.0.lock().by_tree.get(&(client, tree)).map(Arc::clone)
    }

    /// How many findings there are about the trees that are held.
    pub(crate) fn total(&self, is_held: impl Fn(&Fingerprint) -> bool) -> usize {
        let inner = self.0.lock();
        let held = inner.by_tree.iter().filter(|((_, tree), _)| is_held(tree));
        held.map(|(_, findings)| findings.total()).sum()
    }

    /// Drops the findings of trees that no session holds. Keeps those of a client's latest tree, so that a
    /// reload does not report them as new.
    pub(crate) fn prune(&self, is_held: impl Fn(&Fingerprint) -> bool) {
        let mut inner = self.0.lock();
        let Inner { by_tree, latest } = &mut *inner;
        by_tree.retain(|(client, tree), findings| {
            is_held(tree) || !findings.is_empty() && latest.get(client) == Some(tree)
        });
        latest.retain(|client, tree| by_tree.contains_key(&(*client, *tree)));
        by_tree.shrink_to_fit();
        latest.shrink_to_fit();
    }

    pub(crate) fn footprint(&self) -> usize {
        let inner = self.0.lock();
        inner.by_tree.allocation_size()
            + inner.latest.allocation_size()
            + inner.by_tree.values().map(|findings| findings.footprint()).sum::<usize>()
    }
}
