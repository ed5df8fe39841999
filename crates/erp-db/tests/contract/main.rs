//! What erp-db promises, on real databases: every case that concerns a database runs on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod connecting;
mod demonstration;
mod importing;
mod passwords;
mod questions;
mod schema;
mod support;
mod trees;
