//! What logins take: bytes that sessions hold, loads after a change, time.
//!
//! [`Erp`] is where the managers here read from; [`held`] counts bytes, [`storm`] loads, [`calls`] takes
//! times in memory. With the feature `databases`, `logins` does so on SQLite and PostgreSQL, where `tables`
//! are an ERP's own.

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

/// How many organizations the trees have that sessions are on.
pub const ORGANIZATIONS: usize = 600;

/// The shape of these trees.
pub const SHAPE: crate::trees::Shape = crate::trees::Shape::Flat;

/// Whose figures there are: orgcache's with roles that may do little, with such as may do everything, and on
/// many trees; what they are compared with; and the databases that trees are loaded from.
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
