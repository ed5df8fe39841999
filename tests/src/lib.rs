//! Tests that cross crates, and the examples of the pages that belong to no crate.

/// The examples of README.md compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
