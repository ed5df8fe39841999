//! Reopener: reads the tree and the access of a stored session, and verifies both.

use std::sync::Arc;

use hashbrown::HashMap;
use org_structure::{Fingerprint, OrgStructure};

use crate::error::UnreadableCause;
use crate::pinned::{PinnedAccess, SharedParts};
use crate::{
    AccessDecodeError, AccessHash, PortError, RoleAccess, SessionError, SessionId, SessionRecord,
    SessionStore,
};
use platform::flight::SharedLoad;
use platform::sync::Mutex;

/// Reads the pinned contents of sessions from the store. Concurrent lookups share one read.
pub(super) struct Reopener {
    store: Arc<dyn SessionStore>,
    parts: Arc<SharedParts>,
    flights: Mutex<HashMap<Names, SharedLoad<Outcome>, ahash::RandomState>>,
}

type Names = (Fingerprint, AccessHash);
type Outcome = Result<Arc<PinnedAccess>, ReopenFailure>;

/// Why contents could not be read. All lookups that wait for them get it.
#[derive(Clone, Debug)]
pub(super) enum ReopenFailure {
    Damaged(&'static str),
    Outdated,
    Unreadable(UnreadableCause),
    Unavailable(PortError),
}

impl ReopenFailure {
    pub(super) fn for_session(self, id: SessionId) -> SessionError {
        match self {
            ReopenFailure::Damaged(what) => SessionError::Damaged { id, what },
            ReopenFailure::Outdated => SessionError::Outdated { id },
            ReopenFailure::Unreadable(cause) => SessionError::Unreadable { id, cause },
            ReopenFailure::Unavailable(error) => SessionError::Unavailable(error),
        }
    }
}

impl Reopener {
    pub(super) fn new(store: Arc<dyn SessionStore>, parts: Arc<SharedParts>) -> Self {
        Reopener { store, parts, flights: Mutex::new(HashMap::default()) }
    }

    /// The contents that a session is pinned to: shared with sessions in memory, or read from the store and
    /// verified.
    pub(super) async fn find(&self, record: &SessionRecord) -> Outcome {
        let names = (record.tree, record.access);
        if let Some(pinned) = self.parts.accesses.get(&record.access) {
            // The hash of the access covers the name of its tree.
            let is_same_tree = pinned.tree.fingerprint == record.tree;
            return if is_same_tree { Ok(pinned) } else { Err(ReopenFailure::Damaged("tree")) };
        }
        let waiting = {
            let mut flights = self.flights.lock();
            if let Some(waiting) = flights.get(&names).and_then(SharedLoad::join) {
                waiting
            } else {
                let store = Arc::clone(&self.store);
                let (flight, waiting) = SharedLoad::begin(read(store, Arc::clone(&self.parts), names));
                flights.insert(names, flight);
                waiting
            }
        };
        let outcome = waiting.await;
        let mut flights = self.flights.lock();
        flights.retain(|_, flight| flight.join().is_some());
        if flights.is_empty() {
            *flights = HashMap::default();
        }
        outcome
    }
}

async fn read(store: Arc<dyn SessionStore>, parts: Arc<SharedParts>, (fingerprint, hash): Names) -> Outcome {
    let held = parts.trees.get(&fingerprint);
    let wanted_tree = held.is_none().then_some(&fingerprint);
    let contents = store.contents(wanted_tree, Some(&hash)).await.map_err(ReopenFailure::Unavailable)?;
    let missing = |what| ReopenFailure::Unreadable(UnreadableCause::Missing { what });

    let access_bytes = contents.access.ok_or_else(|| missing("access"))?;
    if AccessHash::from_canonical(&access_bytes) != hash {
        return Err(ReopenFailure::Damaged("access"));
    }
    let tree = if let Some(tree) = held {
        tree
    } else {
        let bytes = contents.tree.ok_or_else(|| missing("tree"))?;
        let decoded = OrgStructure::decode(&bytes);
        // Older versions named their trees by another hash.
        if matches!(&decoded, Err(error) if error.is_older()) {
            return Err(ReopenFailure::Outdated);
        }
        if Fingerprint::from_canonical(&bytes) != fingerprint {
            return Err(ReopenFailure::Damaged("tree"));
        }
        let structure = decoded.map_err(|error| ReopenFailure::Unreadable(UnreadableCause::Tree(error)))?;
        let (tree, _) = parts.pin_tree(fingerprint, || structure);
        tree
    };
    let access =
        RoleAccess::decode(&access_bytes, &tree.structure, fingerprint).map_err(|error| match error {
            AccessDecodeError::AnotherTree { .. } => ReopenFailure::Damaged("tree"),
            error => ReopenFailure::Unreadable(UnreadableCause::Access(error)),
        })?;
    Ok(parts.pin_access(hash, tree, || access))
}
