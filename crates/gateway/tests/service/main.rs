//! The service as a client meets it: a server that listens, a real HTTP client, a real database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code may fail loudly")]

mod administration;
mod answers;
mod description;
mod limits;
mod logging_in;
mod organizations;
mod questions;
mod service;
mod sessions;
