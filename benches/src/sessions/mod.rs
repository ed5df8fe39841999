//! Measures logins: bytes of sessions, loads after a change, time.
//!
//! The managers read from [`Erp`]; [`held`] counts bytes, [`storm`] counts loads, [`calls`] measures times in
//! memory. With the feature `databases`, `logins` measures on SQLite and PostgreSQL, and `tables` generates
//! an ERP's own tables.

pub mod calls;
mod erp;
pub mod held;
#[cfg(feature = "databases")]
pub mod logins;
pub mod storm;
#[cfg(feature = "databases")]
mod tables;

use crate::record::Record;
use crate::structure::Answer;

pub use erp::{Access, Erp};

/// The number of organizations in the trees.
pub const ORGANIZATIONS: usize = 600;

/// The shape of the trees.
pub const SHAPE: crate::trees::Shape = crate::trees::Shape::Flat;

/// The structures: orgcache with little access, with full access, and on many trees; its contenders; and the
/// databases from which trees are loaded.
pub const STRUCTURES: [&str; 11] = [
    "orgcache",
    "orgcache-role-with-all",
    "orgcache-1000-trees",
    "openbravo-pre",
    "openbravo-post",
    "openbravo-head",
    "orgtree",
    "bare-statements",
    "a-tree-for-each-login",
    "sqlite",
    "postgres",
];

/// One figure about sessions.
fn record(
    structure: &'static str,
    metric: &'static str,
    sessions: usize,
    value: Answer<f64>,
    unit: &'static str,
) -> Record {
    let value = value.into();
    Record { structure, metric, organizations: ORGANIZATIONS, shape: SHAPE.name(), sessions, value, unit }
}
