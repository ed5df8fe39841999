//! Tests that span several crates, and the examples of pages that belong to no crate.

/// The examples of README.md compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// The examples of the page on OrgTree compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/orgtree-retirement.md")]
mod orgtree_retirement {}

/// The example of the README of `org-structure` compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../crates/org-structure/README.md")]
mod org_structure_readme {}
