//! Tests that cross crates, and the examples of the pages that belong to no crate.

/// The examples of README.md compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// Those of the page on OrgTree, too.
#[cfg(doctest)]
#[doc = include_str!("../../docs/orgtree-retirement.md")]
mod orgtree_retirement {}

/// And that of the README of `org-structure`.
#[cfg(doctest)]
#[doc = include_str!("../../crates/org-structure/README.md")]
mod org_structure_readme {}
