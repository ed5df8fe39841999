//! The service as a client meets it: a server that listens, a real HTTP client, a real database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod administration;
mod allocations;
mod answers;
mod assertions;
mod calling;
mod databases;
mod described;
mod description;
mod erp_passwords;
mod examples;
mod front_end;
mod limits;
mod logging_in;
mod organizations;
mod packaged;
mod proxies;
mod questions;
mod resets;

mod schemathesis;
mod service;
mod sessions;
