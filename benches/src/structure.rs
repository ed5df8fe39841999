//! The calls that every structure answers, and what they are answered from.

use core::fmt;
use core::hash::BuildHasherDefault;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ahash::AHasher;
use org_structure::OrgFlags;

use crate::trees::Row;

/// A text that is allocated once and then referred to, as a string is in the JVM.
pub type Text = Arc<str>;

/// A hash map by id. All structures hash alike, and as fast as orgcache does.
pub type TextMap<V> = HashMap<Text, V, BuildHasherDefault<AHasher>>;

/// A set of ids.
pub type TextSet = HashSet<Text, BuildHasherDefault<AHasher>>;

/// Where rows come from. Some structures ask it again at every call.
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

    /// All organizations, in no order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// One organization's flags. (A hash map stands in for the query, so that no structure pays for a
    /// database.)
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
    /// It was stopped after so many ids had been compared, copied or stored.
    DidNotFinish {
        /// The limit.
        ids: usize,
    },
    /// The tree is deeper than its index can hold.
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

/// How much a structure may do before it is said not to finish, in ids compared, copied or stored.
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

    /// For so many ids.
    #[must_use]
    pub const fn within(limit: usize) -> Self {
        Effort { limit, left: limit }
    }

    /// Counts ids.
    ///
    /// # Errors
    /// [`NoAnswer::DidNotFinish`] once there were more than allowed.
    pub fn spend(&mut self, ids: usize) -> Answer<()> {
        self.left = self.left.checked_sub(ids).ok_or(NoAnswer::DidNotFinish { ids: self.limit })?;
        Ok(())
    }
}

/// Something that knows one client's organization tree.
pub trait Structure: Sized {
    /// The name in tables and records.
    const NAME: &'static str;
    /// What an answer of several organizations comes back as.
    type Set<'a>
    where
        Self: 'a;
    /// What the organizations above one come back as, nearest first.
    type Path<'a>: IntoIterator<Item = Self::Org>
    where
        Self: 'a;
    /// What an answer of one organization comes back as.
    type Org;

    /// Reads the tree, as the first session does.
    ///
    /// # Errors
    /// [`NoAnswer`], as all calls, where the structure has no such call or does not finish.
    fn load(database: &Arc<Database>) -> Answer<Self>;

    /// Reading the tree once more, as it is timed.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn build(database: &Arc<Database>) -> Answer<Self> {
        Self::load(database)
    }

    /// What a further session holds, given what another one holds.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn another(&self, database: &Arc<Database>) -> Answer<Self> {
        let _ = self;
        Self::load(database)
    }

    /// Lets the structure remember what it remembers after it was asked about every organization.
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

    /// The same by what the structure numbers organizations with.
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

    /// The same of an organization by its number.
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

    /// The same of an organization by its number.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn legal_entity_by_index(&self, org: u32) -> Answer<Option<Self::Org>> {
        let _ = org;
        Err(NoAnswer::NoSuchCall)
    }

    /// Of a quoted, comma-separated list those that are ready and allow transactions.
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

    /// The same structure from its canonical bytes.
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

/// How many pairs of an organization and one of its ancestors there are, itself included.
#[cfg(any(feature = "cedar", feature = "databases"))]
pub(crate) fn ancestor_pairs(database: &Database) -> usize {
    let Ok(tree) = crate::trees::build(database.rows()) else { return 0 };
    let above = tree.indices().filter_map(|org| tree.depth(org));
    above.map(|depth| usize::try_from(depth).map_or(usize::MAX, |depth| depth + 1)).sum()
}

/// Of a quoted, comma-separated list those whose flags say that they are ready and allow transactions.
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
