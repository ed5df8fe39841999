//! The calls of every structure, and the database that they read.

use core::fmt;
use core::hash::BuildHasherDefault;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ahash::AHasher;
use org_structure::OrgFlags;

use crate::trees::Row;

/// A shared text, allocated once, like a string in the JVM.
pub type Text = Arc<str>;

/// A hash map by id. All structures use the same fast hasher as orgcache.
pub type TextMap<V> = HashMap<Text, V, BuildHasherDefault<AHasher>>;

/// A set of ids.
pub type TextSet = HashSet<Text, BuildHasherDefault<AHasher>>;

/// The source of rows. Some structures query it at every call.
#[derive(Debug)]
pub struct Database {
    rows: Vec<Row>,
    flags: TextMap<OrgFlags>,
}

impl Database {
    /// A database with one client's organizations.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        let flags = rows.iter().map(|row| (Text::from(row.id.as_str()), row.flags)).collect();
        Database { rows, flags }
    }

    /// All organizations, unordered.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// One organization's flags. (A hash map replaces the query, so that no structure pays for a database.)
    #[must_use]
    pub fn flags(&self, org: &str) -> Option<OrgFlags> {
        self.flags.get(org).copied()
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The structure has no such call.
    NoSuchCall,
    /// It was stopped after this many ids were compared, copied or stored.
    DidNotFinish {
        /// The limit.
        ids: usize,
    },
    /// The tree is too deep for its index.
    TooDeep,
    /// A database failed, which ends the run.
    DatabaseFailed,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::NoSuchCall => f.write_str("no such call"),
            NoAnswer::TooDeep => f.write_str("too deep for its index"),
            NoAnswer::DatabaseFailed => f.write_str("the database failed"),
            NoAnswer::DidNotFinish { ids } => write!(f, "did not finish within {ids} ids"),
        }
    }
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, NoAnswer>;

/// The limit after which a structure counts as unfinished, in ids compared, copied or stored.
#[derive(Debug)]
pub struct Effort {
    limit: usize,
    left: usize,
}

impl Effort {
    /// For one call: about a second.
    #[must_use]
    pub fn of_a_call() -> Self {
        Self::within(25_000_000)
    }

    /// For sets that are stored: about half a gigabyte.
    #[must_use]
    pub fn of_storing() -> Self {
        Self::within(10_000_000)
    }

    /// For comparisons and bit operations while loading: some seconds.
    #[must_use]
    pub fn of_loading() -> Self {
        Self::within(1_000_000_000)
    }

    /// For a number of ids.
    #[must_use]
    pub const fn within(limit: usize) -> Self {
        Effort { limit, left: limit }
    }

    /// Counts ids.
    ///
    /// # Errors
    /// [`NoAnswer::DidNotFinish`] above the limit.
    pub fn spend(&mut self, ids: usize) -> Answer<()> {
        self.left = self.left.checked_sub(ids).ok_or(NoAnswer::DidNotFinish { ids: self.limit })?;
        Ok(())
    }
}

/// A structure that answers questions about one client's organization tree.
pub trait Structure: Sized {
    /// The name in tables and records.
    const NAME: &'static str;
    /// The type of a set of organizations.
    type Set<'a>
    where
        Self: 'a;
    /// The type of the ancestors, nearest first.
    type Path<'a>: IntoIterator<Item = Self::Org>
    where
        Self: 'a;
    /// The type of a single organization.
    type Org;

    /// Loads the tree, for the first session.
    ///
    /// # Errors
    /// [`NoAnswer`], as for all calls, if the structure lacks the call or does not finish.
    fn load(database: &Arc<Database>) -> Answer<Self>;

    /// Loads the tree again, for timing.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn build(database: &Arc<Database>) -> Answer<Self> {
        Self::load(database)
    }

    /// The structure of a further session, given that of an earlier one.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn another(&self, database: &Arc<Database>) -> Answer<Self> {
        let _ = self;
        Self::load(database)
    }

    /// Fills all caches of the structure, as if every organization had been asked about.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn grow(&self) -> Answer<()> {
        Ok(())
    }

    /// Is one organization in the natural tree of the other?
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn is_in_natural_tree(&self, one: &str, other: &str) -> Answer<bool>;

    /// As [`is_in_natural_tree`](Self::is_in_natural_tree), by the structure's own numbers.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn is_in_natural_tree_by_index(&self, one: u32, other: u32) -> Answer<bool> {
        let _ = (one, other);
        Err(NoAnswer::NoSuchCall)
    }

    /// An organization, its ancestors and its descendants.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn natural_tree(&self, org: &str) -> Answer<Self::Set<'_>>;

    /// As [`natural_tree`](Self::natural_tree), by the structure's own number.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn natural_tree_by_index(&self, org: u32) -> Answer<Self::Set<'_>> {
        let _ = org;
        Err(NoAnswer::NoSuchCall)
    }

    /// All organizations below one, without itself.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn descendants(&self, org: &str) -> Answer<Self::Set<'_>>;

    /// The organizations above one, nearest first, without itself.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn ancestors(&self, org: &str) -> Answer<Self::Path<'_>>;

    /// The nearest legal entity from an organization upwards, itself included.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn legal_entity(&self, org: &str) -> Answer<Option<Self::Org>>;

    /// As [`legal_entity`](Self::legal_entity), by the structure's own number.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn legal_entity_by_index(&self, org: u32) -> Answer<Option<Self::Org>> {
        let _ = org;
        Err(NoAnswer::NoSuchCall)
    }

    /// The organizations of a quoted, comma-separated list that are ready and allow transactions.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn transaction_allowed(&self, orgs: &str) -> Answer<String>;

    /// The canonical bytes.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn encode(&self) -> Answer<Vec<u8>> {
        Err(NoAnswer::NoSuchCall)
    }

    /// The structure decoded from its canonical bytes.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn decode(bytes: &[u8]) -> Answer<Self> {
        let _ = bytes;
        Err(NoAnswer::NoSuchCall)
    }

    /// The ids of a set, for comparison.
    fn texts(&self, set: &Self::Set<'_>) -> BTreeSet<String>;

    /// The id of an organization, for comparison.
    fn text(&self, org: &Self::Org) -> String;
}

/// The number of pairs of an organization and one of its ancestors, itself included.
#[cfg(any(feature = "cedar", feature = "databases"))]
pub(crate) fn ancestor_pairs(database: &Database) -> usize {
    let Ok(tree) = crate::trees::build(database.rows()) else { return 0 };
    let above = tree.indices().filter_map(|org| tree.depth(org));
    above.map(|depth| usize::try_from(depth).map_or(usize::MAX, |depth| depth + 1)).sum()
}

/// The organizations of a quoted, comma-separated list whose flags say that they are ready and allow
/// transactions.
pub(crate) fn transaction_allowed(orgs: &str, flags: impl Fn(&str) -> Option<OrgFlags>) -> String {
    let mut allowed = String::new();
    for element in orgs.split(',') {
        let quoted = element.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let org = quoted.unwrap_or(element);
        let needed = OrgFlags::READY | OrgFlags::TRANSACTIONS_ALLOWED;
        if flags(org).is_some_and(|flags| flags.contains(needed)) {
            allowed.push_str(if allowed.is_empty() { "'" } else { ",'" });
            allowed.push_str(org);
            allowed.push('\'');
        }
    }
    allowed
}
