//! Openbravo's four structures, re-implemented from their description.
//!
//! | name | what it was |
//! | --- | --- |
//! | [`OrgTree`], [`MemoizedOrgTree`] | the retired cache (until November 2017): a list of nodes, and the texts it remembered |
//! | [`Pre`] | natural tree, parent and children precomputed for every organization (until November 2017) |
//! | [`Post`] | one map of nodes a session, everything computed when asked (February 2018) |
//! | [`Head`] | that map, shared by the sessions of five minutes (since April 2022) |
//!
//! Texts are allocated once and shared by reference, as in the JVM; every session has texts of its own, as a
//! database driver delivers them. Where the originals recursed over depth these loop, and where `Pre`
//! re-walked subtrees when asked for descendants (which grew exponentially with depth) this one walks once:
//! both flatter them.

mod org_tree;
mod post;
mod pre;

pub use org_tree::{MemoizedOrgTree, OrgTree};
pub use post::{Head, Post};
pub use pre::Pre;
