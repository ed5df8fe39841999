//! Openbravo's four structures, re-implemented from their description.
//!
//! | name | what it was |
//! | --- | --- |
//! | [`OrgTree`], [`MemoizedOrgTree`] | the retired cache (until November 2017): a list of nodes, and
//! memoized texts |
//! | [`Pre`] | natural tree, parent and children precomputed for every organization (until November 2017) |
//! | [`Post`] | one map of nodes per session, everything computed on demand (February 2018) |
//! | [`Head`] | that map, shared by the sessions of five minutes (since April 2022) |
//!
//! Texts are allocated once and shared by reference, as in the JVM; every session has its own texts, as a
//! database driver delivers them. The originals recursed over depth; these loop. `Pre` re-walked subtrees
//! when asked for descendants (exponential in the depth); this one walks once. Both favour the originals.

mod org_tree;
mod post;
mod pre;

pub use org_tree::{MemoizedOrgTree, OrgTree};
pub use post::{Head, Post};
pub use pre::Pre;
