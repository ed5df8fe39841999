//! What an import promises, on real databases: what it accepts, what it refuses, and that a refusal leaves
//! nothing behind.

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
