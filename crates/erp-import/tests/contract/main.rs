//! Imports into real databases: what they accept, what they refuse, and that a refusal changes nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod demonstration;
mod folders;
mod references;
mod rows;
mod samples;
#[path = "../../../erp-db/tests/contract/support.rs"]
#[expect(dead_code, reason = "the tests of erp-db use the rest")]
mod support;
mod tables;
mod values;
