//! The contract of erp-db on real databases: every case that concerns a database runs on SQLite and on
//! PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod assertions;
#[cfg(unix)]
mod cancelled;
mod connecting;
mod login_cost;
mod logins;
mod other_erps;
mod packed;
mod passwords;
#[cfg(unix)]
mod postgres_store;
mod questions;
#[cfg(unix)]
mod restored;
mod revisions;
mod schema;
#[cfg(unix)]
mod server;
mod sessions;
mod settings;
mod sqlite_store;
mod stores;
mod support;
mod trees;
mod types;
mod wire;
